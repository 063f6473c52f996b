"""The archive of histories: what it costs, and that it is enough when the engine has forgotten.

Tickets live to their end, and are archived; the engine deletes its copies; each ticket is replayed
from the archive and compared with the record.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, TypeVar

from rich.console import Console
from temporalio.client import Client

from audit.archive import HistoryArchive
from audit.archiving import export_due
from audit.errors import NoHistory
from audit.runs import run_ids
from audit.shredding import delete_runs
from audit.verdicts import judge
from bench.compare import NotWhole, Say
from bench.machine import machine
from bench.system import bench_system
from runtime.engine import connect, encrypting
from store.files.objects import Objects
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.tickets import history_archive, tickets

TICKETS = 10_000
TARGET = 4096
"""The most bytes of a plain ticket's archived history."""

_CLIENTS = 20
_AT_ONCE = 20
_PATIENCE = 300.0

Result = TypeVar("Result")


@dataclass
class ArchiveResult:
    """The result. `wrong`: tickets that do not agree when only the archive has them."""

    tickets: int = 0
    export_seconds: float = 0.0
    replay_seconds: float = 0.0
    bytes: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.wrong and self.bytes.get("most", 0) <= TARGET

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "target": TARGET, "machine": machine()}


async def archived(count: int, say: Say) -> ArchiveResult:
    """End `count` tickets in an installation of their own, and measure."""
    async with bench_system(floor=False) as system:
        while (ended := await system.closed_tickets()) < count:
            say(f"{ended} tickets have ended")
            most = count - ended
            await system.offer_product("lives", clients=_CLIENTS, seconds=60, most=most)
        settings = system.settings
        keys = TicketKeys(system.store, open_ring(settings.key_text, settings.key_file))
        client = await connect(settings, encrypting(keys))
        archive = HistoryArchive(system.store, Objects.open(settings.archive), keys)
        return await measured(client, archive, say)


async def measured(client: Client, archive: HistoryArchive, say: Say) -> ArchiveResult:
    """Archive every ended ticket, have the engine forget it, and replay it."""
    store = archive.store
    numbers = [number async for number in tickets.numbers(store, ended=True)]
    result = ArchiveResult(tickets=len(numbers))
    begun = time.perf_counter()
    deadline = begun + _PATIENCE
    while (await history_archive.behind(store))[0]:
        if time.perf_counter() > deadline:
            raise NotWhole("some tickets are never archived")
        async for _ in export_due(client, archive, timedelta(days=30), datetime.now(UTC)):
            pass
    result.export_seconds = round(time.perf_counter() - begun, 1)
    say(f"{len(numbers)} archived in {result.export_seconds} s")
    held = await _each(numbers, lambda number: archive.held(number))
    sizes = [one.bytes for one in held if one is not None]
    if len(sizes) != len(numbers):
        raise NotWhole(f"{len(numbers) - len(sizes)} tickets are missing in the archive")
    result.bytes = {"median": int(median(sizes)), "most": max(sizes), "all": sum(sizes)}
    await _each(numbers, lambda number: delete_runs(client, number))
    await _each(numbers, lambda number: _forgotten(client, number))
    say("the engine has forgotten them")
    begun = time.perf_counter()
    verdicts = await _each(numbers, lambda number: judge(client, store, number, archive=archive))
    result.replay_seconds = round(time.perf_counter() - begun, 1)
    result.findings = dict(Counter(str(verdict.finding) for verdict in verdicts))
    result.wrong = [verdict.number for verdict in verdicts if not verdict.agrees]
    return result


async def _forgotten(client: Client, number: str) -> None:
    """Wait until the engine has no history of the ticket."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                await run_ids(client, number)
            except NoHistory:
                return
            await asyncio.sleep(0.2)


async def _each(numbers: Sequence[str], work: Callable[[str], Awaitable[Result]]) -> list[Result]:
    """Return the results in order, with some of them worked on at a time."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(number: str) -> Result:
        async with turn:
            return await work(number)

    return await asyncio.gather(*(one(number) for number in numbers))


def show(out: Console, result: ArchiveResult) -> None:
    sizes = result.bytes
    out.print(
        f"{result.tickets} tickets archived in {result.export_seconds} s, "
        f"{sizes['median']} bytes each, {sizes['most']} at most (target {TARGET})"
    )
    out.print(
        f"forgotten by the engine, and replayed from the archive in {result.replay_seconds} s: "
        + ", ".join(f"{count} {finding}" for finding, count in sorted(result.findings.items()))
    )
    out.print("right" if result.right else f"WRONG: {result.wrong[:10]}")
