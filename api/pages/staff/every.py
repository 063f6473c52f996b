"""All pages of staff: one module for each thing they do."""

from api.pages.staff import (
    audit,
    board,
    board_sheets,
    call,
    call_backs,
    decisions,
    entrance,
    inbox,
    merge,
    register,
    ticket,
    tickets,
    triage,
)
from api.pages.staff.admin import calendar, packs, people, running, tokens

STAFF_PAGES = (
    entrance,
    # --- what everybody has
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
    # --- audit
    audit,
    # --- administration
    people,
    tokens,
    packs,
    calendar,
    running,
)
"""Their order matters where one address could be another's: `tickets` before `ticket`."""
