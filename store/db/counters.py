"""Counters that all processes share, each for one window of time."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, delete, select

from store.db import identity_tables
from store.db.engine import Insert, Store
from store.db.tables import UtcDateTime

_COUNTER = identity_tables.counter.c
_BY_KEY = select(identity_tables.counter).where(_COUNTER.key == bindparam("key"))
_OVER = delete(identity_tables.counter).where(
    _COUNTER.expires_at < bindparam("now", type_=UtcDateTime())
)
_CLEAR = delete(identity_tables.counter).where(_COUNTER.key == bindparam("which"))


def _count(store: Store) -> Insert:
    now = bindparam("now", type_=UtcDateTime())
    insert = store.insert(identity_tables.counter)
    columns, over = insert.excluded, _COUNTER.expires_at <= now
    counted = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((over, columns.count), else_=_COUNTER.count + columns.count),
            "expires_at": case((over, columns.expires_at), else_=_COUNTER.expires_at),
        },
    )
    return counted.returning(_COUNTER.count)  # type: ignore[return-value]


async def count(store: Store, key: str, amount: int, lasts: timedelta, now: datetime) -> int:
    """Add `amount` and return the sum; the first addition after a window begins a new one."""
    counting = store.once(_count)
    row = {"key": key, "count": amount, "expires_at": now + lasts}

    def work(connection: Connection) -> int:
        counted = int(connection.execute(counting, row | {"now": now}).scalar_one())
        if counted == amount:
            connection.execute(_OVER, {"now": now})
        return counted

    return await store.write(work)


async def look(store: Store, key: str, now: datetime) -> tuple[int, datetime]:
    """Return the count, and the end of its window."""
    row = await store.first(_BY_KEY, {"key": key})
    if row is None or row.expires_at <= now:
        return 0, now
    mapped = row._mapping  # a row has a method `count` of its own
    return int(mapped["count"]), mapped["expires_at"]


async def clear(store: Store, key: str) -> bool:
    """Reset a counter; return False if there was none."""
    return await store.change(_CLEAR, {"which": key}) > 0
