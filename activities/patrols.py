"""Patrols: make the rounds that are due, and let missed ones climb their ladder."""

from datetime import UTC, datetime

import structlog
from temporalio import activity

from packs.registry import PackError, PackRegistry, UnknownCity
from store.db.engine import Store
from store.patrols import rounds

log = structlog.get_logger(__name__)


class Patrolling:
    """The job of a city's patrols, which its schedule starts again and again."""

    def __init__(self, registry: PackRegistry, store: Store) -> None:
        self._registry, self._store = registry, store

    @activity.defn(name="patrol")
    async def patrol(self, city: str) -> int:
        """Do what is due in a city; return how much. It may be repeated or interrupted."""
        return await self.due(city, datetime.now(UTC))

    async def due(self, city: str, now: datetime) -> int:
        """Do what is due at `now`. What was done before is not done again."""
        try:
            pack = self._registry.get(city)
        except UnknownCity:  # it is not served any more; its schedule goes at the next start
            return 0
        except PackError as error:  # said by the doctor
            log.warning("no patrols are made", city=city, error=error.code)
            return 0
        made = await rounds.make(self._store, city, pack.patrols, now, pack.calendar.tz)
        return made + await rounds.climb(self._store, city, pack.patrols, now)
