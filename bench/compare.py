"""Floor and product in turns, so that other load affects both alike."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.load import LoadResult, percentile
from bench.machine import MachineTime, machine
from bench.system import BenchSystem, bench_system

Say = Callable[[str], None]

# The processes of each system; `load` is the load generator itself.
FLOOR = ("engine", "floor worker")
PRODUCT = ("engine", "worker", "api")


@dataclass(frozen=True)
class Plan:
    """The extent of a measurement. Seconds are per round; lifecycles begun are always completed."""

    clients: tuple[int, ...] = (1, 10, 50)
    seconds: float = 6.0
    rounds: int = 3
    warm_up: float = 4.0
    offered: float = 5.0
    offered_seconds: float = 20.0
    lean_floor: bool = False


QUICK = Plan(seconds=1.0, rounds=1, warm_up=1.0, offered_seconds=3.0)


class NotWhole(Exception):
    """Lifecycles that did not end as they should, so that no figure is valid."""


@dataclass(frozen=True)
class Round:
    """Lifecycles per second, and CPU milliseconds per lifecycle of each process involved.

    `others` is the share of the machine that other programs used.
    """

    lived: int
    rate: float
    cpu_ms: dict[str, float]
    others: float


@dataclass
class PairedRounds:
    """The rounds of floor and product at one number of clients, side by side."""

    floor: list[Round] = field(default_factory=list)
    product: list[Round] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return rate(self.product) / rate(self.floor)

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.product, self.floor, strict=True)
        return [mine.rate / other.rate for mine, other in pairs]


def rate(rounds: list[Round]) -> float:
    return median(each.rate for each in rounds)


def cpu(rounds: list[Round]) -> dict[str, float]:
    """Return CPU time by process and their sum: less affected by other load than a rate."""
    by_process = {
        name: _round(median(each.cpu_ms[name] for each in rounds)) for name in rounds[0].cpu_ms
    }
    return {**by_process, "sum": _round(sum(by_process.values()))}


@dataclass
class Measurements:
    """All measurements of a run."""

    turns: dict[int, PairedRounds]
    accept_ms: list[float]
    history: dict[str, int]
    rss_mb: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        busiest = self.turns[max(self.turns)]
        product = [each for turn in self.turns.values() for each in turn.product]
        floor = [each for turn in self.turns.values() for each in turn.floor]
        return {
            "floor": self._each(lambda turn: _round(rate(turn.floor))),
            "product": self._each(lambda turn: _round(rate(turn.product))),
            "ratio": self._each(lambda turn: _round(turn.ratio)),
            "range": {
                "floor": self._each(lambda turn: _range([each.rate for each in turn.floor])),
                "product": self._each(lambda turn: _range([each.rate for each in turn.product])),
                "ratio": self._each(lambda turn: _range(turn.ratios)),
            },
            "cpu_ms": {"floor": cpu(busiest.floor), "product": cpu(busiest.product)},
            "accept_ms": accept(self.accept_ms),
            "history": self.history,
            "rss_mb": self.rss_mb,
            "lifecycles": sum(each.lived for each in product) + len(self.accept_ms),
            "machine": {
                **machine(),
                "busy_with_others": _range([each.others for each in floor + product]),
            },
        }

    def _each(self, of: Callable[[PairedRounds], Any]) -> dict[str, Any]:
        return {str(clients): of(turn) for clients, turn in self.turns.items()}


def accept(values: list[float]) -> dict[str, float]:
    return {name: _round(percentile(values, p)) for name, p in (("p50", 50), ("p99", 99))}


def _range(values: list[float]) -> list[float]:
    return [_round(min(values)), _round(max(values))]


def _round(value: float) -> float:
    return round(value, 2)


async def compare(plan: Plan, say: Say) -> Measurements:
    """Measure everything of `plan` on a fresh installation.

    Raises:
        NotWhole: a lifecycle failed or did not really end.
    """
    async with bench_system(lean_floor=plan.lean_floor) as built:
        say("warming up")
        await _turn(built, max(plan.clients), plan.warm_up, PairedRounds())
        turns = {clients: PairedRounds() for clients in plan.clients}
        for n in range(plan.rounds):
            for clients, turn in turns.items():
                await _turn(built, clients, plan.seconds, turn)
                say(
                    f"round {n + 1} of {plan.rounds}, {clients} clients: floor "
                    f"{turn.floor[-1].rate:.1f}/s, product {turn.product[-1].rate:.1f}/s"
                )
        say(f"offering {plan.offered:g} tickets a second")
        offered = await tickets(
            built,
            built.offer_product(
                "offered lives", seconds=plan.offered_seconds, per_second=plan.offered
            ),
        )
        return Measurements(turns, offered.accept_ms, await built.history_of_one(), built.rss_mb())


async def _turn(built: BenchSystem, clients: int, seconds: float, turn: PairedRounds) -> None:
    """Measure one round of the floor, then one of the product."""
    running = measured(built, FLOOR, _floors(built, built.offer_floor(clients, seconds)))
    turn.floor.append(await running)
    offering = built.offer_product("lives", clients=clients, seconds=seconds)
    turn.product.append(await measured(built, PRODUCT, tickets(built, offering)))


async def measured(
    built: BenchSystem,
    processes: tuple[str, ...],
    running: Coroutine[Any, Any, LoadResult],
) -> Round:
    before, machine_before = built.cpu_seconds(), MachineTime.now()
    outcome = await running
    after, machine_after = built.cpu_seconds(), MachineTime.now()
    spent = {name: after[name] - before[name] for name in processes} | {"load": outcome.cpu}
    return Round(
        lived=outcome.lived,
        rate=outcome.rate,
        cpu_ms={name: 1000 * used / max(1, outcome.lived) for name, used in spent.items()},
        others=machine_after.others_since(
            machine_before, sum(after.values()) - sum(before.values())
        ),
    )


async def _floors(built: BenchSystem, offering: Coroutine[Any, Any, LoadResult]) -> LoadResult:
    before = await built.completed_floors()
    outcome = await offering
    await _check(built.completed_floors, before, outcome, "the engine completed")
    return outcome


async def tickets(built: BenchSystem, offering: Coroutine[Any, Any, LoadResult]) -> LoadResult:
    """Run tickets to their end, as confirmed by driver, store and engine.

    Raises:
        NotWhole: one of them disagrees.
    """
    in_store, in_engine = await built.closed_tickets(), await built.completed_tickets()
    outcome = await offering
    await _check(built.closed_tickets, in_store, outcome, "the store has closed")
    await _check(built.completed_tickets, in_engine, outcome, "the engine completed")
    return outcome


async def _check(
    count: Callable[[], Awaitable[int]], before: int, outcome: LoadResult, system: str
) -> None:
    if outcome.failures:
        value = ", ".join(f"{what} ({times})" for what, times in outcome.failures.most_common(5))
        raise NotWhole(f"{outcome.failures.total()} lifecycles failed: {value}")
    for _ in range(50):
        if await count() - before == outcome.lived:
            return
        await asyncio.sleep(0.2)
    raise NotWhole(f"{outcome.lived} lifecycles were driven, but {system} {await count() - before}")
