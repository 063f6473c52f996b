"""Topics (共性问题) are kept up to date: tickets that changed are sketched and placed."""

from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.maintenance import keep_doing
from packs.registry import PackRegistry
from store.db.engine import Store
from store.topics import placing, sketches
from store.topics.knowledge import Knowledge, knowledge, learn, note_read

_AT_ONCE = 50
_LATE = timedelta(minutes=2)
"""The time for which what is recorded with an earlier moment may still come."""

_SWEEP_EVERY = timedelta(hours=1)
_SWEPT = timedelta(days=7)
"""The days that are read again once an hour: what an outage has recorded late is among them."""

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_DOUBLED = 2
_ENOUGH = 5000
_RELEARN = timedelta(days=7)


class TopicKeeping:
    """The job. It remembers what is usual in each city, which changes once a week at most."""

    def __init__(self, packs: PackRegistry, store: Store) -> None:
        self._packs, self._store = packs, store
        self._known: dict[str, Knowledge] = {}
        self._since: dict[str, int] = {}

    @activity.defn(name="keep_topics")
    async def keep(self) -> int:
        """Keep topics up to date for one run window; return how many tickets were read."""
        return await keep_doing(lambda: self.step(datetime.now(UTC)))

    async def step(self, now: datetime) -> int:
        """Read some tickets that changed in each city; return how many."""
        return sum([await self._city(city, now) for city in self._packs.ids()])

    async def _city(self, city: str, now: datetime) -> int:
        known = self._known.get(city) or await knowledge(self._store, city)
        since = _OLDEST if known.read_until is None else known.read_until - _LATE
        sweeps = known.swept_at is None or now - known.swept_at >= _SWEEP_EVERY
        if sweeps and known.read_until is not None:
            since = min(since, now - _SWEPT)
        found = await sketches.unsketched(self._store, city, since, _AT_ONCE)
        if found and self._due(city, known, now):
            known = await learn(self._store, city, now)
            self._since[city] = 0
        for one in found:
            sketch = sketches.sketch_of(one.ticket, one.person, known)
            await placing.take(self._store, city, sketch, one.ticket.version, one.known)
        self._since[city] = self._since.get(city, 0) + len(found)
        done = len(found) < _AT_ONCE
        if found or (sweeps and done):
            until = max([one.updated_at for one in found] + [known.read_until or _OLDEST])
            swept = now if sweeps and done else known.swept_at
            await note_read(self._store, city, until, swept)
            known = known._replace(read_until=until, swept_at=swept)
        self._known[city] = known
        return len(found)

    def _due(self, city: str, known: Knowledge, now: datetime) -> bool:
        """Return whether to learn anew: twice as many tickets came, or a week is over."""
        if known.learned_at is None:
            return True
        if known.tickets < _ENOUGH:
            return self._since.get(city, 0) >= max(known.tickets, _AT_ONCE)
        return now - known.learned_at >= _RELEARN
