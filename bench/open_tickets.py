"""The cost of thousands of open tickets: memory, and the time until one is accepted."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bench.compare import NotWhole, accept
from bench.machine import machine
from bench.system import BenchSystem, bench_system

OFFERED, OFFERED_SECONDS = 5.0, 20.0
_CLIENTS = 20
_LOOKS = 120
_PER_SECOND_AT_LEAST = 5.0
"""The slowest filing that is not given up."""


@dataclass
class OpenTicketsResult:
    """RSS in MB of each process, and milliseconds until a receipt, before and after filing."""

    tickets: int
    filed_per_second: float
    accept_before: dict[str, float]
    accept_after: dict[str, float]
    rss_before: dict[str, float]
    rss_after: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "worker_and_api_mb": self.worker_and_api_mb, "machine": machine()}

    @property
    def worker_and_api_mb(self) -> float:
        return round(self.rss_after["worker"] + self.rss_after["api"], 1)


async def crowd(
    tickets: int, say: Callable[[str], None], *, seconds: float = OFFERED_SECONDS
) -> OpenTicketsResult:
    """File `tickets` complaints on a fresh installation and leave them open.

    Raises:
        NotWhole: some were not accepted, or do not wait for their unit.
    """
    async with bench_system(floor=False) as built:
        say("warming up")
        await _offered(built, min(seconds, 5.0))
        say(f"offering {OFFERED:g} tickets a second to an empty installation")
        before, rss_before = await _offered(built, seconds), built.rss_mb()
        say(f"filing {tickets} tickets")
        waiting = await built.waiting_tickets()
        filed = await built.offer_product(
            "filing", clients=_CLIENTS, seconds=tickets / _PER_SECOND_AT_LEAST, most=tickets
        )
        if filed.failures:
            raise NotWhole(f"not accepted: {dict(filed.failures)}")
        await _until_all_wait(built, waiting + tickets)
        say(f"offering {OFFERED:g} tickets a second to a full installation")
        after = await _offered(built, seconds)
        return OpenTicketsResult(
            tickets=await built.waiting_tickets(),
            filed_per_second=round(filed.rate, 1),
            accept_before=before,
            accept_after=after,
            rss_before=rss_before,
            rss_after=built.rss_mb(),
        )


async def _until_all_wait(built: BenchSystem, tickets: int) -> None:
    """Wait for `tickets` at their units; those in the intake backlog arrive later."""
    for _ in range(_LOOKS):
        if await built.waiting_tickets() == tickets:
            return
        await asyncio.sleep(0.5)
    raise NotWhole(f"{await built.waiting_tickets()} tickets wait for their unit, not {tickets}")


async def _offered(built: BenchSystem, seconds: float) -> dict[str, float]:
    outcome = await built.offer_product("offered filing", seconds=seconds, per_second=OFFERED)
    if outcome.failures:
        raise NotWhole(f"not accepted: {dict(outcome.failures)}")
    return accept(outcome.accept_ms)
