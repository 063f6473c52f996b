"""Wrong access codes, counted across all processes to limit guessing of eight digits."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select

from store.db import tables
from store.db.engine import Insert, Store

_ATTEMPT = tables.attempt.c
_RETENTION = timedelta(days=1)
_RECENT = select(func.coalesce(func.sum(_ATTEMPT.count), 0)).where(
    _ATTEMPT.key == bindparam("key"),
    _ATTEMPT.window_start > bindparam("since", type_=tables.UtcDateTime()),
)
_OLD = delete(tables.attempt).where(
    _ATTEMPT.window_start < bindparam("before", type_=tables.UtcDateTime())
)


def _count(store: Store) -> Insert:
    return store.insert(tables.attempt).on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"count": _ATTEMPT.count + 1}
    )


async def count_wrong(store: Store, key: str, now: datetime) -> None:
    """Count one more wrong code for `key` (a ticket, or the caller's address)."""
    minute = now.replace(second=0, microsecond=0)
    row = {"key": key, "window_start": minute, "count": 1}
    count = store.once(_count)

    def work(connection: Connection) -> None:
        connection.execute(count, row)
        connection.execute(_OLD, {"before": now - _RETENTION})

    await store.write(work)


async def too_many(
    store: Store,
    key: str,
    now: datetime,
    limit: int = 10,
    window: timedelta = timedelta(minutes=10),
) -> bool:
    """Return whether `key` had `limit` wrong codes or more within `window`, to the minute."""
    recent = await store.rows(_RECENT, {"key": key, "since": now - window})
    return int(recent[0][0]) >= limit
