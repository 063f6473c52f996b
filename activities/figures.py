"""Contributions to figures and points are kept up to date: tickets that changed are replayed."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.maintenance import keep_doing
from packs.registry import PackRegistry
from store.db.engine import Store
from store.reporting.contribution_keeping import (
    AT_ONCE,
    KeptSet,
    drop,
    keep,
    kept_sets,
    scan,
    settle,
    unused,
    waiting,
)
from store.reporting.formulas import formulas_of

_REST = 5.0
"""Seconds between two looks: a ticket that changes several times meanwhile is replayed once."""

_SETS_EVERY = timedelta(minutes=5)
"""The interval of looks at the packs, and at which formulas are asked for."""

_FORGOTTEN = timedelta(days=90)
"""The time after which formulas that nobody asks for, and no city has, are not kept any longer."""


class FigureKeeping:
    """The job. It remembers which formulas are kept, which changes with packs only."""

    def __init__(self, packs: PackRegistry, store: Store) -> None:
        self._packs, self._store = packs, store
        self._sets: list[KeptSet] = []
        self._read_at: datetime | None = None
        self._look_at = 0.0

    @activity.defn(name="keep_figures")
    async def keep(self) -> int:
        """Keep contributions up to date for one run window; return how many tickets were read."""
        self._read_at = None
        return await keep_doing(self._step)

    async def _step(self) -> int:
        """Do some work, and no more of it than half of the time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if began < self._look_at:
            return 0
        done = await self.step(datetime.now(UTC))
        took = loop.time() - began
        self._look_at = loop.time() + (took if done >= AT_ONCE else _REST)
        return done

    async def step(self, now: datetime) -> int:
        """Replay some marked tickets, or mark some for new formulas; return how many."""
        if self._read_at is None or now - self._read_at >= _SETS_EVERY:
            await self._read(now)
        done = await settle(self._store, self._sets)
        if done:
            return done
        new = next((one for one in self._sets if not one.scanned), None)
        if new is None:
            if await waiting(self._store):
                await self._read(now)  # another process keeps more formulas than are known here
            return 0
        await scan(self._store, new)
        self._sets = await kept_sets(self._store, self._packs)
        return AT_ONCE

    async def _read(self, now: datetime) -> None:
        current = [
            await keep(self._store, formulas_of(self._packs.get(city)), now)
            for city in self._packs.ids()
        ]
        ids = [one.id for one in current]
        for which in await unused(self._store, now - _FORGOTTEN, ids):
            await drop(self._store, which)
        self._sets = await kept_sets(self._store, self._packs)
        self._read_at = now
