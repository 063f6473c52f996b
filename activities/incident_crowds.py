"""Crowds of alike reports, found from the reports that are new since the last look."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.incident.rate import Crowd
from store.db.engine import Store
from store.incidents import marks
from store.incidents.marks import ReportKind

_AGAIN = timedelta(minutes=1)
"""The time after which a whole window, and what is usual, are counted again."""

_LATE = timedelta(seconds=5)
"""The age up to which a report is looked for again: it has its time before it is in the book."""


@dataclass
class _Window:
    """The reports of a city that were seen since its window was last read as a whole."""

    read_at: datetime
    seen_to: datetime
    kinds: Counter[ReportKind] = field(default_factory=Counter)
    late: dict[str, datetime] = field(default_factory=dict)


class IncidentCrowds:
    """The crowds of each city. What a look costs goes with the reports that are new."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._windows: dict[str, _Window] = {}
        self._usual: dict[tuple[str, ReportKind], tuple[datetime, float]] = {}

    async def large(
        self,
        city: str,
        now: datetime,
        window: timedelta,
        least: int,
        known: Callable[[ReportKind], Awaitable[bool]],
    ) -> list[Crowd]:
        """Return the crowds of at least so many reports, but for kinds that are known already."""
        seen = await self._seen(city, now, window)
        found = []
        # A kind that was seen so often since the last reading may be smaller by now, never larger.
        for kind in [kind for kind, count in seen.kinds.items() if count >= least]:
            if await known(kind):
                continue
            size = await marks.size(self._store, city, kind, now - window, now)
            if size >= least:
                usual = await self._usual_of(city, kind, now, window)
                found.append(Crowd(kind.category, kind.area, size, usual))
        return found

    async def _seen(self, city: str, now: datetime, window: timedelta) -> _Window:
        seen = self._windows.get(city)
        if seen is None or not timedelta() <= now - seen.read_at < _AGAIN:
            seen = self._windows[city] = _Window(now, now - window + _LATE)
        for mark in await marks.filed(self._store, city, seen.seen_to - _LATE, now):
            if mark.number not in seen.late:
                seen.kinds[mark.kind] += 1
                seen.late[mark.number] = mark.filed_at
        seen.late = {n: at for n, at in seen.late.items() if at > now - _LATE}
        seen.seen_to = now
        return seen

    async def _usual_of(
        self, city: str, kind: ReportKind, now: datetime, window: timedelta
    ) -> float:
        counted_at, usual = self._usual.get((city, kind), (None, 0.0))
        if counted_at is None or not timedelta() <= now - counted_at < _AGAIN:
            usual = await marks.usual(self._store, city, kind, now - window, window)
            self._usual = {key: one for key, one in self._usual.items() if now - one[0] < _AGAIN}
            self._usual[city, kind] = (now, usual)
        return usual
