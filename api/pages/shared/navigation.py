"""The staff navigation: one table for all roles.

Each page of a role is one row; `staff/base.html` renders the rows of the signed-in user's role.
"""

from typing import NamedTuple

from api.http.i18n import N_
from domain.actors import Role
from domain.policy.permissions import STAFF
from domain.policy.work_queues import Queue


class Entry(NamedTuple):
    """A navigation link. `label` is a message marked with `N_`; `roles` see the link."""

    label: str
    url: str
    roles: frozenset[Role]


_OVERSEERS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN})
_OTHERS = STAFF - {Role.OFFICER}
_DESK, _DISPATCHER, _SUPERVISOR = Role.DESK, Role.DISPATCHER, Role.SUPERVISOR

NAVIGATION: tuple[Entry, ...] = (
    Entry(N_("Inbox"), "/staff/inbox", frozenset({Role.OFFICER})),
    Entry(N_("Audit"), "/staff/audit", frozenset({Role.AUDITOR})),
    Entry(N_("Administration"), "/staff/admin", frozenset({Role.ADMIN})),
    Entry(N_("Board"), "/staff/board", frozenset({_SUPERVISOR})),
    Entry(N_("Call"), "/staff/call", frozenset({_DESK})),
    Entry(N_("Triage"), "/staff/triage", frozenset({_DESK, _DISPATCHER})),
    Entry(N_("Decisions"), "/staff/decisions", frozenset({_DISPATCHER, _SUPERVISOR})),
    Entry(N_("Call-backs"), "/staff/call-backs", frozenset({_DESK})),
    Entry(N_("Call"), "/staff/call", frozenset({_DISPATCHER})),
    Entry(N_("Batch"), "/staff/register", frozenset({_DESK, _DISPATCHER})),
    Entry(N_("Merge"), "/staff/merge", frozenset({_DESK, _DISPATCHER, _SUPERVISOR})),
    Entry(N_("Tickets"), "/staff/tickets", STAFF),
    Entry(N_("Board"), "/staff/board", _OVERSEERS - {_SUPERVISOR}),
    Entry(N_("League table"), "/staff/league", _OVERSEERS | {Role.OFFICER}),
    Entry(N_("Hot spots"), "/staff/spots", _OVERSEERS),
    Entry(N_("Places"), "/staff/places", _OVERSEERS),
    Entry(N_("Units' inboxes"), "/staff/inbox", _OTHERS),
    Entry(N_("Audit"), "/staff/audit", frozenset({Role.ADMIN})),
    Entry(N_("Rules of the city"), "/staff/admin/packs", frozenset({Role.AUDITOR})),
)
"""A role's first entry is its start page."""


def entries(role: Role) -> list[Entry]:
    """Return the links that this role may open."""
    return [entry for entry in NAVIGATION if role in entry.roles]


TICKETS = "/staff/tickets"


TRIAGE, DECISIONS, CALL_BACKS = "/staff/triage", "/staff/decisions", "/staff/call-backs"

PAGES = {
    Queue.TRIAGE: TRIAGE,
    Queue.DISPATCH: TRIAGE,
    Queue.DECISION: DECISIONS,
    Queue.ARBITRATE: DECISIONS,
    Queue.CALL_BACK: CALL_BACKS,
}
"""The page for each queue; with `?queue=` only that queue is shown. `Queue.SUPERVISE` is worked on
at each ticket's own page."""
