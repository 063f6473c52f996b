"""Items of a job that are put off: one that fails waits, longer each time, and stops no other."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from store.db.errors import StoreError

log = structlog.get_logger(__name__)

Key = TypeVar("Key", bound=Hashable)

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=5)


class Postponed:
    """The items of a job that are put off.

    Forgotten with the process: then all of them are tried again. `through`: errors that are no
    item's, such as that of an engine that is away; they end the step.
    """

    def __init__(self, job: str, through: tuple[type[Exception], ...] = (StoreError,)) -> None:
        self._job, self._through = job, through
        self._waits: dict[Hashable, tuple[datetime, int]] = {}

    def due(self, keys: Iterable[Key], now: datetime) -> list[Key]:
        """Return those that are not put off."""
        return [key for key in keys if self._until(key, now) <= now]

    def later(self, key: Hashable, now: datetime) -> None:
        """Put an item off, for longer each time."""
        _, times = self._waits.get(key, (now, 0))
        self._waits[key] = (now + min(_FIRST * 2**times, _LONGEST), min(times + 1, 10))

    async def one(self, key: Hashable, do: Callable[[], Awaitable[int]], now: datetime) -> int:
        """Do an item unless it is put off; return how much was done, nothing where that fails."""
        if self._until(key, now) > now:
            return 0
        try:
            done = int(await do())
        except self._through:
            raise
        except Exception as error:  # never its text, which may be a citizen's
            log.error(
                "a job's item failed", job=self._job, item=str(key), error=type(error).__name__
            )
            self.later(key, now)
            return 0
        if done:
            self._waits.pop(key, None)
        return done

    def _until(self, key: Hashable, now: datetime) -> datetime:
        return self._waits.get(key, (now, 0))[0]
