"""Open tickets with due times that depend on a year whose calendar is not published."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from store.db import tables
from store.db.engine import Store

_TICKET = tables.ticket.c
_CHUNK = 500


async def planned_with(store: Store, city: str) -> list[frozenset[str]]:
    """Return the calendar versions that provisional clocks of the city were planned with.

    One set for each combination on one ticket; most have a single version.

    Raises:
        StoreUnavailable
    """
    return [_versions(versions) for versions in await _combinations(store, city)]


async def tickets(
    store: Store, city: str, versions: frozenset[str]
) -> AsyncIterator[tuple[str, int]]:
    """Yield number and version of the tickets whose provisional clocks were planned with these.

    Raises:
        StoreUnavailable
    """
    for value in await _combinations(store, city):
        if _versions(value) != versions:
            continue
        after = ""
        statement = (
            select(_TICKET.number, _TICKET.version)
            .where(_TICKET.city == city, _TICKET.provisional == value)
            .order_by(_TICKET.number)
            .limit(_CHUNK)
        )
        while rows := await store.rows(statement.where(_TICKET.number > after)):
            for row in rows:
                yield row.number, row.version
            after = rows[-1].number


async def _combinations(store: Store, city: str) -> list[str]:
    statement = (
        select(_TICKET.provisional)
        .where(_TICKET.city == city, _TICKET.provisional.is_not(None))
        .distinct()
    )
    return sorted(row.provisional for row in await store.rows(statement))


def _versions(value: str) -> frozenset[str]:
    return frozenset(value.split())
