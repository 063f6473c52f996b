"""The keys that requests were sent with, and a mark of the content of each."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from store.db import tables
from store.db.engine import Insert, Store
from store.db.errors import KeyReused

RETENTION = timedelta(days=30)
"""The time for which a key is remembered: nobody sends a request again after that."""

_KEY = tables.used_key.c
_MARK = select(_KEY.content).where(_KEY.key == bindparam("which"))
_OLD = delete(tables.used_key).where(_KEY.used_at < bindparam("before", type_=tables.UtcDateTime()))
_FREE = delete(tables.used_key).where(_KEY.key == bindparam("which"))


def _use(store: Store) -> Insert:
    return store.insert(tables.used_key).on_conflict_do_nothing(index_elements=["key"])


async def use(store: Store, key: str, content: str, now: datetime) -> bool:
    """Reserve a key for a content; return whether it is new.

    Raises:
        KeyReused: it stands for another content.
    """
    insert = store.once(_use)
    row = {"key": key, "content": content, "used_at": now}

    def work(connection: Connection) -> bool:
        if connection.execute(insert, row).rowcount == 1:
            connection.execute(_OLD, {"before": now - RETENTION})
            return True
        if connection.execute(_MARK, {"which": key}).scalar() != content:
            raise KeyReused("the key was used for something else")
        return False

    return await store.write(work)


async def known(store: Store, key: str) -> bool:
    """Return whether a key is reserved."""
    return await store.first(_MARK, {"which": key}) is not None


async def free(store: Store, key: str) -> None:
    """Forget a key whose request was refused."""
    await store.change(_FREE, {"which": key})
