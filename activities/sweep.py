"""The sweep: files that nobody attached to a ticket in time are deleted."""

from datetime import UTC, datetime

from temporalio import activity

from store import files
from store.engine import Store
from store.objects import Objects, thumbnail_key

_AT_ONCE = 50


class Sweep:
    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    @activity.defn(name="sweep_files")
    async def sweep(self) -> int:
        """Delete what has expired; how many files. Done twice, or cut short, it does no harm."""
        swept = 0
        while gone := await files.expired(self._store, datetime.now(UTC), _AT_ONCE):
            activity.heartbeat(swept)
            for file in gone:
                # Nobody can attach it any more; the row goes last, so that no object is forgotten.
                await self._objects.drop(thumbnail_key(file.key))
                await self._objects.drop(file.key)
                await files.forget(self._store, file.id)
            swept += len(gone)
        return swept
