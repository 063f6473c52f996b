"""The order in which changes are told: given after the commit, in one step at a time.

A number that is drawn when an event is inserted says nothing about when the event can be seen: of
two transactions the one with the higher number may commit first, and a reader who has passed it
never sees the other. Here events are noted by triggers in the transaction that writes them, and
get their numbers later, by whoever looks next, under a lock that is held until these numbers are
committed. What can be seen is so always a beginning of the whole.

Of each ticket the events follow each other without a gap: one that is projected early waits.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    update,
)

from domain.webhooks.changes import ChangeStatus
from store.db import tables, webhook_tables
from store.db.engine import ResultRow, Store
from store.db.tables import Row

_CHANGE, _EVENT = webhook_tables.change.c, tables.event.c
_HEAD, _FEED = webhook_tables.change_head.c, webhook_tables.change_feed.c
_PENDING = webhook_tables.change_pending.c
_AT_ONCE = 200
"""The keys in one statement."""

BATCH = 1000
"""The notes of one step."""

Key = tuple[str, int]
T = TypeVar("T")

_WAITS = select(_PENDING.id).limit(1)
_FIRST = select(_PENDING.id, _PENDING.number, _PENDING.version).order_by(_PENDING.id)
_LOCKED = select(webhook_tables.change_feed).with_for_update(skip_locked=True)
_LOOKED_AT = delete(webhook_tables.change_pending).where(_PENDING.id == bindparam("which"))
_LAST = update(webhook_tables.change_feed).values(last=bindparam("reached"))


async def number_changes(store: Store, now: datetime, limit: int = BATCH) -> int:
    """Number what was written since; return how many notes were looked at.

    That is 0 if there are none, or if somebody else is at it just now: nobody has to wait for that.
    """
    if await store.first(_WAITS) is None:
        return 0
    return await store.write(lambda connection: _step(store, connection, now, limit))


def _step(store: Store, connection: Connection, now: datetime, limit: int) -> int:
    feed = connection.execute(_LOCKED).first()
    if feed is None:
        return 0
    last = int(feed.last)
    notes = connection.execute(_FIRST.limit(limit)).all()
    if not notes:
        return 0
    tickets = _touched(connection, notes)
    rows = [row for number in sorted(tickets) for row in tickets[number].changes(now)]
    for row in rows:
        last += 1
        row["seq"] = last
    if rows:
        connection.execute(webhook_tables.change.insert(), rows)
        connection.execute(_LAST, {"reached": last})
    heads = [{"number": number, "version": one.head} for number, one in sorted(tickets.items())]
    _keep_heads(store, connection, heads)
    connection.execute(_LOOKED_AT, [{"which": note.id} for note in notes])
    return len(notes)


def _keep_heads(store: Store, connection: Connection, heads: list[Row]) -> None:
    insert = store.insert(webhook_tables.change_head)
    kept = insert.on_conflict_do_update(
        index_elements=["number"], set_={"version": insert.excluded.version}
    )
    connection.execute(kept, heads)


@dataclass
class _Ticket:
    """A ticket as far as it is known: up to where it was told, what was written, what was told.

    `before`: up to where it was told before this step.
    """

    number: str
    city: str = ""
    head: int = 0
    before: int = 0
    versions: set[int] = field(default_factory=set)
    events: dict[int, ResultRow] = field(default_factory=dict)
    told: dict[int, ResultRow] = field(default_factory=dict)

    def changes(self, now: datetime) -> Iterator[Row]:
        """Yield the changes since: first what is withdrawn, the latest event first."""
        for version in sorted(self.versions, reverse=True):
            if version not in self.events and self._was_told(version):
                self.head = min(self.head, version - 1)
                yield self._withdrawn(version, now)
        for version in sorted(self.events):
            row = self.events[version]
            if version > self.head + 1:
                return  # the one between is not committed yet: it takes this one with it
            self.head = max(self.head, version)
            what = self._what(version, row)
            if what is not None:
                yield _row(row, what, now)

    def _was_told(self, version: int) -> bool:
        told = self.told.get(version)
        return version <= self.head if told is None else told.what != ChangeStatus.WITHDRAWN

    def _what(self, version: int, row: ResultRow) -> ChangeStatus | None:
        """Return what is to be told of an event; None if exactly that was told."""
        told = self.told.get(version)
        if told is None:
            # Of what was told before the feed began, or was pruned, only a change is noted.
            return ChangeStatus.REPLACED if version <= self.before else ChangeStatus.HAPPENED
        if told.what == ChangeStatus.WITHDRAWN:
            return ChangeStatus.HAPPENED
        return None if told.content == content_of(row) else ChangeStatus.REPLACED

    def _withdrawn(self, version: int, now: datetime) -> Row:
        told = self.told.get(version)
        plain = dict.fromkeys(("kind", "stage", "role"), "") | {"unit": None, "at": now}
        known = {name: getattr(told, name) for name in plain} if told is not None else plain
        return known | {
            "id": new_id(),
            "city": told.city if told is not None else self.city,
            "number": self.number,
            "version": version,
            "what": ChangeStatus.WITHDRAWN.value,
            "content": "",
            "recorded_at": now,
        }


def new_id() -> str:
    """Return the id of a change: what a subscriber knows it by."""
    return f"chg_{secrets.token_hex(12)}"


def content_of(row: ResultRow) -> str:
    """Return a digest of what an event says."""
    parts = (row.at.isoformat(), row.role, row.actor, row.unit or "", row.stage, row.fact)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _row(event: ResultRow, what: ChangeStatus, now: datetime) -> Row:
    return {
        "id": new_id(),
        "city": event.city,
        "number": event.number,
        "version": event.version,
        "what": what.value,
        "content": content_of(event),
        "kind": event.kind,
        "stage": event.stage,
        "role": event.role,
        "unit": event.unit,
        "at": event.at,
        "recorded_at": now,
    }


def _touched(connection: Connection, notes: Sequence[ResultRow]) -> dict[str, _Ticket]:
    """Return the tickets that the notes are about.

    Events are read after the notes: what is written between has a note of its own, and is found to
    be told already when that is looked at.
    """
    found: dict[str, _Ticket] = {}
    for note in notes:
        found.setdefault(note.number, _Ticket(note.number)).versions.add(note.version)
    for some in _chunks(sorted(found)):
        for row in connection.execute(_heads(some)):
            found[row.number].head = found[row.number].before = row.version
        for row in connection.execute(_cities(some)):
            found[row.number].city = row.city
        for row in connection.execute(_beyond(some)):
            found[row.number].events[row.version] = row
    noted = {(note.number, note.version) for note in notes}
    for keys in _chunks(sorted(noted)):
        for row in connection.execute(select(tables.event).where(_of_event(keys))):
            found[row.number].events[row.version] = row
    noted |= {(one.number, version) for one in found.values() for version in one.events}
    for keys in _chunks(sorted(noted)):
        key = tuple_(_CHANGE.number, _CHANGE.version)
        told = select(webhook_tables.change).where(key.in_(keys)).order_by(_CHANGE.seq)
        for row in connection.execute(told):
            found[row.number].told[row.version] = row
    return found


def _of_event(keys: Sequence[Key]) -> ColumnElement[bool]:
    return tuple_(_EVENT.number, _EVENT.version).in_(keys)


def _heads(numbers: Sequence[str]) -> Select[Any]:
    return select(webhook_tables.change_head).where(_HEAD.number.in_(numbers))


def _cities(numbers: Sequence[str]) -> Select[Any]:
    ticket = tables.ticket.c
    return select(ticket.number, ticket.city).where(ticket.number.in_(numbers))


def _beyond(numbers: Sequence[str]) -> Select[Any]:
    """Select the events after those that were told."""
    joined = tables.event.outerjoin(webhook_tables.change_head, _HEAD.number == _EVENT.number)
    return (
        select(tables.event)
        .select_from(joined)
        .where(_EVENT.number.in_(numbers), _EVENT.version > func.coalesce(_HEAD.version, 0))
    )


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
