"""All staff page modules, one for each task."""

from api.pages.account import entrance
from api.pages.admin import calendar, operations, packs, people, tokens
from api.pages.audit import audit
from api.pages.desk import call, call_backs, decisions, merge, register, triage
from api.pages.supervision import board, board_sheets, hot_spots, places, ranking, ranking_sheets
from api.pages.ticket import search, ticket
from api.pages.unit import inbox

STAFF_PAGES = (
    entrance,
    # --- all roles
    search,
    ticket,
    # --- units
    inbox,
    # --- desk and dispatch
    call,
    triage,
    decisions,
    call_backs,
    register,
    merge,
    # --- supervision
    board,
    board_sheets,
    ranking,
    ranking_sheets,
    hot_spots,
    places,
    # --- audit
    audit,
    # --- administration
    people,
    tokens,
    packs,
    calendar,
    operations,
)
"""The order matters where two routes match one address: `tickets` before `ticket`."""
