"""The cost of durability: with every commit on the disk before it is answered, and without.

Two things are measured in turns: complaints entered into the intake book by many at once, and whole
lifecycles of an installation, engine and store.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

import store.db.backends as backends
from bench.compare import Say
from bench.machine import machine
from bench.product_driver import COMPLAINT
from bench.system import bench_system
from bench.unsynced import left_to_the_machine
from domain.ticket.complaint import Complaint
from runtime.settings import Settings
from store.db.engine import Store, default_url
from store.db.schema import upgrade
from store.tickets import intake
from store.tickets.numbers import new_number
from workers.children import Child
from workers.stack import Stack

_SYNCED, _UNSYNCED = "synced", "unsynced"


@dataclass
class DurabilityResult:
    """Per second, one value a round: `entries` into the intake book, and `lives` of tickets."""

    entries: dict[str, list[float]] = field(default_factory=dict)
    lives: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, values: dict[str, list[float]]) -> float:
        """Return the median rate with syncing, as a share of the one without."""
        without = median(values[_UNSYNCED])
        return round(median(values[_SYNCED]) / without, 2) if without else 0.0

    def as_dict(self) -> dict[str, Any]:
        ratios = {"entries": self.ratio(self.entries), "lives": self.ratio(self.lives)}
        return {**asdict(self), "ratio": ratios, "machine": machine()}


class UnsyncedStack(Stack):
    """A stack whose engine and store leave commits to the machine."""

    def _engine(self) -> Child:
        child = super()._engine()
        child.command = [part.replace("=full", "=normal") for part in child.command]
        return child

    def _own(self, command: str) -> Child:
        child = super()._own(command)
        child.command = [sys.executable, "-m", "bench.unsynced", command]
        return child


def _stack(kind: type[Stack]) -> Callable[[Settings], Stack]:
    return lambda settings: kind(settings, say=lambda _: None)


async def durability(clients: int, seconds: float, rounds: int, say: Say) -> DurabilityResult:
    """Measure both ways in turns."""
    result = DurabilityResult({_SYNCED: [], _UNSYNCED: []}, {_SYNCED: [], _UNSYNCED: []})
    for n in range(rounds):
        ways = [(_SYNCED, Stack), (_UNSYNCED, UnsyncedStack)]
        for name, kind in ways if n % 2 == 0 else reversed(ways):
            result.entries[name].append(await _entries(name, clients, seconds))
            async with bench_system(_stack(kind), floor=False) as system:
                await system.offer_product("lives", clients=clients, seconds=seconds / 2)
                begun = time.perf_counter()
                before = await system.closed_tickets()
                await system.offer_product("lives", clients=clients, seconds=seconds)
                lived = await system.closed_tickets() - before
                result.lives[name].append(round(lived / (time.perf_counter() - begun), 1))
            say(
                f"round {n + 1} of {rounds}, {name}: {result.entries[name][-1]} entries, "
                f"{result.lives[name][-1]} lifecycles per second"
            )
    return result


async def _entries(name: str, clients: int, seconds: float) -> float:
    """Return how many complaints per second `clients` enter into a book of their own."""
    usual = backends._sync_commits
    if name == _UNSYNCED:
        backends._sync_commits = left_to_the_machine
    try:
        with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as home:
            url = default_url(Path(home))
            await upgrade(url)
            store = Store.open(url)
            until = time.perf_counter() + seconds
            counts = await asyncio.gather(*(_enter(store, until) for _ in range(clients)))
            await store.close()
    finally:
        backends._sync_commits = usual
    return round(sum(counts) / seconds, 1)


async def _enter(store: Store, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        now = datetime.now(UTC)
        fields = {key: value for key, value in COMPLAINT.items() if key != "contact"}
        complaint = Complaint.model_validate({**fields, "number": "", "filed_at": now})
        number = partial(new_number, now.date())
        await intake.register(store, complaint, None, None, None, "bench", number)
        count += 1
    return count


def show(out: Console, result: DurabilityResult) -> None:
    table = Table("per second", "left to the machine", "on the disk", "ratio")
    for name, values in (("entries", result.entries), ("lifecycles", result.lives)):
        rates = (f"{median(values[way]):.1f}" for way in (_UNSYNCED, _SYNCED))
        table.add_row(name, *rates, f"{result.ratio(values):.2f}")
    out.print(table)
