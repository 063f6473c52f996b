"""The memory of a process of events and their sources: its book, who waits, known devices."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from store.db.engine import Store
from store.sensors.book import EventBook, EventEntry, Result
from store.sensors.register import kinds_of

_KNOWN_FOR = timedelta(seconds=10)
"""The time for which a device is known without asking; one that is unknown is asked for again."""

_LONGEST_WAIT = timedelta(minutes=2)
"""The longest wait that there is: a longer one was set by a clock that was wrong."""

_MOST = 100_000


class EventDoor:
    """The memory of one process."""

    def __init__(self, store: Store) -> None:
        self._store, self._book = store, EventBook(store)
        self._waiting: dict[str, datetime] = {}
        self._kinds: dict[tuple[str, str], tuple[str, datetime]] = {}

    def wait_of(self, source_id: str, now: datetime) -> timedelta | None:
        """Return how long a source has to wait that has sent too much; None if it need not."""
        until = self._waiting.get(source_id)
        if until is None or until <= now or until - now > _LONGEST_WAIT:
            self._waiting.pop(source_id, None)
            return None
        return until - now

    async def enter(self, entry: EventEntry) -> Result:
        """Enter the events of a request in the book, and remember if their source has to wait."""
        result = await self._book.enter(entry)
        if result.wait is not None:
            self._waiting[entry.source_id] = entry.now + result.wait
        return result

    async def kinds(
        self, city: str, codes: Collection[str], of_pack: Mapping[str, str], now: datetime
    ) -> dict[str, str]:
        """Return the kinds of those devices that are known. `of_pack`: those that the pack has."""
        found, asked = dict[str, str](), list[str]()
        for code in codes:
            kind, until = self._kinds.get((city, code), ("", now))
            if until > now:
                found[code] = kind
            else:
                asked.append(code)
        if asked:
            answered = {code: of_pack[code] for code in asked if code in of_pack}
            answered |= await kinds_of(self._store, city, asked)
            if len(self._kinds) > _MOST:
                self._kinds.clear()
            until = now + _KNOWN_FOR
            self._kinds |= {(city, code): (kind, until) for code, kind in answered.items()}
            found |= answered
        return found
