"""The drill-down: the tickets that a number of a figure, a place or a map square counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, tuple_

from domain.pack.periods import Period
from domain.ticket.complaint import Kind
from domain.ticket.stages import Outcome, Stage
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import ResultRow, Store
from store.reporting.common_problems import counted_in_topics
from store.tickets import rating_checks
from store.tickets.states import State, in_state

_TICKET = tables.ticket.c
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)

NOWHERE = "-"
"""The value instead of a division code for tickets without a place."""


class What(StrEnum):
    """The kinds of tickets that a number counts."""

    OPEN = "open"
    LATE = "late"
    FILED = "filed"
    TOPIC = "topic"  # filed, and counted in common problems
    ENDED = "ended"
    ASKED = "asked"
    CONTACTED = "contacted"
    RATED = "rated"
    RESOLVED = "resolved"
    SATISFIED = "satisfied"


@dataclass(frozen=True)
class DrillDownRow:
    """A ticket in a drill-down list."""

    number: str
    title: str
    kind: Kind
    category: str | None
    unit: str | None
    area: str | None
    stage: Stage
    outcome: Outcome | None
    filed_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    excluded: bool


@dataclass(frozen=True)
class DrillDownQuery:
    """A drill-down request for tickets of a city; None does not filter.

    `area`: in the place with this division code; `exactly`: with a code of no more than so many
    digits. `square`: south, north, west, east. `site`: at this known place. `period`: when they
    were filed, or ended.
    """

    city: str
    what: What
    period: Period
    now: datetime
    area: str | None = None
    exactly: int | None = None
    category: str | None = None
    square: tuple[float, float, float, float] | None = None
    site: str | None = None


@dataclass(frozen=True)
class Lines:
    """Part of a list; `next_cursor` is None at its end."""

    rows: list[DrillDownRow]
    next_cursor: str | None


_ROW = select(*(_TICKET[field.name] for field in fields(DrillDownRow)))
_DUE = func.coalesce(_TICKET.due_at, literal(_NEVER, tables.UtcDateTime()))

Conditions = Sequence[ColumnElement[bool]]


def _unfinished(query: DrillDownQuery) -> Conditions:
    return [in_state(State.OPEN, query.now)]


def _late(query: DrillDownQuery) -> Conditions:
    return [in_state(State.OVERDUE, query.now)]


def _filed(query: DrillDownQuery) -> Conditions:
    return [_TICKET.filed_at >= query.period.since, _TICKET.filed_at < query.period.until]


def _ended(*more: ColumnElement[bool]) -> Callable[[DrillDownQuery], Conditions]:
    def ended(query: DrillDownQuery) -> Conditions:
        within = _TICKET.ended_at >= query.period.since, _TICKET.ended_at < query.period.until
        return [_TICKET.ended_at.is_not(None), *within, *more]

    return ended


def _topic(query: DrillDownQuery) -> Conditions:
    return [*_filed(query), *counted_in_topics()]


_BURNING, _NEWEST, _LAST_ENDED = (_DUE, True), (_TICKET.filed_at, False), (_TICKET.ended_at, False)

_WHICH: dict[What, tuple[Callable[[DrillDownQuery], Conditions], tuple[Any, bool]]] = {
    # the conditions, and the order: its column, and whether it ascends
    What.OPEN: (_unfinished, _BURNING),
    What.LATE: (_late, _BURNING),
    What.FILED: (_filed, _NEWEST),
    What.TOPIC: (_topic, _NEWEST),
    What.ENDED: (_ended(), _LAST_ENDED),
    What.ASKED: (_ended(_TICKET.contacted.is_not(None), rating_checks.counts()), _LAST_ENDED),
    What.CONTACTED: (_ended(_TICKET.contacted, rating_checks.counts()), _LAST_ENDED),
    What.RATED: (_ended(_TICKET.rated, rating_checks.counts()), _LAST_ENDED),
    What.RESOLVED: (_ended(_TICKET.resolved, rating_checks.counts()), _LAST_ENDED),
    What.SATISFIED: (_ended(_TICKET.satisfied, rating_checks.counts()), _LAST_ENDED),
}


async def counted_tickets(
    store: Store, query: DrillDownQuery, cursor: str | None = None, limit: int = 50
) -> Lines:
    """List the tickets that a number counts, the most urgent or the latest first.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    which, (order, ascending) = _WHICH[query.what]
    statement = _ROW.where(_TICKET.city == query.city, *which(query), *_where(query))
    place = tuple_(order, _TICKET.number)
    if cursor is not None:
        at, number = key_of(cursor, str, str)
        after = (moment(at), number)
        statement = statement.where(place > after if ascending else place < after)
    columns = (order, _TICKET.number)
    ordered = statement.order_by(*(one.asc() if ascending else one.desc() for one in columns))
    rows = [_line(row) for row in await store.rows(ordered.limit(limit + 1))]
    more, rows = len(rows) > limit, rows[:limit]
    return Lines(rows, _cursor(rows[-1], query.what) if more and rows else None)


async def by_number(store: Store, numbers: Sequence[str]) -> dict[str, DrillDownRow]:
    """Return these tickets, by their numbers."""
    rows = await store.rows(_ROW.where(_TICKET.number.in_(list(numbers))))
    return {row.number: _line(row) for row in rows}


def _where(query: DrillDownQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.area == NOWHERE:
        conditions.append(_TICKET.area.is_(None))
    elif query.area:
        conditions.append(_TICKET.area.startswith(query.area, autoescape=True))
    if query.exactly is not None:
        conditions.append(func.length(func.coalesce(_TICKET.area, "")) <= query.exactly)
    if query.category is not None:
        conditions.append(_TICKET.category == query.category)
    if query.site is not None:
        conditions.append(_TICKET.site == query.site)
    if query.square is not None:
        south, north, west, east = query.square
        conditions += [_TICKET.lat >= south, _TICKET.lat < north]
        conditions += [_TICKET.lon >= west, _TICKET.lon < east]
    return conditions


def _line(row: ResultRow) -> DrillDownRow:
    values = dict(row._mapping)
    values["stage"], values["kind"] = Stage(values["stage"]), Kind(values["kind"])
    values["outcome"] = None if values["outcome"] is None else Outcome(values["outcome"])
    return DrillDownRow(**values)


def _cursor(last: DrillDownRow, what: What) -> str:
    order = _WHICH[what][1]
    at = {_BURNING: last.due_at or _NEVER, _NEWEST: last.filed_at}.get(order, last.ended_at)
    return cursor_of((at or _NEVER).isoformat(), last.number)
