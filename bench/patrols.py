"""The cost of patrols: a week of looks at 300 routes in a store, and the engine's events of a look.

The week is simulated: the look of every quarter of an hour is taken, with its time given to it. The
engine's events are those of looks that a schedule of a running installation has started.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event
from temporalio.client import Client, WorkflowExecutionStatus

from bench.compare import NotWhole
from bench.system import bench_system
from domain.pack.patrols import Patrols, Route
from domain.patrol.rounds import PatrolRound, RoundState
from packs.registry import PackRegistry, default_root
from runtime.names import PATROL_PREFIX, PATROL_WORKFLOW
from store.db import schema
from store.db.clock import Clock
from store.db.engine import Store, default_url
from store.files.files import Attaching
from store.patrols import rounds, walks
from store.patrols.rounds import Of
from store.patrols.walks import NewStamp
from workers.patrol_schedules import LOOK_EVERY

ROUTES, DAYS = 300, 7
EVENTS_TARGET, STATEMENTS_TARGET = 15, 10
"""The most engine events of a look, and SQL round trips of a look that finds nothing to do."""

CITY = "jinan"
START = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""Midnight in the city, before a Monday."""
_WALKED = 20
_PATIENCE = 120.0


@dataclass(frozen=True)
class Week:
    """A simulated week. `per_*`: SQL round trips. `late`: the most seconds a rung was late."""

    routes: int
    looks: int
    rounds: int
    rungs: int
    late: float
    piled_up: int
    seconds: float
    per_idle_look: float
    per_round: float
    per_walk: float


@dataclass(frozen=True)
class Costs:
    """The costs of patrols. `events`: of one look in the engine; `events_per_day`: of a city."""

    week: Week
    events: int
    events_per_day: int

    @property
    def right(self) -> bool:
        """True if all rounds are there once and on time, within the targets."""
        week = self.week
        whole = week.rounds == week.routes * DAYS and not week.piled_up
        on_time = week.late < LOOK_EVERY.total_seconds()
        cheap = self.events <= EVENTS_TARGET and week.per_idle_look <= STATEMENTS_TARGET
        return whole and on_time and cheap

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "right": self.right}


async def patrols(routes: int, say: Callable[[str], None], store_url: str | None) -> Costs:
    """Measure a week of so many routes, in a new store or that at `store_url`, and real looks."""
    say(f"{routes} routes, {DAYS} days, a look every {LOOK_EVERY.seconds // 60} minutes")
    async with _store(store_url) as store:
        week = await _week(store, routes)
    say("looks of a running installation")
    events = await _engine_events()
    return Costs(week, events, events * (timedelta(days=1) // LOOK_EVERY))


@asynccontextmanager
async def _store(url: str | None) -> AsyncIterator[Store]:
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as folder:
        url = url or default_url(Path(folder))
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            yield store
        finally:
            await store.close()


async def _week(store: Store, count: int) -> Week:
    pack = PackRegistry(default_root()).get(CITY)
    some, zone = _many(pack.patrols, count), pack.calendar.tz
    looks = DAYS * timedelta(days=1) // LOOK_EVERY
    began, idle, busy = time.monotonic(), list[int](), list[int]()
    for n in range(looks):
        now = START + n * LOOK_EVERY
        with _counting() as asked:
            done = await rounds.make(store, CITY, some, now, zone)
            done += await rounds.climb(store, CITY, some, now)
        (busy if done else idle).append(asked[0])
    seconds = time.monotonic() - began
    found = await rounds.between(store, CITY, Of(), START.date(), START.date() + timedelta(DAYS))
    climbed = await rounds.rungs(store, [one.id for one in found])
    open_ = [one for one in found if one.state is RoundState.WAITING]
    return Week(
        routes=count,
        looks=looks,
        rounds=len({(one.route, one.day) for one in found}),
        rungs=len(climbed),
        late=max((one.at - one.due_at).total_seconds() for one in climbed),
        piled_up=len(open_),
        seconds=round(seconds, 1),
        per_idle_look=round(sum(idle) / max(len(idle), 1), 1),
        per_round=round(sum(busy) / max(len(found), 1), 3),
        per_walk=await _walks(store, some, found),
    )


def _many(patrols: Patrols, count: int) -> Patrols:
    """Return patrols with so many routes that are due every day."""
    daily = next(route for route in patrols.routes if route.every == 1)
    routes = tuple(daily.model_copy(update={"code": f"R{n:04d}"}) for n in range(count))
    return patrols.model_copy(update={"routes": routes})


async def _walks(store: Store, some: Patrols, found: list[PatrolRound]) -> float:
    """Walk some rounds, point by point, and return the SQL round trips of one."""
    some_rounds = found[:_WALKED]
    with _counting() as asked:
        for of in some_rounds:
            route = some.route(of.route)
            if route is None:
                raise NotWhole(f"{of.route} is gone")
            for one in _stamps(route, of.starts + timedelta(hours=1)):
                await walks.stamp(store, of.id, some, [one], "bench", _at(one.at))
            end = of.starts + timedelta(hours=2)
            await walks.finish(store, of.id, some, "bench", _at(end))
    return round(asked[0] / len(some_rounds), 1)


def _at(moment: datetime) -> Clock:
    """Return a clock that stands still."""
    return lambda _connection: moment


def _stamps(route: Route, start: datetime) -> Iterator[NewStamp]:
    for n, point in enumerate(route.points):
        for m in range(2):
            at = start + timedelta(minutes=10 * n + 3 * m)
            lat, lon = point.lat + 1e-4, point.lon
            nothing = Attaching([], {}, at)
            yield NewStamp(f"{n}-{m}", point.code, at, at, lat, lon, 8.0, nothing)


@contextmanager
def _counting() -> Iterator[list[int]]:
    """Count the statements that reach a database."""
    asked = [0]

    def count(*_: Any) -> None:
        asked[0] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def _engine_events() -> int:
    """Return the most events of a look that the schedule of a running installation started."""
    async with bench_system(floor=False) as system:
        name = f"{PATROL_PREFIX}{CITY}"
        await _ended(system.client, 1)
        await system.client.get_schedule_handle(name).trigger()
        return max(await _ended(system.client, 2))


async def _ended(client: Client, count: int) -> list[int]:
    """Wait until so many looks have ended well; return how many events each has."""
    query = f"WorkflowType = '{PATROL_WORKFLOW}'"
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = [one async for one in client.list_workflows(query)]
            ended = [one for one in found if one.status is WorkflowExecutionStatus.COMPLETED]
            if len(ended) >= count:
                return [one.history_length for one in ended]
            await asyncio.sleep(0.2)


def show(out: Console, costs: Costs) -> None:
    """Print the figures."""
    week = costs.week
    table = Table("what", "how much", "target")
    for what, value, target in (
        ("rounds made", week.rounds, f"{week.routes * DAYS}, each once"),
        ("rungs climbed", week.rungs, ""),
        ("rung late at most", f"{week.late:.0f} s", f"< {LOOK_EVERY.total_seconds():.0f} s"),
        ("rounds left open after their ladder began", week.piled_up, "0"),
        ("seconds for all looks of the week", week.seconds, ""),
        ("SQL round trips, look with nothing to do", week.per_idle_look, f"≤ {STATEMENTS_TARGET}"),
        ("SQL round trips, round made and climbed", week.per_round, ""),
        ("SQL round trips, round walked", week.per_walk, ""),
        ("engine events of a look", costs.events, f"≤ {EVENTS_TARGET}"),
        ("engine events of a city's day", costs.events_per_day, ""),
    ):
        table.add_row(what, str(value), target)
    out.print(table)
    out.print("within all targets" if costs.right else "NOT within all targets")
