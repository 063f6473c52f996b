"""The tickets hidden from an officer: those that accuse their own unit, or one above it."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ColumnElement, and_, literal, not_, or_, select, true

from store.db import tables
from store.db.engine import Store

_AT_ONCE = 500
"""The numbers in one statement."""

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


async def hidden_of(store: Store, numbers: Iterable[str], hidden: Hidden) -> set[str]:
    """Return those of the numbers whose ticket is hidden now, whatever it was at an earlier time.

    Somebody may have said later that it accuses the unit.
    """
    asked, found = sorted(set(numbers)), set[str]()
    if not any(hidden.values()):
        return found
    for begin in range(0, len(asked), _AT_ONCE):
        some = tables.ticket.c.number.in_(asked[begin : begin + _AT_ONCE])
        rows = await store.rows(select(tables.ticket.c.number).where(some, not_(shown(hidden))))
        found |= {row.number for row in rows}
    return found


def _named(unit: str) -> ColumnElement[bool]:
    """Return the condition of tickets kept from `unit`: the column has the codes, with spaces."""
    spaced = literal(" ") + tables.ticket.c.accused + literal(" ")
    return spaced.contains(f" {unit} ", autoescape=True)
