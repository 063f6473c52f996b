"""The queues of the centre: the tickets that wait for a person, the first due first."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_

from domain.events import Fact
from domain.facts.intake import TriageUnsure
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import ResultRow, Store
from store.tickets.tickets import FACTS

_TICKET, _EVENT = tables.ticket.c, tables.event.c
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_UNTIL = func.coalesce(_TICKET.queue_until, literal(_NEVER, tables.UtcDateTime()))
_ORDER = (_UNTIL, _TICKET.filed_at, _TICKET.number)


@dataclass(frozen=True)
class QueueRow:
    """A ticket in a queue. `queue_until`: when it is due; None if no clock runs for it.

    `queue_since`: when it came; None if that is not recorded.
    """

    number: str
    city: str
    queue: Queue
    queue_until: datetime | None
    queue_since: datetime | None
    stage: Stage
    kind: Kind
    category: str | None
    area: str | None
    unit: str | None
    title: str
    severity: int
    filed_at: datetime


@dataclass(frozen=True)
class QueuePage:
    """Part of a queue; `next_cursor` is None at its end."""

    rows: list[QueueRow]
    next_cursor: str | None


@dataclass(frozen=True)
class QueuedTicket:
    """A ticket of a queue with its state; `doubt` is why automatic triage was unsure."""

    row: QueueRow
    ticket: Ticket
    doubt: TriageUnsure | None


_COLUMNS = [_TICKET[field.name] for field in fields(QueueRow)]
_DOUBT = (
    select(_EVENT.fact)
    .where(_EVENT.number == _TICKET.number, _EVENT.kind == "triage_unsure")
    .order_by(_EVENT.version.desc())
    .limit(1)
    .scalar_subquery()
)


async def page(
    store: Store,
    of: Collection[Queue],
    city: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> QueuePage:
    """List the tickets in these queues together, of one city or of all.

    Those that are never due come last; those due at the same time by their filing.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = select(*_COLUMNS).where(*_in(of, city))
    if cursor is not None:
        until, filed, number = key_of(cursor, str, str, str)
        statement = statement.where(tuple_(*_ORDER) > (moment(until), moment(filed), number))
    statement = statement.order_by(*_ORDER).limit(limit + 1)
    rows = [_row(row) for row in await store.rows(statement)]
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more and rows else None
    return QueuePage(rows, _cursor_after(last) if last else None)


async def whole(
    store: Store, of: Collection[Queue], city: str, limit: int, but: str = ""
) -> list[QueuedTicket]:
    """Return the first tickets of these queues with their states, without `but`, by one query."""
    statement = (
        select(*_COLUMNS, _TICKET.state, _DOUBT.label("doubt"))
        .where(*_in(of, city), _TICKET.number != but)
        .order_by(*_ORDER)
        .limit(limit)
    )
    return [_waits(row) for row in await store.rows(statement)]


async def counts(store: Store, of: Collection[Queue], city: str, but: str = "") -> dict[Queue, int]:
    """Count the tickets in each of these queues without ticket `but`, zeros included."""
    statement = (
        select(_TICKET.queue, func.count())
        .where(*_in(of, city), _TICKET.number != but)
        .group_by(_TICKET.queue)
    )
    values = {Queue(queue): count for queue, count in await store.rows(statement)}
    return {queue: values.get(queue, 0) for queue in of}


def _cursor_after(row: QueueRow) -> str:
    until = row.queue_until or _NEVER
    return cursor_of(until.isoformat(), row.filed_at.isoformat(), row.number)


def _in(of: Collection[Queue], city: str | None) -> list[ColumnElement[bool]]:
    # The condition IS NOT NULL lets the index of the few that wait be used.
    waits = and_(_TICKET.queue.is_not(None), _TICKET.queue.in_(sorted(of)))
    return [waits] if city is None else [_TICKET.city == city, waits]


def _row(row: ResultRow) -> QueueRow:
    values = {field.name: getattr(row, field.name) for field in fields(QueueRow)}
    values["queue"], values["stage"] = Queue(values["queue"]), Stage(values["stage"])
    values["kind"] = Kind(values["kind"])
    return QueueRow(**values)


def _waits(row: ResultRow) -> QueuedTicket:
    doubt: Fact | None = FACTS.validate_json(row.doubt) if row.doubt else None
    return QueuedTicket(
        _row(row),
        Ticket.model_validate_json(row.state),
        doubt if isinstance(doubt, TriageUnsure) else None,
    )
