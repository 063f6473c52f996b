"""Failed sign-ins: each further failure of a name or an address lengthens its wait.

Names are stored as fingerprints of what was typed: an unknown name is locked like any other.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from store.db import identity_tables
from store.db.engine import Insert, Store
from store.db.tables import UtcDateTime

_LOCKOUT = identity_tables.lockout.c
FORGOTTEN = timedelta(hours=24)
LONGEST = timedelta(minutes=15)
"""The longest wait: too short to make it worthwhile to lock somebody out on purpose."""

_BY_KEY = select(identity_tables.lockout).where(_LOCKOUT.key == bindparam("key"))
_OLD = delete(identity_tables.lockout).where(
    _LOCKOUT.last_at < bindparam("before", type_=UtcDateTime())
)
_CLEAR = delete(identity_tables.lockout).where(_LOCKOUT.key == bindparam("which"))


def pause(failures: int, free: int) -> timedelta:
    """Return the wait after so many failures, of which the first `free` cost nothing."""
    if failures < free:
        return timedelta(0)
    seconds = 15 * 2 ** min(failures - free, 20)
    return min(LONGEST, timedelta(seconds=seconds))


async def locked_for(store: Store, key: str, now: datetime) -> timedelta:
    """Return how long this key still has to wait; zero if it is not locked."""
    row = await store.first(_BY_KEY, {"key": key})
    left: timedelta = timedelta(0) if row is None else row.until - now
    return max(timedelta(0), left)


def _upsert(store: Store) -> Insert:
    insert = store.insert(identity_tables.lockout)
    changed = {name: insert.excluded[name] for name in ("failures", "last_at", "until")}
    return insert.on_conflict_do_update(index_elements=["key"], set_=changed)


async def failed(store: Store, key: str, now: datetime, free: int) -> None:
    """Count a failure of this key; a day without failures resets the count."""
    upsert, which = store.once(_upsert), _BY_KEY.with_for_update()

    def work(connection: Connection) -> None:
        connection.execute(_OLD, {"before": now - FORGOTTEN})
        row = connection.execute(which, {"key": key}).first()
        failures = (row.failures if row is not None else 0) + 1
        until = now + pause(failures, free)
        values = {"key": key, "failures": failures, "last_at": now, "until": until}
        connection.execute(upsert, values)

    await store.write(work)


async def clear(store: Store, key: str) -> None:
    """Clear the failures of a key that signed in or was unlocked."""
    await store.change(_CLEAR, {"which": key})
