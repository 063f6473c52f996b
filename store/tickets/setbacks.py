"""Setbacks of the engine: tickets whose record has events that the engine does not know.

The engine's database was replaced by an older copy, or a power cut came between a projection and
the end of its task. Once such a ticket goes on, its record follows the engine, because every
command is decided there. The events that the record alone has are set aside, not deleted, and the
ticket is shown (`store.tickets.stuck`) until an operator has dealt with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
)

from domain.activity_io import Projection
from domain.policy.record import ATTEMPTS, SETBACK, is_setback, projected_age, projected_length
from store.db import tables
from store.db.engine import Insert, ResultRow, Store
from store.db.setback_tables import set_aside, setback
from store.db.tables import Row
from store.tickets.rows import event_row

SHOWN = timedelta(minutes=1)
"""The age from which an event that the record alone has is more than that of a task cut short: it
was shown, and may have been answered."""

_SETBACK_MS = SETBACK // timedelta(milliseconds=1)
_EVENT, _TICKET = tables.event.c, tables.ticket.c
_COMPARED = ("at", "role", "actor", "unit", "fact")
_KEPT = ("number", "version", "projection_number", "at", "kind", "role", "actor", "unit", "fact")

_VERSIONS = select(_TICKET.number, _TICKET.version).where(
    _TICKET.number.in_(bindparam("numbers", expanding=True))
)
_PROJECTED = select(_TICKET.number, _TICKET.city, _TICKET.projection_number, _TICKET.filed_at)
_BEYOND = (
    select(tables.event)
    .where(_EVENT.number == bindparam("of"), _EVENT.version > bindparam("after"))
    .order_by(_EVENT.version)
)


def is_later(new: Any, old: Any) -> ColumnElement[bool]:
    """Return the condition that projection `new` is later than `old`, also after a setback."""
    setback_of = and_(
        new >= ATTEMPTS, old >= ATTEMPTS, new % ATTEMPTS > old % ATTEMPTS + _SETBACK_MS
    )
    return or_(new > old, setback_of)


# --- when a ticket goes on ------------------------------------------------------------------------


@dataclass(frozen=True)
class SetAside:
    """The statements that set events aside."""

    events: Insert
    tickets: Insert

    @classmethod
    def build(cls, store: Store) -> "SetAside":
        return cls(store.insert(set_aside).on_conflict_do_nothing(), _found(store))

    def before(
        self, connection: Connection, projections: Sequence[Projection], now: datetime
    ) -> None:
        """Set aside what these projections are about to replace, or to delete, in the record."""
        numbers = sorted({one.ticket.complaint.number for one in projections})
        rows = connection.execute(_VERSIONS, {"numbers": numbers})
        versions: dict[str, int] = {row.number: row.version for row in rows}
        for projection in projections:
            number, after = projection.ticket.complaint.number, _before(projection)
            if versions.get(number, 0) > after:  # it does not only add to the record
                lost = _lost(connection, projection)
                if _were_shown(lost, projection):
                    self.keep(connection, projection, lost, now)

    def keep(
        self,
        connection: Connection,
        projection: Projection,
        lost: Sequence[ResultRow],
        now: datetime,
    ) -> None:
        """Set these events of the record aside."""
        complaint = projection.ticket.complaint
        if lost:
            connection.execute(self.events, [_kept(row, now) for row in lost])
            connection.execute(self.tickets, _of(complaint.number, complaint.city, now))


async def set_aside_before(store: Store, projection: Projection, now: datetime) -> None:
    """Set aside whatever this projection is about to take from the record, shown for long or not.

    Raises:
        StoreUnavailable
    """
    statements = SetAside.build(store)
    await store.write(
        lambda connection: statements.keep(
            connection, projection, _lost(connection, projection), now
        )
    )


def _before(projection: Projection) -> int:
    """Return the version before the first event of the projection."""
    versions = [event.version for event in projection.events]
    return min(versions) - 1 if versions else projection.ticket.version


def _lost(connection: Connection, projection: Projection) -> list[ResultRow]:
    """Return the events that the projection takes from the record."""
    which = {"of": projection.ticket.complaint.number, "after": _before(projection)}
    stored = connection.execute(_BEYOND, which).all()
    return [row for row in stored if _is_lost(row, projection)]


def _were_shown(lost: Sequence[ResultRow], projection: Projection) -> bool:
    """Return whether they are more than what a task projected that was cut short just now."""
    age = projected_age(projection.told)
    return any(
        is_setback(projection.told, row.projection_number)
        or age - projected_age(row.projection_number) > SHOWN
        for row in lost
    )


def _is_lost(stored: ResultRow, projection: Projection) -> bool:
    new, old = projection.told, stored.projection_number
    if new <= old and not is_setback(new, old):
        return False
    for event in projection.events:
        if event.version == stored.version:
            return _differs(stored, event_row(event, stored.city, new))
    return bool(stored.version > projection.ticket.version)


def _differs(stored: ResultRow, row: Row) -> bool:
    return any(getattr(stored, name) != row[name] for name in _COMPARED)


def _kept(stored: ResultRow, now: datetime) -> Row:
    return {name: getattr(stored, name) for name in _KEPT} | {"set_aside_at": now}


# --- before it goes on ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """A ticket as last projected: with which length of its history, and when."""

    number: str
    city: str
    length: int
    at: datetime


async def changed_last(store: Store, offset: int, limit: int) -> list[Candidate]:
    """Return tickets by their last change, the latest first."""
    latest = (_TICKET.updated_at.desc(), _TICKET.number.desc())
    return await _candidates(store, _PROJECTED.order_by(*latest).offset(offset).limit(limit))


async def noted(store: Store, limit: int) -> list[Candidate]:
    """Return the tickets that nobody has dealt with."""
    unsettled_ones = select(setback.c.number).where(setback.c.settled_at.is_(None)).limit(limit)
    return await _candidates(store, _PROJECTED.where(_TICKET.number.in_(unsettled_ones)))


async def _candidates(store: Store, query: Select[Any]) -> list[Candidate]:
    return [
        Candidate(
            row.number,
            row.city,
            projected_length(row.projection_number),
            row.filed_at + projected_age(row.projection_number),
        )
        for row in await store.rows(query)
    ]


async def note(store: Store, found: Mapping[str, str], now: datetime) -> None:
    """Record exactly these tickets (number: city) as ahead; with events set aside, others stay."""
    statement = _found(store)
    gone = delete(setback).where(
        setback.c.settled_at.is_(None),
        setback.c.number.not_in(sorted(found)),
        ~exists().where(set_aside.c.number == setback.c.number),
    )

    def work(connection: Connection) -> None:
        connection.execute(gone)
        if found:
            rows = [_of(number, city, now) for number, city in sorted(found.items())]
            connection.execute(statement, rows)

    await store.write(work)


def _found(store: Store) -> Insert:
    """Insert a ticket; one that was settled is to be dealt with again."""
    insert = store.insert(setback)
    return insert.on_conflict_do_update(
        index_elements=["number"],
        set_={"found_at": insert.excluded.found_at, "settled_at": None},
        where=setback.c.settled_at.is_not(None),
    )


def _of(number: str, city: str, now: datetime) -> Row:
    return {"number": number, "city": city, "found_at": now, "settled_at": None}


# --- what an operator does ------------------------------------------------------------------------


@dataclass(frozen=True)
class LostEvent:
    """An event that the record had, and that the engine does not know."""

    number: str
    version: int
    at: datetime
    kind: str
    role: str
    actor: str
    unit: str | None


async def unsettled(store: Store) -> list[str]:
    """Return the tickets that nobody has dealt with."""
    statement = select(setback.c.number).where(setback.c.settled_at.is_(None))
    return [row.number for row in await store.rows(statement.order_by(setback.c.number))]


async def lost_events(store: Store, number: str | None = None) -> list[LostEvent]:
    """Return the events set aside: of one ticket, or of all that nobody has dealt with."""
    columns = [set_aside.c[name] for name in LostEvent.__dataclass_fields__]
    statement = select(*columns).order_by(set_aside.c.number, set_aside.c.version, set_aside.c.at)
    if number is not None:
        statement = statement.where(set_aside.c.number == number)
    else:
        open_ones = select(setback.c.number).where(setback.c.settled_at.is_(None))
        statement = statement.where(set_aside.c.number.in_(open_ones))
    return [LostEvent(*row) for row in await store.rows(statement)]


async def settle(store: Store, number: str, now: datetime) -> bool:
    """Record that an operator has dealt with the ticket; return whether there was anything."""
    unsettled_one = (setback.c.number == number, setback.c.settled_at.is_(None))
    return await store.change(setback.update().where(*unsettled_one).values(settled_at=now)) > 0


async def take_back(store: Store, number: str) -> None:
    """Delete of what was set aside the events that the record has again."""
    again = exists().where(
        *(
            _EVENT[name] == set_aside.c[name]
            for name in ("number", "version", "at", "kind", "actor", "fact")
        )
    )
    await store.change(delete(set_aside).where(set_aside.c.number == number, again))


def forget(connection: Connection, number: str) -> None:
    """Delete what was set aside of a ticket that is erased."""
    for table in (set_aside, setback):
        connection.execute(delete(table).where(table.c.number == number))
