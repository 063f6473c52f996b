"""The queries of tickets: of one, of its events, and of lists."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from domain.canonical import folded
from domain.events import Event, Fact
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Channel, Kind
from domain.ticket.stages import OPEN, Outcome, Stage
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import ResultRow, Store, Values
from store.db.errors import BadNumber
from store.tickets.accused_units import Hidden, shown
from store.tickets.numbers import number_begins, parse_number
from store.tickets.states import State, in_state, is_late

_TICKET = tables.ticket.c
FACTS: TypeAdapter[Fact] = TypeAdapter(Fact)
_OPEN = sorted(OPEN)
_CHUNK = 1000
_EQUAL = (
    "city", "stage", "outcome", "unit", "category", "kind", "channel", "call_back_due", "queue",
)  # fmt: skip


@dataclass(frozen=True)
class TicketRow:
    """A ticket in a list: as last projected, without its state.

    `channel`, `anonymous` and `person` are None if a reader must not know who complained.
    `of_wrongdoing`: it is, or was filed as, a report of wrongdoing.
    """

    number: str
    city: str
    stage: Stage
    outcome: Outcome | None
    version: int
    kind: Kind
    channel: Channel | None
    category: str | None
    tier: str | None
    area: str | None
    unit: str | None
    title: str
    anonymous: bool | None
    person: str | None
    filed_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    returns: int
    reworks: int
    call_back_due: bool
    rated: bool
    contacted: bool | None
    resolved: bool | None
    grade: int | None
    satisfied: bool | None
    yellow_cards: int
    red_cards: int
    of_wrongdoing: bool


@dataclass(frozen=True)
class Filters:
    """The filters of a list; None does not filter. Times are half-open: since ≤ t < until.

    `state`: see `State`; `overdue` is, or is not, that state. `queue_late`: past the queue's own
    limit. `told_channel`: without tickets whose channel the reader must not know.
    `text` is looked for in titles alone, as those do who read nothing else; a ticket number finds
    that ticket. `number_begins`: its first digits. `none`: no ticket is meant. `hidden`: see
    `Hidden`. `reports`: with reports of wrongdoing.
    """

    city: str | None = None
    stage: Stage | None = None
    outcome: Outcome | None = None
    unit: str | None = None
    category: str | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    told_channel: bool = True
    state: State | None = None
    open: bool | None = None
    call_back_due: bool | None = None
    queue: Queue | None = None
    queue_late: bool | None = None
    overdue: bool | None = None
    due_before: datetime | None = None
    filed_since: datetime | None = None
    filed_until: datetime | None = None
    ended_since: datetime | None = None
    ended_until: datetime | None = None
    text: str | None = None
    number_begins: str | None = None
    none: bool = False
    hidden: Hidden | None = None
    reports: bool = True


@dataclass(frozen=True)
class Page:
    """Part of a list; `next_cursor` is None at its end."""

    rows: list[TicketRow]
    next_cursor: str | None


_ROW = select(*(_TICKET[field.name] for field in fields(TicketRow)))
_ONE = _ROW.where(_TICKET.number == bindparam("number"))
_NEWEST = select(func.max(_TICKET.updated_at))
_LATEST = (_TICKET.updated_at.desc(), _TICKET.number.desc())
_STATE = select(_TICKET.state).where(_TICKET.number == bindparam("number"))
_EVENTS = (
    select(tables.event)
    .where(tables.event.c.number == bindparam("number"))
    .order_by(tables.event.c.version)
)
_SINCE = tables.event.c.version >= bindparam("since")
_UNTIL = tables.event.c.version < bindparam("until")


def _ticket_row(row: ResultRow) -> TicketRow:
    values = dict(row._mapping)
    values["stage"] = Stage(values["stage"])
    values["outcome"] = None if values["outcome"] is None else Outcome(values["outcome"])
    values["kind"], values["channel"] = Kind(values["kind"]), Channel(values["channel"])
    return TicketRow(**values)


async def get(store: Store, number: str) -> TicketRow | None:
    """Return the ticket of this number, as last projected."""
    row = await store.first(_ONE, {"number": number})
    return None if row is None else _ticket_row(row)


async def of_persons(
    store: Store, persons: Select[Any], values: Values, limit: int
) -> list[TicketRow]:
    """Return the tickets of the persons that the query `persons` finds, the latest first."""
    statement = _ROW.where(_TICKET.person.in_(persons)).order_by(
        _TICKET.filed_at.desc(), _TICKET.number
    )
    return [_ticket_row(row) for row in await store.rows(statement.limit(limit), values)]


async def rows_of(store: Store, numbers: Sequence[str]) -> list[TicketRow]:
    """Return the tickets of these numbers, in this order; one that is gone is left out."""
    rows = await store.rows(_ROW.where(_TICKET.number.in_(numbers)))
    found = {row.number: _ticket_row(row) for row in rows}
    return [found[number] for number in numbers if number in found]


async def newest(store: Store) -> datetime | None:
    """Return the time of the last event of any ticket; None if there is none."""
    row = await store.first(_NEWEST)
    return row[0] if row else None


async def state(store: Store, number: str) -> Ticket | None:
    """Return the whole ticket, as last projected."""
    row = await store.first(_STATE, {"number": number})
    return None if row is None else Ticket.model_validate_json(row.state)


async def recorded(store: Store, numbers: Collection[str]) -> set[str]:
    """Return those of the numbers of which there is a record."""
    statement = select(_TICKET.number).where(_TICKET.number.in_(list(numbers)))
    return {row.number for row in await store.rows(statement)}


async def states(store: Store, numbers: Sequence[str]) -> list[Ticket]:
    """Return the whole tickets of these numbers, if they exist, the last filed first."""
    statement = (
        select(_TICKET.state)
        .where(_TICKET.number.in_(numbers))
        .order_by(_TICKET.filed_at.desc(), _TICKET.number.desc())
    )
    return [Ticket.model_validate_json(row.state) for row in await store.rows(statement)]


async def events(
    store: Store, number: str, since: int | None = None, until: int | None = None
) -> list[Event]:
    """Return the events of a ticket in order; all, or those of since <= version < until."""
    statement, values = _EVENTS, {"number": number, "since": since, "until": until}
    if since is not None:
        statement = statement.where(_SINCE)
    if until is not None:
        statement = statement.where(_UNTIL)
    return [event_of_row(row) for row in await store.rows(statement, values)]


def event_of_row(row: ResultRow) -> Event:
    """Return the event of a row of its table."""
    return Event.model_validate(
        {
            "number": row.number,
            "version": row.version,
            "at": row.at,
            "actor": {"role": row.role, "id": row.actor, "unit": row.unit},
            "stage": row.stage,
            "fact": FACTS.validate_json(row.fact),
        }
    )


async def page(
    store: Store,
    filters: Filters,
    cursor: str | None = None,
    limit: int = 50,
    now: datetime | None = None,
) -> Page:
    """List the tickets that match, last changed first.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    conditions = conditions_of(filters, now or datetime.now(UTC))
    if cursor is not None:
        at, number = key_of(cursor, str, str)
        conditions.append(tuple_(_TICKET.updated_at, _TICKET.number) < (moment(at), number))
    statement = _ROW.where(*conditions).order_by(*_LATEST).limit(limit + 1)
    if filters.text:
        # First the numbers: they are found in an index that has the titles, however many there are.
        found = select(_TICKET.number).where(*conditions).order_by(*_LATEST).limit(limit + 1)
        statement = _ROW.where(_TICKET.number.in_(found)).order_by(*_LATEST)
    rows = [_ticket_row(row) for row in await store.rows(statement)]
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more and rows else None
    return Page(rows, cursor_of(last.updated_at.isoformat(), last.number) if last else None)


def conditions_of(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the tickets that match; the table `ticket` has to be queried."""
    conditions: list[ColumnElement[bool]] = []
    for name in _EQUAL:
        if (value := getattr(filters, name)) is not None:
            conditions.append(_TICKET[name] == value)
    if filters.channel is not None and not filters.told_channel:
        conditions.append(_TICKET.of_wrongdoing.is_(False))
    if filters.open is not None:
        conditions.append(
            _TICKET.ended_at.is_(None) if filters.open else _TICKET.ended_at.is_not(None)
        )
    if filters.overdue is not None:
        late = in_state(State.OVERDUE, now)
        conditions.append(late if filters.overdue else _not(late))
    if filters.state is not None:
        conditions.append(in_state(filters.state, now))
    if filters.queue_late is not None:
        passed = and_(_TICKET.queue.is_not(None), is_late(_TICKET.queue_until, now))
        conditions.append(passed if filters.queue_late else _not(passed))
    if filters.due_before is not None:
        conditions.append(_due_before(filters.due_before))
    if filters.filed_since is not None:
        conditions.append(_TICKET.filed_at >= filters.filed_since)
    if filters.filed_until is not None:
        conditions.append(_TICKET.filed_at < filters.filed_until)
    if filters.ended_since is not None:
        conditions += [_TICKET.ended_at.is_not(None), _TICKET.ended_at >= filters.ended_since]
    if filters.ended_until is not None:
        conditions += [_TICKET.ended_at.is_not(None), _TICKET.ended_at < filters.ended_until]
    if filters.text:
        conditions.append(_says(filters.text))
    if filters.number_begins:
        conditions.append(_TICKET.number.startswith(filters.number_begins, autoescape=True))
    if filters.none:
        conditions.append(false())
    if not filters.reports:
        conditions.append(_TICKET.of_wrongdoing.is_(False))
    if filters.hidden:
        conditions.append(shown(filters.hidden))
    return conditions


def _not(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the opposite, also of what is neither true nor false for want of a value."""
    return not_(func.coalesce(condition, false()))


def _due_before(at: datetime) -> ColumnElement[bool]:
    # Only open tickets are due; this condition lets the index by stage find the few among all.
    return and_(_TICKET.stage.in_(_OPEN), is_late(_TICKET.due_at, at))


def _says(text: str) -> ColumnElement[bool]:
    try:
        return _TICKET.number == parse_number(text)
    except BadNumber:
        like = _TICKET.title_folded.contains(folded(text), autoescape=True)
        return or_(like, *number_begins(_TICKET.number, text))


async def numbers(
    store: Store, city: str | None = None, ended: bool | None = None
) -> AsyncIterator[str]:
    """Yield the numbers of all tickets, in order; or of those ended, or not ended.

    Reads a thousand at a time, so that it may run for hours beside other work.
    """
    statement: Select[str] = select(_TICKET.number).order_by(_TICKET.number).limit(_CHUNK)
    if city is not None:
        statement = statement.where(_TICKET.city == city)
    if ended is not None:
        statement = statement.where(
            _TICKET.ended_at.is_not(None) if ended else _TICKET.ended_at.is_(None)
        )
    after = ""
    while True:
        rows = await store.rows(statement.where(_TICKET.number > after))
        for (after,) in rows:
            yield after
        if len(rows) < _CHUNK:
            return


async def counts(
    store: Store, city: str | None = None, unit: str | None = None, open_only: bool = False
) -> dict[Stage, int]:
    """Count the tickets at each stage, zeros included."""
    stages = [stage for stage in Stage if stage in OPEN or not open_only]
    statement = select(_TICKET.stage, func.count()).where(_TICKET.stage.in_(stages))
    if city is not None:
        statement = statement.where(_TICKET.city == city)
    if unit is not None:
        statement = statement.where(_TICKET.unit == unit)
    rows = await store.rows(statement.group_by(_TICKET.stage))
    counted = {Stage(stage): count for stage, count in rows}
    return {stage: counted.get(stage, 0) for stage in stages}
