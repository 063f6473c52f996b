"""Where staff can go: one table for every role's navigation.

A page that a role works in is one row; `staff/base.html` draws those of whoever is signed in.
"""

from typing import NamedTuple

from api.translation import N_
from domain.actors import Role


class Entry(NamedTuple):
    """`label` is a message marked with `N_`; `roles` see it, in the order of the table."""

    label: str
    url: str
    roles: frozenset[Role]


_DESK, _DISPATCHER, _SUPERVISOR = Role.DESK, Role.DISPATCHER, Role.SUPERVISOR

NAVIGATION: tuple[Entry, ...] = (
    Entry(N_("Call"), "/staff/call", frozenset({_DESK, _DISPATCHER})),
    Entry(N_("Triage"), "/staff/triage", frozenset({_DISPATCHER, _DESK})),
    Entry(N_("Decisions"), "/staff/decisions", frozenset({_DISPATCHER, _SUPERVISOR})),
    Entry(N_("Call-backs"), "/staff/call-backs", frozenset({_DESK})),
    Entry(N_("Batch"), "/staff/register", frozenset({_DESK, _DISPATCHER})),
    Entry(N_("Merge"), "/staff/merge", frozenset({_DESK, _DISPATCHER, _SUPERVISOR})),
)
"""Entry(N_("Inbox"), "/units", frozenset({Role.OFFICER})), for instance."""


def entries(role: Role) -> list[Entry]:
    """What somebody in this role may open."""
    return [entry for entry in NAVIGATION if role in entry.roles]
