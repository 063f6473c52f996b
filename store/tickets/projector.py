"""The writing of ticket projections, many in one transaction."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from domain.activity_io import Projection
from domain.events import Event
from domain.search.texts import SEARCHED
from store.db.engine import Insert, Store
from store.db.errors import StoreUnavailable
from store.db.tables import Row, UtcDateTime, assignment, event, intake, outbox, ticket
from store.tickets import search_index, setbacks
from store.tickets.rows import assignment_rows, event_row, outbox_rows, ticket_row


@dataclass(frozen=True)
class _Statements:
    tickets: Insert
    assignments: Insert
    events: Insert
    outbox: Insert
    started: Update
    undone: tuple[Delete, ...]
    aside: setbacks.SetAside


def _build(store: Store) -> _Statements:
    return _Statements(
        tickets=_upsert(store, ticket, _newer),
        assignments=_upsert(store, assignment, _newer),
        events=_upsert(store, event, _not_older),
        outbox=_upsert(store, outbox, _still_to_send),
        started=update(intake)
        .where(intake.c.number == bindparam("started"), intake.c.recorded_at.is_(None))
        .values(
            recorded_at=bindparam("at"),
            started_at=func.coalesce(intake.c.started_at, bindparam("at", type_=UtcDateTime())),
        ),
        undone=_undone(),
        aside=setbacks.SetAside.build(store),
    )


def _newer(table: Table, new: Any) -> ColumnElement[bool]:
    """Require a later projection, or one of the same task and not an older version."""
    return or_(
        setbacks.is_later(new.projection_number, table.c.projection_number),
        and_(new.projection_number == table.c.projection_number, new.version >= table.c.version),
    )


def _not_older(table: Table, new: Any) -> ColumnElement[bool]:
    # A workflow task that was interrupted is done again, and records the same version once more:
    # only the second projection is in the history.
    return or_(
        new.projection_number == table.c.projection_number,
        setbacks.is_later(new.projection_number, table.c.projection_number),
    )


def _still_to_send(table: Table, new: Any) -> ColumnElement[bool]:
    # A sent message stays as it was: the same key again is the same message.
    later = setbacks.is_later(new.projection_number, table.c.projection_number)
    return and_(table.c.sent_at.is_(None), later)


def _undone() -> tuple[Delete, ...]:
    """Delete what only an interrupted task projected, or the engine has lost: it is not in the
    history."""
    number: BindParameter[str] = bindparam("of")
    now = (
        select(ticket.c.version, ticket.c.projection_number)
        .where(ticket.c.number == number)
        .subquery()
    )
    version, current = (
        select(column).scalar_subquery() for column in (now.c.version, now.c.projection_number)
    )
    shares = assignment.alias()
    newest = (
        select(func.coalesce(func.max(shares.c.n), 0))
        .where(shares.c.number == number, shares.c.projection_number == current)
        .scalar_subquery()
    )
    return (
        delete(event).where(
            event.c.number == number,
            event.c.version > version,
            setbacks.is_later(current, event.c.projection_number),
        ),
        # Every projection has the newest shares of its ticket. Old ones that have ended may be
        # left out (`domain.ticket.ticket.Dropped`): their rows stay as they were last projected.
        delete(assignment).where(
            assignment.c.number == number,
            setbacks.is_later(current, assignment.c.projection_number),
            assignment.c.n > newest,
        ),
        # A message is deleted with the projection that requested it, as long as it is not sent.
        delete(outbox).where(
            outbox.c.number == number,
            outbox.c.sent_at.is_(None),
            outbox.c.projection_number > 0,
            ~exists().where(
                event.c.number == outbox.c.number,
                event.c.version == outbox.c.version,
                event.c.projection_number == outbox.c.projection_number,
            ),
        ),
    )


def _upsert(store: Store, table: Table, wins: Any) -> Insert:
    insert = store.insert(table)
    keys = [column.name for column in table.primary_key]
    columns = {c.key: insert.excluded[c.key] for c in table.columns if not c.primary_key}
    return insert.on_conflict_do_update(
        index_elements=keys, set_=columns, where=wins(table, insert.excluded)
    )


class _Batch:
    """The rows of some projections, one per key, in the order of the keys.

    One row per key saves writes; the order prevents a deadlock of two processes that write the
    same keys.
    """

    def __init__(self, projections: Iterable[Projection]) -> None:
        self._projections = list(projections)
        self._tickets: dict[str, Projection] = {}
        self._events: dict[tuple[str, int], tuple[Event, Projection]] = {}
        for projection in self._projections:
            self._add(projection)

    def _add(self, projection: Projection) -> None:
        number = projection.ticket.complaint.number
        held = self._tickets.get(number)
        if held is None or _order(held) <= _order(projection):
            self._tickets[number] = projection
        for happened in projection.events:
            key = (happened.number, happened.version)
            if key not in self._events or self._events[key][1].told <= projection.told:
                self._events[key] = (happened, projection)

    def write(self, connection: Connection, statements: _Statements) -> None:
        statements.aside.before(connection, self._projections, datetime.now(UTC))
        numbers = sorted(self._tickets)
        tickets = [(self._tickets[number].ticket, self._tickets[number].told) for number in numbers]
        events = [
            (happened, by.ticket, by.told) for _, (happened, by) in sorted(self._events.items())
        ]
        letters = [
            row
            for _, (happened, by) in sorted(self._events.items())
            for row in _letters(happened, by)
        ]
        shares = [row for state, n in tickets for row in assignment_rows(state, n)]
        for statement, rows in (
            (statements.tickets, [ticket_row(state, n) for state, n in tickets]),
            (statements.assignments, shares),
            (statements.events, [event_row(e, t.complaint.city, n) for e, t, n in events]),
            (statements.outbox, letters),
            (statements.started, _started(e for e, _, _ in events)),
            *((undone, [{"of": number} for number in numbers]) for undone in statements.undone),
        ):
            if rows:
                connection.execute(statement, rows)
        _drop_letters_to_accused(connection, numbers)
        said = {happened.number for happened, *_ in events if happened.kind in SEARCHED}
        indexed = {
            number: search_index.Indexed(*state, number in said)
            for number, state in zip(numbers, tickets, strict=True)
        }
        search_index.follow(connection, indexed)


def _drop_letters_to_accused(connection: Connection, numbers: Sequence[str]) -> None:
    """Delete unsent messages to units that the tickets, as they are stored now, are kept from.

    They were requested before the units were accused, perhaps by a projection that comes late.
    """
    for row in connection.execute(_KEPT_FROM, {"numbers": numbers}).all():
        connection.execute(_TO_ACCUSED, {"of": row.number, "units": row.accused.split()})


_KEPT_FROM = select(ticket.c.number, ticket.c.accused).where(
    ticket.c.number.in_(bindparam("numbers", expanding=True)), ticket.c.accused.is_not(None)
)
_TO_ACCUSED = delete(outbox).where(
    outbox.c.number == bindparam("of"),
    outbox.c.unit.in_(bindparam("units", expanding=True)),
    outbox.c.sent_at.is_(None),
)


def _order(projection: Projection) -> tuple[int, int]:
    return projection.told, projection.ticket.version


def _letters(happened: Event, by: Projection) -> Iterator[Row]:
    after = [one for one in by.events if one.version > happened.version]
    return outbox_rows(happened, by.ticket, after, by.told)


def _started(events: Iterable[Event]) -> list[Row]:
    return [{"started": e.number, "at": e.at} for e in events if e.version == 1]


_Waiting = tuple[Projection, "asyncio.Future[None]"]


class Projector:
    """A writer of projections; calls that come while one transaction runs share the next.

    Any order and any repetition leads to the same rows. Belongs to one event loop.
    """

    def __init__(self, store: Store, *, batch: int = 200) -> None:
        self._store = store
        self._batch = batch
        self._statements = store.once(_build)
        self._queue: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    async def project(self, projection: Projection) -> None:
        """Write `projection`; return when it is committed.

        Raises:
            StoreUnavailable: try again later; whether it was written is not known.
        """
        if self._closed:
            raise StoreUnavailable("the projector is closed")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((projection, done))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="projector")
        await done

    async def close(self) -> None:
        """Write the waiting projections, and accept no more."""
        self._closed = True
        if self._worker is not None:
            await self._worker

    async def _work(self) -> None:
        try:
            while self._queue:
                count = min(len(self._queue), self._batch)
                await self._settle([self._queue.popleft() for _ in range(count)])
        finally:
            self._worker = None
            while self._queue:  # only when this task was cancelled: no caller may wait forever
                self._queue.popleft()[1].cancel()

    async def _settle(self, waiting: Sequence[_Waiting]) -> None:
        """Write them together; if that fails, each alone, so that one does not fail the others."""
        try:
            await self._write([projection for projection, _ in waiting])
        except asyncio.CancelledError:
            for _, done in waiting:
                done.cancel()
            raise
        except Exception as error:
            # An unavailable store is so for each of them: do not try once per projection.
            if len(waiting) == 1 or isinstance(error, StoreUnavailable):
                for _, done in waiting:
                    if not done.done():
                        done.set_exception(error)
                return
            for one in waiting:
                await self._settle([one])
        else:
            for _, done in waiting:
                if not done.done():
                    done.set_result(None)

    async def _write(self, projections: Sequence[Projection]) -> None:
        batch = _Batch(projections)
        await self._store.write(lambda connection: batch.write(connection, self._statements))
