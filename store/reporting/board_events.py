"""The cards and orders that a board counts, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, select, tuple_

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.anytime import LevelReached
from domain.facts.supervising import OrderAnswered, SupervisionOrdered
from domain.pack.periods import Period
from domain.ticket.stages import Stage
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import ResultRow, Store
from store.reporting.board_statements import open_orders
from store.tickets import cards

_TICKET, _EVENT = tables.ticket.c, tables.event.c
_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)


class BoardEvents(StrEnum):
    """The events that a board counts."""

    YELLOW = "yellow"
    RED = "red"
    ORDERS = "orders"  # not answered


_RUNGS = {BoardEvents.YELLOW: LevelKind.WARN, BoardEvents.RED: LevelKind.DUE}


@dataclass(frozen=True)
class BoardEvent:
    """A card, with the clock that brought it, or an order. `unit`: the unit that got it."""

    number: str
    version: int
    at: datetime
    title: str
    unit: str | None
    clock: ClockName | None


@dataclass(frozen=True)
class BoardEventPage:
    """Part of the list; `next_cursor` is None at its end."""

    rows: list[BoardEvent]
    next_cursor: str | None


async def board_events(
    store: Store,
    city: str,
    what: BoardEvents,
    shown: Period,
    cursor: str | None = None,
    limit: int = 50,
) -> BoardEventPage:
    """List cards shown in the period, or all orders without an answer, the last one first.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    before = None
    if cursor is not None:
        at, number, version = key_of(cursor, str, str, int)
        before = (moment(at), str(number), int(version))
    if what in _RUNGS:
        statement = _cards(city, _RUNGS[what], shown)
        if before is not None:
            statement = statement.where(tuple_(*_KEY) < before)
        rows = [_card(row) for row in await store.rows(statement.limit(limit + 1))]
    else:
        # Of any of them, the answer may be on another page: all are read. They are few.
        every = _unanswered(await store.rows(_orders(city)))
        rows = [one for one in every if before is None or _key_of(one) < before][: limit + 1]
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more and rows else None
    following = cursor_of(last.at.isoformat(), last.number, last.version) if last else None
    return BoardEventPage(rows, following)


_KEY = (_EVENT.at, _EVENT.number, _EVENT.version)
_COLUMNS = (_EVENT.number, _EVENT.version, _EVENT.at, _EVENT.fact, _TICKET.title)


def _cards(city: str, rung: LevelKind, shown: Period) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .join_from(tables.event, tables.ticket, _TICKET.number == _EVENT.number)
        .where(
            _EVENT.city == city,
            _EVENT.at >= shown.since,
            _EVENT.at <= shown.until,
            _EVENT.rung == rung,
            cards.counting(city),
        )
        .order_by(*(one.desc() for one in _KEY))
    )


def _orders(city: str) -> Select[Any]:
    """Select orders and answers of the tickets with an order that nobody has answered."""
    each = open_orders(city)
    return (
        select(*_COLUMNS)
        .join_from(tables.event, tables.ticket, _TICKET.number == _EVENT.number)
        .join(each, each.c.number == _EVENT.number)
        .where(each.c.open > 0, _TICKET.stage != Stage.ENDED)
        .where(_EVENT.city == city, _EVENT.kind.in_(["supervision_ordered", "order_answered"]))
        .order_by(*(one.desc() for one in _KEY))
    )


def _unanswered(rows: Sequence[ResultRow]) -> list[BoardEvent]:
    facts = [(row, _FACT.validate_json(row.fact)) for row in rows]
    answered = {(row.number, fact.order) for row, fact in facts if isinstance(fact, OrderAnswered)}
    return [
        BoardEvent(row.number, row.version, row.at, row.title, fact.unit, None)
        for row, fact in facts
        if isinstance(fact, SupervisionOrdered) and (row.number, fact.order) not in answered
    ]


def _key_of(one: BoardEvent) -> tuple[datetime, str, int]:
    return one.at, one.number, one.version


def _card(row: ResultRow) -> BoardEvent:
    fact = _FACT.validate_json(row.fact)
    if not isinstance(fact, LevelReached):
        raise TypeError(f"event {row.version} of {row.number} is no card")
    return BoardEvent(row.number, row.version, row.at, row.title, fact.unit, fact.clock)
