"""All staff page modules, one for each task."""

from api.pages.staff import (
    audit,
    board,
    board_sheets,
    call,
    call_backs,
    decisions,
    entrance,
    inbox,
    league,
    league_sheets,
    merge,
    place_pages,
    register,
    spot_pages,
    ticket,
    tickets,
    triage,
)
from api.pages.staff.admin import calendar, packs, people, running, tokens

STAFF_PAGES = (
    entrance,
    # --- all roles
    tickets,
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
    league,
    league_sheets,
    spot_pages,
    place_pages,
    # --- audit
    audit,
    # --- administration
    people,
    tokens,
    packs,
    calendar,
    running,
)
"""The order matters where two routes match one address: `tickets` before `ticket`."""
