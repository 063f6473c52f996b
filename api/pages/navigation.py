"""Where staff can go: one table for every role's navigation.

A page that a role works in is one row; `staff/base.html` draws those of whoever is signed in.
"""

from typing import NamedTuple

from api.translation import N_
from domain.actors import Role
from domain.policy.permissions import STAFF


class Entry(NamedTuple):
    """`label` is a message marked with `N_`; `roles` see it, in the order of the table."""

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
"""The first row of a role is where it begins."""


def entries(role: Role) -> list[Entry]:
    """What somebody in this role may open."""
    return [entry for entry in NAVIGATION if role in entry.roles]
