"""Offering load: a closed loop of clients, or an open one at a fixed rate; both bounded."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self


class Failed(Exception):
    """A step of a lifecycle was not answered as it should be; the message names the step."""


Do = Callable[[], Awaitable[float]]
"""An action; returns the seconds until the complaint was accepted."""


@dataclass
class LoadResult:
    """The result of a run. `accept_ms` is counted from when a request was due, not from sent;
    `cpu`: CPU seconds of the load generator itself.
    """

    lived: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    accept_ms: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return self.lived / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(replace(self, failures=Counter())), "failures": dict(self.failures)}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        return cls(**{**values, "failures": Counter(values["failures"])})


async def closed_loop(clients: Sequence[Do], seconds: float, most: int) -> LoadResult:
    """Repeat every client's action for `seconds`, at most `most` times in all.

    Actions begun are completed, and the time counts until then.
    """
    outcome = LoadResult()
    begun, cpu = time.perf_counter(), time.process_time()
    left = most

    async def keep_doing(do: Do) -> None:
        nonlocal left
        while left > 0 and time.perf_counter() - begun < seconds:
            left -= 1
            await _count(do, outcome, time.perf_counter())

    await asyncio.gather(*map(keep_doing, clients))
    outcome.seconds, outcome.cpu = time.perf_counter() - begun, time.process_time() - cpu
    return outcome


async def open_loop(do: Do, per_second: float, seconds: float) -> LoadResult:
    """Begin an action every 1/`per_second` seconds, whether or not the earlier ones have ended."""
    outcome = LoadResult()
    begun, cpu = time.perf_counter(), time.process_time()
    running = set[asyncio.Task[None]]()
    for n in range(round(per_second * seconds)):
        due = begun + n / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.add(asyncio.create_task(_count(do, outcome, due)))
    await asyncio.gather(*running)
    outcome.seconds, outcome.cpu = time.perf_counter() - begun, time.process_time() - cpu
    return outcome


async def _count(do: Do, outcome: LoadResult, due: float) -> None:
    late = time.perf_counter() - due
    try:
        accepted = await do()
    except Failed as failure:
        outcome.failures[str(failure)] += 1
        await asyncio.sleep(0.1)  # do not overload a system that refuses everything
        return
    outcome.lived += 1
    outcome.accept_ms.append((late + accepted) * 1000)


def percentile(values: list[float], percent: float) -> float:
    """Return a measured value, by the nearest rank; 0 if there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
