"""The public tickets that Open311 clients read, and what happened to them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, and_, case, false, func, or_, select

from domain.events import Event
from domain.ticket.complaint import Channel
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import ResultRow, Store
from store.reporting.published_answers import IS_ANSWERED, PUBLISHED
from store.tickets.tickets import event_of_row

CLOSED = (Stage.ENDED, Stage.RATE, Stage.AFTERCARE)
"""The stages at which a request is closed: its citizen has the answer, or it has ended."""

_TICKET, _EVENT = tables.ticket.c, tables.event.c
_AT_ONCE = 500
"""The numbers in one statement."""

_FILED_HERE = _TICKET.channel == Channel.OPEN311
_READ = (_TICKET.state, IS_ANSWERED.label("answered"))
_VAGUE = 1000.0


@dataclass(frozen=True)
class PublicTicket:
    """A ticket whose citizen agreed to publication. `answered`: its answer is published, too."""

    ticket: Ticket
    answered: bool


@dataclass(frozen=True)
class MapBox:
    """A part of the map, in WGS-84."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class RequestFilter:
    """The public tickets to list: of a city, and of its services' categories.

    What was filed through Open311 is listed whatever it is classified as since. Times: since <= t
    <= until. `asked`: the categories that were asked for; None: all of `categories`.
    """

    city: str
    categories: Collection[str]
    asked: Collection[str] | None = None
    filed_since: datetime | None = None
    filed_until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    closed: bool | None = None
    box: MapBox | None = None


async def listed(
    store: Store, wanted: RequestFilter, offset: int, limit: int
) -> list[PublicTicket]:
    """List the public tickets, the last filed first: one statement, by the index of publication."""
    statement = (
        select(*_READ)
        .where(*_conditions(wanted))
        .order_by(_TICKET.filed_at.desc(), _TICKET.number.desc())
        .offset(offset)
        .limit(limit)
    )
    rows = await store.rows(statement)
    # A thousand of them take a while to be read: others are served meanwhile.
    return await asyncio.to_thread(lambda: [_ticket(row.state, row.answered) for row in rows])


async def among(
    store: Store, categories: Mapping[str, Collection[str]], numbers: Sequence[str]
) -> list[PublicTicket]:
    """Return those of the tickets that are public, in the order of the numbers.

    `categories`: those of each city that `listed` would list.
    """
    told = or_(
        false(),
        *(and_(_TICKET.city == city, _of_services(codes)) for city, codes in categories.items()),
    )
    found: dict[str, PublicTicket] = {}
    for begin in range(0, len(numbers), _AT_ONCE):
        some = _TICKET.number.in_(numbers[begin : begin + _AT_ONCE])
        rows = await store.rows(select(_TICKET.number, *_READ).where(some, PUBLISHED, told))
        found |= {row.number: _ticket(row.state, row.answered) for row in rows}
    return [found[number] for number in numbers if number in found]


@dataclass(frozen=True)
class PublicEvent:
    """An event of a public ticket; with the ticket as it is now, if that was asked for."""

    event: Event
    of: PublicTicket | None


async def changed(
    store: Store,
    wanted: RequestFilter,
    kinds: Collection[str],
    with_ticket: Collection[str],
    offset: int,
    limit: int,
) -> list[PublicEvent]:
    """Return the events of these kinds of public tickets, the first one first.

    `with_ticket`: the kinds that are read with their ticket. One statement: a ticket with an event
    of the time was last changed in it or later, which the index of changes finds.
    """
    conditions = [*_conditions(replace(wanted, updated_until=None)), _EVENT.kind.in_(kinds)]
    if wanted.updated_since is not None:
        conditions.append(_EVENT.at >= wanted.updated_since)
    if wanted.updated_until is not None:
        conditions.append(_EVENT.at <= wanted.updated_until)
    state = case((_EVENT.kind.in_(with_ticket), _TICKET.state), else_=None).label("state")
    statement = (
        select(tables.event, state, IS_ANSWERED.label("answered"))
        .join(tables.ticket, _TICKET.number == _EVENT.number)
        .where(*conditions)
        .order_by(_EVENT.at, _EVENT.number, _EVENT.version)
        .offset(offset)
        .limit(limit)
    )
    rows = await store.rows(statement)
    return await asyncio.to_thread(lambda: [_event(row) for row in rows])


async def happened(
    store: Store, numbers: Sequence[str], kinds: Collection[str]
) -> dict[str, list[Event]]:
    """Return the events of these kinds, by ticket, the first one first."""
    found: dict[str, list[Event]] = {}
    for begin in range(0, len(numbers), _AT_ONCE):
        some = _EVENT.number.in_(numbers[begin : begin + _AT_ONCE])
        statement = (
            select(tables.event)
            .where(some, _EVENT.kind.in_(kinds))
            .order_by(_EVENT.number, _EVENT.version)
        )
        for row in await store.rows(statement):
            found.setdefault(row.number, []).append(event_of_row(row))
    return found


def _event(row: ResultRow) -> PublicEvent:
    ticket = _ticket(row.state, row.answered) if row.state else None
    return PublicEvent(event_of_row(row), ticket)


def _ticket(state: str, answered: object) -> PublicTicket:
    return PublicTicket(Ticket.model_validate_json(state), bool(answered))


def _conditions(wanted: RequestFilter) -> list[ColumnElement[bool] | TextClause]:
    ticket = _TICKET
    conditions: list[ColumnElement[bool] | TextClause] = [
        ticket.city == wanted.city,
        PUBLISHED,
        _of_services(wanted.categories),
    ]
    if wanted.asked is not None:
        conditions.append(ticket.category.in_(wanted.asked))
    for column, since, until in (
        (ticket.filed_at, wanted.filed_since, wanted.filed_until),
        (ticket.updated_at, wanted.updated_since, wanted.updated_until),
    ):
        if since is not None:
            conditions.append(column >= since)
        if until is not None:
            conditions.append(column <= until)
    if wanted.closed is not None:
        is_closed = ticket.stage.in_(CLOSED)
        conditions.append(is_closed if wanted.closed else ~is_closed)
    if wanted.box is not None:
        conditions.append(_within(wanted.box))
    return conditions


def _of_services(categories: Collection[str]) -> ColumnElement[bool]:
    return or_(_FILED_HERE, _TICKET.category.in_(categories))


def _within(box: MapBox) -> ColumnElement[bool]:
    """Return the condition of tickets shown within the box.

    By the point that is shown, and no finer: else small boxes would find out where a home is.
    """
    lat, lon = (_shown(_TICKET.lat), _shown(_TICKET.lon))
    return and_(lat.between(box.south, box.north), lon.between(box.west, box.east))


def _shown(column: ColumnElement[float]) -> ColumnElement[float]:
    return case((_FILED_HERE, column), else_=func.round(column * _VAGUE) / _VAGUE)
