"""Where staff can go: one table for every role's navigation.

A page that a role works in is one row; `staff/base.html` draws those of whoever is signed in.
"""

from typing import NamedTuple

from api.translation import N_
from domain.actors import Role
from domain.permissions import STAFF


class Entry(NamedTuple):
    """`label` is a message marked with `N_`; `roles` see it, in the order of the table."""

    label: str
    url: str
    roles: frozenset[Role]


NAVIGATION: tuple[Entry, ...] = (
    Entry(N_("Inbox"), "/staff/inbox", frozenset({Role.OFFICER})),
    Entry(
        N_("Units' inboxes"),
        "/staff/inbox",
        frozenset({Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN}),
    ),
    Entry(N_("Tickets"), "/staff/tickets", STAFF),
)
"""The first row of a role is where it begins."""


def entries(role: Role) -> list[Entry]:
    """What somebody in this role may open."""
    return [entry for entry in NAVIGATION if role in entry.roles]
