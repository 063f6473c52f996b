"""The register of archived histories: what is kept of each ticket outside the engine, and where.

Every object is entered here before it is written, so that none is ever unknown; of each ticket at
most one is kept. What was replaced, given up or erased is marked, and a maintenance job deletes it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, text, update
from sqlalchemy import delete as deletion

from store.db import tables
from store.db.engine import Store
from store.db.locks import lock

_HELD, _TICKET, _KEY = tables.history_archive.c, tables.ticket.c, tables.ticket_key.c

LOST = "lost"
"""The finding of a ticket whose history the engine no longer had when it was to be archived."""

_WRITING = timedelta(days=1)
"""The longest time that an export may take to write an object."""

# As text, so that SQLite finds the partial indexes.
_KEPT = text(tables.KEPT)
_UNARCHIVED = text(tables.UNARCHIVED)


@dataclass(frozen=True)
class ArchiveEntry:
    """The entry of what is kept of a ticket; `key` is empty where the history was lost.

    `finding`: what the comparison with the record said when it was archived.
    """

    key: str
    number: str
    version: int
    runs: frozenset[str]
    finding: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Due:
    """A ticket that has ended and is not archived, since `ended_at`."""

    number: str
    ended_at: datetime


_ONE = select(tables.history_archive).where(_KEPT, _HELD.number == bindparam("number"))


def _held(row: Any) -> ArchiveEntry:
    return ArchiveEntry(
        key="" if row.finding == LOST else row.key,
        number=row.number,
        version=row.version,
        runs=frozenset(row.runs.split()),
        finding=row.finding,
        sha256=row.sha256,
        bytes=row.bytes,
    )


async def held(store: Store, number: str) -> ArchiveEntry | None:
    """Return what is kept of the ticket."""
    row = await store.first(_ONE, {"number": number})
    return None if row is None else _held(row)


async def held_of(store: Store, numbers: Collection[str]) -> dict[str, ArchiveEntry]:
    """Return what is kept of these tickets, by number."""
    statement = select(tables.history_archive).where(_KEPT, _HELD.number.in_(list(numbers)))
    return {row.number: _held(row) for row in await store.rows(statement)}


async def due(store: Store, limit: int, after: Due | None = None) -> list[Due]:
    """Return tickets that have ended and are not archived, the first ended first."""
    statement = select(_TICKET.number, _TICKET.updated_at).where(_UNARCHIVED)
    if after is not None:
        later = _TICKET.updated_at > after.ended_at
        same = and_(_TICKET.updated_at == after.ended_at, _TICKET.number > after.number)
        statement = statement.where(or_(later, same))
    rows = await store.rows(statement.order_by(_TICKET.updated_at, _TICKET.number).limit(limit))
    return [Due(row.number, row.updated_at) for row in rows]


async def behind(store: Store) -> tuple[int, datetime | None]:
    """Count the tickets that have ended and are not archived; since when the first one has."""
    statement = select(func.count(), func.min(_TICKET.updated_at)).where(_UNARCHIVED)
    [(count, since)] = await store.rows(statement)
    return int(count), since


async def doubtful(store: Store) -> dict[str, int]:
    """Count the archived tickets by finding, without those that agreed with the record."""
    statement = (
        select(_HELD.finding, func.count())
        .where(_KEPT, _HELD.finding != "agrees")
        .group_by(_HELD.finding)
    )
    return {row.finding: int(row[1]) for row in await store.rows(statement)}


async def enter(store: Store, key: str, number: str, at: datetime) -> None:
    """Enter an object that is going to be written."""
    await store.change(
        tables.history_archive.insert().values(
            key=key, number=number, version=0, runs="", finding="", sha256="", bytes=0,
            written_at=at, kept_at=None, dropped_at=None,
        )
    )  # fmt: skip


async def keep(store: Store, kept: ArchiveEntry, key: str, at: datetime, *, final: bool) -> bool:
    """Record that the object `key` was written, in place of what was kept before.

    False: the ticket was erased meanwhile, or another export of it was faster; the object must not
    stay, and what that one keeps does. `final`: the ticket has ended, and nothing of it is left.
    """
    values = {
        "version": kept.version,
        "runs": " ".join(sorted(kept.runs)),
        "finding": kept.finding,
        "sha256": kept.sha256,
        "bytes": kept.bytes,
        "kept_at": at,
    }

    def work(connection: Connection) -> bool:
        lock(store, connection, f"history archive/{kept.number}")
        if _is_erased(connection, kept.number):
            _give_up(connection, _HELD.number == kept.number, at)
            return False
        which = and_(_HELD.key == key, _HELD.dropped_at.is_(None))
        mine = select(_HELD.key).where(which)
        if connection.execute(mine).first() is None:
            return False
        # Those that are being written, too: they may have read less than this one has.
        _give_up(connection, and_(_HELD.number == kept.number, _HELD.key != key), at)
        connection.execute(update(tables.history_archive).where(which).values(values))
        if final:
            _settle(connection, kept.number, kept.version)
        return True

    return await store.write(work)


async def lose(store: Store, number: str, version: int, at: datetime) -> None:
    """Record that neither engine nor archive has a history of the ticket any more."""
    made = store.insert(tables.history_archive).values(
        key=f"lost/{number}", number=number, version=version, runs="", finding=LOST, sha256="",
        bytes=0, written_at=at, kept_at=at, dropped_at=None,
    )  # fmt: skip

    def work(connection: Connection) -> None:
        if not _is_erased(connection, number):
            connection.execute(made.on_conflict_do_nothing())
        _settle(connection, number, version)

    await store.write(work)


async def settle(store: Store, number: str, version: int) -> None:
    """Record that nothing is left to archive of a ticket as of this version."""
    await store.write(lambda connection: _settle(connection, number, version))


def _settle(connection: Connection, number: str, version: int) -> None:
    connection.execute(
        update(tables.ticket)
        .where(_TICKET.number == number, _TICKET.version == version)
        .values(archived_version=version)
    )


def _is_erased(connection: Connection, number: str) -> bool:
    statement = select(_KEY.erased_at).where(_KEY.number == number)
    return connection.execute(statement).scalar() is not None


def _give_up(connection: Connection, which: ColumnElement[bool], at: datetime) -> None:
    statement = update(tables.history_archive).where(which, _HELD.dropped_at.is_(None))
    connection.execute(statement.values(dropped_at=at))


def erase(connection: Connection, number: str, at: datetime) -> None:
    """Mark all that is kept of a ticket as to be deleted, in the caller's transaction."""
    _give_up(connection, _HELD.number == number, at)
    connection.execute(
        update(tables.ticket)
        .where(_TICKET.number == number)
        .values(archived_version=_TICKET.version)
    )


async def given_up(store: Store, now: datetime) -> Sequence[str]:
    """Return the objects to delete; those of an export that was cut off as well."""
    cut_off = and_(_HELD.kept_at.is_(None), _HELD.written_at < now - _WRITING)
    statement = select(_HELD.key).where(or_(_HELD.dropped_at.is_not(None), cut_off))
    return [row.key for row in await store.rows(statement)]


async def forget(store: Store, key: str, now: datetime) -> None:
    """Delete the entry of a deleted object, unless an export may still be writing it."""
    late = or_(_HELD.kept_at.is_not(None), _HELD.written_at < now - _WRITING)
    gone = or_(_HELD.dropped_at.is_not(None), _HELD.kept_at.is_(None))
    await store.change(deletion(tables.history_archive).where(_HELD.key == key, late, gone))
