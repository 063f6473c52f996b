"""The cities whose history is simulated, as every page and answer says."""

import asyncio
from contextlib import suppress

from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.tickets.simulated import simulated_cities

SECONDS = 15.0
"""The time after which an API notices that a history was simulated beside it."""


class SimulatedCities:
    """The cities with a simulated history, sorted; looked up anew every `SECONDS`."""

    def __init__(self) -> None:
        self.cities: tuple[str, ...] = ()

    async def look(self, store: Store) -> None:
        """Look them up once. A store that is away changes nothing."""
        with suppress(StoreUnavailable):
            self.cities = tuple(sorted(await simulated_cities(store)))

    async def follow(self, store: Store) -> None:
        """Look them up until cancelled."""
        while True:
            await self.look(store)
            await asyncio.sleep(SECONDS)
