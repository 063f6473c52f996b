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


NAVIGATION: tuple[Entry, ...] = (
    Entry(
        N_("Audit"),
        "/staff/audit",
        frozenset({Role.AUDITOR, Role.ADMIN}),
    ),
    Entry(
        N_("Rules of the city"),
        "/staff/admin/packs",
        frozenset({Role.AUDITOR}),
    ),
    Entry(
        N_("Administration"),
        "/staff/admin",
        frozenset({Role.ADMIN}),
    ),
)
"""Entry(N_("Inbox"), "/units", frozenset({Role.OFFICER})), for instance."""


def entries(role: Role) -> list[Entry]:
    """What somebody in this role may open."""
    return [entry for entry in NAVIGATION if role in entry.roles]
