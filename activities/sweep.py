"""Sweep: delete files that nobody attached to a ticket in time, and archived histories that were
replaced or erased."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from temporalio import activity

from store.db.engine import Store
from store.files import files
from store.files.objects import Objects, thumbnail_key
from store.tickets import history_archive

_AT_ONCE = 50


class Sweep:
    def __init__(self, store: Store, objects: Objects, archive: Objects) -> None:
        self._store = store
        self._objects = objects
        self._archive = archive

    @activity.defn(name="sweep_files")
    async def sweep(self) -> int:
        """Delete what is due; return how many. It may be repeated or interrupted safely."""
        done = 0
        async for count in swept(self._store, self._objects):
            done += count
            activity.heartbeat(done)
        async for count in swept_histories(self._store, self._archive):
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


async def swept_histories(store: Store, archive: Objects) -> AsyncIterator[int]:
    """Delete archived histories that were replaced, given up or erased; yield the number."""
    now = datetime.now(UTC)
    for key in await history_archive.given_up(store, now):
        await archive.drop(key)
        await history_archive.forget(store, key, now)
        yield 1
