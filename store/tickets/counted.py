"""Open tickets by the calendars that their due times were counted with."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store

_TICKET = tables.ticket.c
_CHUNK = 100


@dataclass(frozen=True)
class CountedTickets:
    """Tickets of a city whose clocks were counted with the same calendars.

    `since` and `until`: between which moments any of their working time lies.
    """

    city: str
    versions: frozenset[str]
    since: datetime
    until: datetime


async def by_calendar(store: Store, city: str) -> list[CountedTickets]:
    """Return the city's open tickets by the versions of the calendars they were counted with.

    One entry for each combination on one ticket; most have a single version.

    Raises:
        StoreUnavailable
    """
    statement = (
        select(
            _TICKET.calendars,
            func.min(_TICKET.counted_since).label("since"),
            func.max(_TICKET.counted_until).label("until"),
        )
        .where(_TICKET.city == city, _TICKET.calendars.is_not(None))
        .group_by(_TICKET.calendars)
        .order_by(_TICKET.calendars)
    )
    return [
        CountedTickets(city, frozenset(row.calendars.split()), row.since, row.until)
        for row in await store.rows(statement)
    ]


async def states(
    store: Store, found: CountedTickets, since: datetime, until: datetime
) -> AsyncIterator[Ticket]:
    """Yield those of the tickets that count any working time between `since` and `until`.

    Raises:
        StoreUnavailable
    """
    statement = (
        select(_TICKET.number, _TICKET.state)
        .where(
            _TICKET.city == found.city,
            _TICKET.calendars == " ".join(sorted(found.versions)),
            _TICKET.counted_until >= since,
            _TICKET.counted_since < until,
        )
        .order_by(_TICKET.number)
        .limit(_CHUNK)
    )
    after = ""
    while rows := await store.rows(statement.where(_TICKET.number > after)):
        for row in rows:
            yield Ticket.model_validate_json(row.state)
        after = rows[-1].number
