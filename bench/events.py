"""Events of sensors beside tickets: how fast they are accepted, and whether one is lost.

Devices report in turn, each with a time of its own; some of them begin to raise an alarm. Some
events are sent twice. In between requests are sent that do nothing at all (404), as a measure of
the machine.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Table as DatabaseTable
from sqlalchemy import func, select

from bench.http import Pool
from bench.load import percentile
from bench.machine import MachineTime
from bench.system import BenchSystem, bench_system
from domain.pack.sensors import Device
from packs.registry import default_root, load_pack
from runtime.settings import Settings
from store.db.sensor_tables import cause, event, reading
from store.db.tables import intake
from store.secrets.key_ring import open_ring
from store.sensors import sources
from store.sensors.register import Register
from store.sensors.sources import EventSource

CITY, KIND, AREA = "huangpu", "outfall", "440112003"
RATE, MINUTES, DEVICES, TICKETS = 10_000, 5.0, 500, 5.0
TARGET = 500.0
"""Milliseconds until an event is accepted, at the 99th percentile."""

_SOURCES = 4
_STEP = timedelta(minutes=1)
_EVERY_ALARM, _EVERY_TWICE, _EVERY_EMPTY = 10, 97, 40
_PATIENCE = 180.0
_CONNECTIONS = 64
"""The connections of all gateways together: what is due while all are busy waits, and it counts."""
_AGAIN, _TRIES = (0, 429, 503), 20
"""The answers after which a gateway sends an event again: none at all, too much, and not now."""
_CALM, _FOUL = 0.8, 3.0


@dataclass(frozen=True)
class EventLoad:
    """The offered load: events a minute, for so long, of so many devices, and tickets a second."""

    rate: int = RATE
    minutes: float = MINUTES
    devices: int = DEVICES
    tickets: float = TICKETS

    @property
    def events(self) -> int:
        return round(self.rate * self.minutes)


@dataclass
class EventResult:
    """The measured figures; times in ms. `accepted`: events, each once. `drained`: seconds
    from the last answer until nothing waited; `behind`: the most that waited. `again`: sent again.
    `queued_ms`: from when an event was due until it had a connection; `late_ms`: until this
    generator began with what was due.
    """

    offered: EventLoad
    accept_ms: list[float] = field(default_factory=list)
    empty_ms: list[float] = field(default_factory=list)
    queued_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    known: int = 0
    again: int = 0
    seconds: float = 0.0
    lost: int = 0
    alarms: int = 0
    causes: int = 0
    tickets: int = 0
    behind: int = 0
    drained: float = 0.0
    beside: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    others: float = 0.0

    @property
    def p50(self) -> float:
        return percentile(self.accept_ms, 50)

    @property
    def p99(self) -> float:
        return percentile(self.accept_ms, 99)

    @property
    def right(self) -> bool:
        """True if no event is lost, and there are as many tickets as causes, and as alarms."""
        whole = self.lost == 0 and not self.failures and self.accepted == self.offered.events
        return whole and self.alarms == self.causes == self.tickets

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, without each single time."""
        empty = {f"p{n}": percentile(self.empty_ms, n) for n in (50, 99)}
        return {
            **{k: v for k, v in asdict(self).items() if not k.endswith("_ms")},
            "failures": dict(self.failures),
            "p50": self.p50,
            "p99": self.p99,
            "worst": max(self.accept_ms, default=0.0),
            "empty": empty,
            "queued": {f"p{n}": percentile(self.queued_ms, n) for n in (50, 99)},
            "late": {f"p{n}": percentile(self.late_ms, n) for n in (50, 99)},
            "ratio": {
                "p50": self.p50 / (empty["p50"] or 1.0),
                "p99": self.p99 / (empty["p99"] or 1.0),
            },
            "right": self.right,
        }


async def events(load: EventLoad, say: Callable[[str], None]) -> EventResult:
    """Offer the load to an unused installation, and count what became of it."""
    async with bench_system(floor=False) as built:
        secrets = await _registered(built, load)
        result = EventResult(load)
        say(f"{load.rate:,} events a minute for {load.minutes:g} min, {load.tickets:g} tickets/s")
        before, cpu = MachineTime.now(), built.cpu_seconds()
        beside = asyncio.create_task(_tickets(built, load))
        watching = asyncio.create_task(_watch(built, result))
        own = time.process_time()
        await _offer(built.settings, load, secrets, result)
        own = time.process_time() - own
        result.beside = await beside
        result.cpu = {name: spent - cpu.get(name, 0) for name, spent in built.cpu_seconds().items()}
        result.others = MachineTime.now().others_since(before, sum(result.cpu.values()) + own)
        result.cpu["this generator"] = own
        say("until nothing waits")
        await _settled(built, result)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await _count(built, result)
        return result


async def _registered(built: BenchSystem, load: EventLoad) -> list[str]:
    """Register devices and their sources; return the tokens of these."""
    ring = open_ring(built.settings.key_text, built.settings.key_file)
    devices = [
        Device(code=_device(n), kind=KIND, name=f"排口 {n}", area=AREA) for n in range(load.devices)
    ]
    pack = load_pack(default_root() / CITY)
    await Register(built.store, ring, CITY, pack.devices).change(devices, set())
    return [
        await sources.add(
            built.store,
            ring,
            EventSource(
                id=f"gateway-{n}",
                city=CITY,
                name="",
                prefix=_source(n),
                devices=("bench-*",),
                origins=(),
                signs=False,
                generation=1,
                per_minute=1_000_000,
                created_at=datetime.now(UTC),
            ),
        )
        for n in range(_SOURCES)
    ]


def _device(n: int) -> str:
    return f"bench-{n:05d}"


def _source(n: int) -> str:
    return f"urn:bench:{n % _SOURCES}"


def _event(n: int, load: EventLoad, since: datetime) -> dict[str, Any]:
    """Return the n-th event: of each device in turn, a minute of its time after the one before."""
    device, turn = n % load.devices, n // load.devices
    alarms = device % _EVERY_ALARM == 0 and turn >= _begins(device, load)
    return {
        "specversion": "1.0",
        "id": f"{device}-{turn}",
        "source": _source(device),
        "type": "bench.reading",
        "subject": _device(device),
        "time": (since + turn * _STEP).isoformat(),
        "data": {"nh3n": _FOUL if alarms else _CALM},
    }


def _begins(device: int, load: EventLoad) -> int:
    """Return with which of its events a device begins its alarm: not all of them at once."""
    turns = load.events // load.devices
    return (device // _EVERY_ALARM) % max(1, turns - 12)


def expected_alarms(load: EventLoad) -> int:
    """Return how many devices say for longer than ten minutes that there is an alarm."""
    # The rule of the city: two readings that go on for at least ten minutes.
    lasting = timedelta(minutes=10) // _STEP

    def turns(device: int) -> int:
        return len(range(device, load.events, load.devices))

    return sum(
        turns(device) - _begins(device, load) > lasting
        for device in range(0, load.devices, _EVERY_ALARM)
    )


async def _offer(
    settings: Settings, load: EventLoad, secrets: list[str], result: EventResult
) -> None:
    pool = Pool(settings.api_host, settings.api_port)
    turns = load.events // load.devices + 1
    since = datetime.now(UTC) - timedelta(hours=1) - turns * _STEP
    result.alarms = expected_alarms(load)
    begun, running = time.perf_counter(), set[asyncio.Task[None]]()
    free, answered = asyncio.Semaphore(_CONNECTIONS), set[int]()

    async def send(n: int, due: float) -> None:
        said = _event(n, load, since)
        headers = {
            "Authorization": f"Bearer {secrets[n % load.devices % _SOURCES]}",
            "Content-Type": "application/cloudevents+json",
        }
        for _ in range(_TRIES):
            async with free:
                result.queued_ms.append((time.perf_counter() - due) * 1000)
                status, body = await _post(pool, f"/api/v1/events/{CITY}", said, headers)
            if status not in _AGAIN:
                break
            result.again += 1
            await asyncio.sleep(0.5)
        if status != 202:
            result.failures[f"{status}"] += 1
            return
        result.accept_ms.append((time.perf_counter() - due) * 1000)
        result.known += b'"known":1' in body
        answered.add(n)

    async def nothing(due: float) -> None:
        # Not behind the events that wait here for a connection: it is to tell how soon the API
        # answers, and took as long as the whole queue of this generator.
        sent = time.perf_counter()
        await _post(pool, "/api/v1/nothing", {}, {})
        result.empty_ms.append((time.perf_counter() - sent) * 1000)
        result.late_ms.append((sent - due) * 1000)

    for n in range(load.events):
        due = begun + n * 60 / load.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sending = [send(n, due)]
        if n % _EVERY_TWICE == 0 and n:
            sending.append(send(n - 1, due))
        if n % _EVERY_EMPTY == 0:
            sending.append(nothing(due))
        for one in sending:
            task = asyncio.create_task(one)
            running.add(task)
            task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    result.accepted = len(answered)
    result.seconds = time.perf_counter() - begun
    pool.close()


async def _post(pool: Pool, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    async with pool.connection() as connection:
        try:
            answer = await connection.post(path, body, headers)
        except (OSError, EOFError) as error:
            return 0, type(error).__name__.encode()
        return answer.status, answer.body


async def _tickets(built: BenchSystem, load: EventLoad) -> dict[str, float]:
    if not load.tickets:
        return {}
    filed = await built.offer_product(
        "offered filing", seconds=load.minutes * 60, per_second=load.tickets
    )
    return {
        "filed": filed.lived,
        "failed": sum(filed.failures.values()),
        "p50": percentile(filed.accept_ms, 50),
        "p99": percentile(filed.accept_ms, 99),
    }


async def _watch(built: BenchSystem, result: EventResult) -> None:
    while True:
        await asyncio.sleep(5)
        result.behind = max(result.behind, await _waiting(built))


async def _waiting(built: BenchSystem) -> int:
    row = await built.store.first(select(func.count()).where(event.c.judged_at.is_(None)))
    return int(row[0]) if row else 0


async def _settled(built: BenchSystem, result: EventResult) -> None:
    begun = time.perf_counter()
    while time.perf_counter() - begun < _PATIENCE:
        unfiled = await built.store.first(select(func.count()).where(cause.c.number.is_(None)))
        if not await _waiting(built) and unfiled is not None and unfiled[0] == 0:
            break
        await asyncio.sleep(0.2)
    result.drained = time.perf_counter() - begun


async def _count(built: BenchSystem, result: EventResult) -> None:
    async def many(table: DatabaseTable, *conditions: Any) -> int:
        row = await built.store.first(select(func.count()).select_from(table).where(*conditions))
        return int(row[0]) if row else 0

    result.lost = result.accepted - await many(reading)
    result.causes = await many(cause)
    result.tickets = await many(intake, intake.c.idempotency_key.like("sensor/%"))


def show(out: Console, result: EventResult) -> None:
    """Print what was measured, and whether it is right."""
    values = result.as_dict()
    table = Table("", "p50 ms", "p99 ms")
    for name, p50, p99 in (
        ("accepting an event", values["p50"], values["p99"]),
        ("an empty request", values["empty"]["p50"], values["empty"]["p99"]),
        ("an event's wait for a connection", values["queued"]["p50"], values["queued"]["p99"]),
        ("this generator's own delay", values["late"]["p50"], values["late"]["p99"]),
        ("a ticket beside", result.beside.get("p50", 0.0), result.beside.get("p99", 0.0)),
    ):
        table.add_row(name, f"{p50:.1f}", f"{p99:.1f}")
    out.print(table)
    ratio = values["ratio"]
    out.print(f"ratio to an empty request: {ratio['p50']:.1f} (p50), {ratio['p99']:.1f} (p99)")
    out.print(
        f"accepted {result.accepted:,} of {result.offered.events:,}, {result.known} known, "
        f"{result.again} sent again, lost {result.lost}, failures {dict(result.failures)}, "
        f"in {result.seconds:.1f} s"
    )
    out.print(f"alarms {result.alarms}, causes {result.causes}, tickets {result.tickets}")
    out.print(f"most that waited {result.behind:,}; nothing after {result.drained:.1f} s")
    cpu = ", ".join(f"{name} {spent:.0f}" for name, spent in result.cpu.items())
    out.print(f"CPU seconds: {cpu}; others used {result.others:.0%} of the machine")
    verdict = "within" if result.p99 <= TARGET else "ABOVE"
    out.print(f"p99 {verdict} {TARGET:g} ms; {'right' if result.right else 'NOT RIGHT'}")
