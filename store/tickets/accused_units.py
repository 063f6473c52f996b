"""The tickets hidden from an officer: those that accuse their own unit, or one above it."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, and_, literal, not_, or_, true

from store.db import tables

Hidden = Mapping[str, Collection[str]]
"""By city, the accused units whose tickets are left out."""


def shown(hidden: Hidden) -> ColumnElement[bool]:
    """Return the condition that leaves them out; `ticket` has to be among the tables queried."""
    ticket = tables.ticket.c
    about_them = [
        and_(ticket.city == city, or_(*(_named(unit) for unit in sorted(units))))
        for city, units in hidden.items()
        if units
    ]
    # A comparison with NULL is neither true nor false, and most tickets accuse nobody.
    return or_(ticket.accused.is_(None), not_(or_(*about_them))) if about_them else true()


def _named(unit: str) -> ColumnElement[bool]:
    """Return the condition of tickets kept from `unit`: the column has the codes, with spaces."""
    spaced = literal(" ") + tables.ticket.c.accused + literal(" ")
    return spaced.contains(f" {unit} ", autoescape=True)
