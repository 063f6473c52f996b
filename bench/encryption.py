"""The cost of encryption: the same installation with and without it, in turns."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import httpx

from bench.compare import PRODUCT, Round, Say, cpu, measured, rate, tickets
from bench.machine import machine
from bench.system import BenchSystem, bench_system
from runtime.settings import Settings
from workers.children import Child
from workers.stack import Stack

SEALED, CLEAR = "cli", "bench.plain"
"""The module that is run: the product as it is, and the product without encryption."""

_SWITCHED = ("worker", "api")


class SwitchingStack(Stack):
    """A stack whose worker and API can be replaced while the engine runs on."""

    async def switch(self, module: str) -> None:
        """Stop worker and API, and start them again from `module`."""
        for child in reversed(self.children):
            if child.name in _SWITCHED:
                await child.stop()
        async with httpx.AsyncClient() as http:
            ready: dict[str, Callable[[], Awaitable[bool]]] = {
                "worker": self._worker_ready,
                "api": partial(self._api_ready, http),
            }
            for name in _SWITCHED:
                child = next(child for child in self.children if child.name == name)
                child.command = [sys.executable, "-m", module, name]
                await child.start()
                await self._until_ready(child, ready[name], name)

    async def _follow(self, child: Child) -> None:
        """Restart nothing: worker and API are stopped on purpose."""


def switching_stack(settings: Settings) -> SwitchingStack:
    return SwitchingStack(settings, say=lambda _: None)


@dataclass
class Cost:
    """The rounds with and without encryption; `history`: a ticket's, in bytes."""

    sealed: list[Round]
    clear: list[Round]
    history: dict[str, int]

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.sealed, self.clear, strict=True)
        return [mine.rate / other.rate for mine, other in pairs]

    def as_dict(self) -> dict[str, Any]:
        sealed, clear = cpu(self.sealed), cpu(self.clear)
        everything = [each.others for each in (*self.sealed, *self.clear)]
        return {
            "sealed": _rates(self.sealed),
            "clear": _rates(self.clear),
            "ratio": {
                "median": round(median(self.ratios), 3),
                "least": round(min(self.ratios), 3),
                "most": round(max(self.ratios), 3),
            },
            "cpu_ms": {"sealed": sealed, "clear": clear},
            "cpu_ratio": round(sealed["sum"] / clear["sum"], 3),
            "history_bytes": self.history,
            "lifecycles": sum(each.lived for each in (*self.sealed, *self.clear)),
            "machine": {
                **machine(),
                "busy_with_others": [round(min(everything), 2), round(max(everything), 2)],
            },
        }


def _rates(rounds: list[Round]) -> dict[str, float]:
    every = [each.rate for each in rounds]
    return {
        "median": round(rate(rounds), 2),
        "least": round(min(every), 2),
        "most": round(max(every), 2),
    }


async def encryption(clients: int, seconds: float, rounds: int, say: Say) -> Cost:
    """Measure lifecycles with and without encryption on one installation, in alternating order.

    Raises:
        NotWhole: a lifecycle failed or did not really end.
    """
    async with bench_system(switching_stack, floor=False) as built:
        cost = Cost([], [], {})
        for n in range(rounds):
            pair = [(SEALED, cost.sealed), (CLEAR, cost.clear)]
            for module, results in pair if n % 2 == 0 else reversed(pair):
                results.append(await _round(built, module, clients, seconds))
                name = "sealed" if module == SEALED else "clear"
                cost.history[name] = (await built.history_of_one(latest=True))["bytes"]
                say(f"round {n + 1} of {rounds}, {name}: {results[-1].rate:.1f}/s")
        return cost


async def _round(built: BenchSystem, module: str, clients: int, seconds: float) -> Round:
    if not isinstance(built.stack, SwitchingStack):
        raise TypeError("this installation cannot be switched")
    await built.stack.switch(module)
    await tickets(built, built.offer_product("lives", clients=clients, seconds=seconds / 2))
    offering = built.offer_product("lives", clients=clients, seconds=seconds)
    return await measured(built, PRODUCT, tickets(built, offering))
