"""File sweep: delete files that nobody attached to a ticket in time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from temporalio import activity

from store.db.engine import Store
from store.files import files
from store.files.objects import Objects, thumbnail_key

_AT_ONCE = 50


class Sweep:
    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    @activity.defn(name="sweep_files")
    async def sweep(self) -> int:
        """Delete expired files; return how many. It may be repeated or interrupted safely."""
        done = 0
        async for count in swept(self._store, self._objects):
            done += count
            activity.heartbeat(done)
        return done


async def swept(store: Store, objects: Objects) -> AsyncIterator[int]:
    """Delete expired files; yield the number at each step."""
    while gone := await files.expired(store, datetime.now(UTC), _AT_ONCE):
        for file in gone:
            # Nobody can attach it any more; the row is deleted last, so that no object is orphaned.
            await objects.drop(thumbnail_key(file.key))
            await objects.drop(file.key)
            await files.forget(store, file.id)
        yield len(gone)
