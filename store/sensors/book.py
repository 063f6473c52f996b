"""The book of events: entered before they are answered, each once, and judged after.

Requests that wait share the next transaction: what a commit costs is paid once for all of them.
The events of a source are counted in the same transaction, in all processes together: one that
sends more than it may is refused for the rest of the minute, and nobody else.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, bindparam, func, select, update

from store.db.engine import Insert, Store
from store.db.errors import StoreUnavailable
from store.db.sensor_tables import event, event_source_use

_EVENT, _USE = event.c, event_source_use.c
_TOGETHER = 5_000
"""The most events in one transaction, unless a single request has more."""
_KEYS_AT_ONCE = 500
_MINUTE = timedelta(minutes=1)

_KNOWN = select(_EVENT.key, _EVENT.digest).where(
    _EVENT.city == bindparam("city"), _EVENT.key.in_(bindparam("keys", expanding=True))
)
_USED = select(event_source_use).where(_USE.source_id == bindparam("which")).with_for_update()
_COUNT = (
    update(event_source_use)
    .where(_USE.source_id == bindparam("which"))
    .values(minute=bindparam("since"), used=bindparam("many"), heard_at=bindparam("now"))
)


class Entered(StrEnum):
    """The outcome of entering an event: new, there already, or there with other content."""

    NEW = "new"
    KNOWN = "known"
    DIFFERS = "differs"


@dataclass(frozen=True)
class NewEvent:
    """An event to enter."""

    key: str
    source: str
    id: str
    device: str
    at: datetime
    value: float
    lat: float | None
    lon: float | None
    shape: str
    note: str
    digest: str


@dataclass(frozen=True)
class EventEntry:
    """The events of one request. `counts`: all that it has, also those that are not taken."""

    city: str
    source_id: str
    per_minute: int
    counts: int
    events: Sequence[NewEvent]
    now: datetime


@dataclass(frozen=True)
class Result:
    """The outcomes of an entry, in its order; or how long its source has to wait."""

    outcomes: Sequence[Entered] = ()
    wait: timedelta | None = None


@dataclass
class _Order:
    entry: EventEntry
    done: asyncio.Future[Result]


class EventBook:
    """The book of a process. What it has answered is on the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Order] = []
        self._writing: asyncio.Task[None] | None = None

    async def enter(self, entry: EventEntry) -> Result:
        """Enter the events of a request, all of them or none.

        Raises:
            StoreUnavailable: send them again.
        """
        order = _Order(entry, asyncio.get_running_loop().create_future())
        self._waiting.append(order)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await order.done

    async def _write(self) -> None:
        """Write what waits until nothing does."""
        try:
            while self._waiting:
                await self._write_some(self._take())
        finally:
            self._writing = None

    def _take(self) -> list[_Order]:
        some, size = list[_Order](), 0
        while self._waiting and (not some or size < _TOGETHER):
            order = self._waiting.pop(0)
            size += len(order.entry.events)
            some.append(order)
        return some

    async def _write_some(self, orders: Sequence[_Order]) -> None:
        try:
            results = await enter_all(self._store, [order.entry for order in orders])
        except StoreUnavailable as error:
            _fail(orders, error)
        except Exception as error:
            # No request fails for what another one has sent.
            if len(orders) == 1:
                _fail(orders, error)
                return
            for order in orders:
                await self._write_some([order])
        else:
            for order, result in zip(orders, results, strict=True):
                if not order.done.done():
                    order.done.set_result(result)


def _fail(orders: Sequence[_Order], error: Exception) -> None:
    for order in orders:
        if not order.done.done():
            order.done.set_exception(error)


def _insert_event(store: Store) -> Insert:
    return store.insert(event).on_conflict_do_nothing()


def _insert_use(store: Store) -> Insert:
    return store.insert(event_source_use).on_conflict_do_nothing()


async def enter_all(store: Store, entries: Sequence[EventEntry]) -> list[Result]:
    """Enter the events of several requests in one transaction."""
    adding, first = store.once(_insert_event), store.once(_insert_use)

    def work(connection: Connection) -> list[Result]:
        counts = {one.source_id: one.now for one in entries}
        # In one order everywhere, so that no two processes wait for each other.
        used = {
            source: _used(connection, first, source, counts[source]) for source in sorted(counts)
        }
        waits = [_counted(used, one) for one in entries]
        for source, (minute, many) in used.items():
            values = {"since": minute, "many": many, "now": counts[source]}
            connection.execute(_COUNT, {"which": source} | values)
        taken = [one for one, wait in zip(entries, waits, strict=True) if wait is None]
        known = {
            city: _known(connection, city, [e.key for one in taken if one.city == city
                                            for e in one.events])
            for city in {one.city for one in taken}
        }  # fmt: skip
        rows = list[dict[str, object]]()
        results = [
            Result(wait=wait) if wait is not None else _entered(one, known[one.city], rows)
            for one, wait in zip(entries, waits, strict=True)
        ]
        if rows:
            connection.execute(adding, sorted(rows, key=lambda row: (row["city"], row["key"])))
        return results

    return await store.write(work)


def _used(
    connection: Connection, first: Insert, source: str, now: datetime
) -> tuple[datetime, int]:
    """Return the minute that is counted of a source, and its number in it so far."""
    minute = now.replace(second=0, microsecond=0)
    row = connection.execute(_USED, {"which": source}).first()
    if row is None:
        new = {"source_id": source, "minute": minute, "used": 0, "heard_at": now}
        connection.execute(first, new)
        row = connection.execute(_USED, {"which": source}).one()
    # A minute further ahead was counted by a clock that was wrong, and must not count for years.
    return (row.minute, row.used) if minute <= row.minute <= minute + _MINUTE else (minute, 0)


def _counted(used: dict[str, tuple[datetime, int]], entry: EventEntry) -> timedelta | None:
    """Count an entry; return how long its source has to wait, if it has sent too much before."""
    minute, many = used[entry.source_id]
    if many >= entry.per_minute:
        return max(timedelta(seconds=1), minute + _MINUTE - entry.now)
    used[entry.source_id] = (minute, many + entry.counts)
    return None


def _known(connection: Connection, city: str, keys: Sequence[str]) -> dict[str, str]:
    found = dict[str, str]()
    for some in _chunks(keys):
        for row in connection.execute(_KNOWN, {"city": city, "keys": some}):
            found[row.key] = row.digest
    return found


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[begin : begin + _KEYS_AT_ONCE]


def _entered(entry: EventEntry, known: dict[str, str], rows: list[dict[str, object]]) -> Result:
    outcomes = list[Entered]()
    for one in entry.events:
        before = known.get(one.key)
        if before is not None:
            outcomes.append(Entered.KNOWN if before == one.digest else Entered.DIFFERS)
            continue
        known[one.key] = one.digest
        outcomes.append(Entered.NEW)
        row: Mapping[str, object] = one.__dict__
        rows.append(
            {
                **row,
                "city": entry.city,
                "source_id": entry.source_id,
                "received_at": entry.now,
                "judged_at": None,
                "outcome": "",
            }
        )
    return Result(outcomes)


async def waiting(store: Store) -> dict[str, int]:
    """Return how many events of each source wait to be judged; none where nothing waits."""
    rows = await store.rows(
        select(_EVENT.source_id, func.count().label("many"))
        .where(_EVENT.judged_at.is_(None))
        .group_by(_EVENT.source_id)
    )
    return {row.source_id: row.many for row in rows}
