"""A week of grid workers: their phones send what they wrote, some of it twice, over HTTP.

The days follow one another without waiting: each worker sends one batch for each. What is sent
twice has to be there once, every report has to become a ticket, and the engine must have nothing
left to do at the end.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bench.machine import machine
from bench.product_driver import CATEGORY, CITY
from bench.system import BenchSystem, bench_system
from domain.actors import Role
from domain.ticket.complaint import Channel
from domain.ticket.stages import Stage
from store.db import grid_tables, tables
from store.db.engine import Store
from store.grid import workers as appointments
from store.grid.workers import Worker
from store.identity import tokens

WORKERS, DAYS = 3000, 7
DIARIES = 2
"""Diary entries of a worker and day."""

REPORTS = 20
"""One worker in so many reports something on a day."""

TWICE = 10
"""One batch in so many is sent twice, as by a phone that did not hear the answer."""

PER_BATCH = 2.0
"""The most seconds of 99 in 100 batches, with `_AT_ONCE` phones at a time."""

STREET, CELL = "110112001", "110112001901001"
_AT_ONCE = 8
_PATIENCE = 600.0


@dataclass(frozen=True)
class GridWeek:
    """A week as it was measured. `wrong`: what is not there, or not once."""

    workers: int
    days: int
    entries: int
    tickets: int
    seconds: float
    batch_p50: float
    batch_p99: float
    settled_after: float
    store_bytes: int
    wrong: list[str]

    @property
    def per_second(self) -> float:
        return round(self.entries / self.seconds, 1)

    @property
    def right(self) -> bool:
        return not self.wrong and self.batch_p99 <= PER_BATCH

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "per_second": self.per_second, "machine": machine()}


async def grid_week(workers: int, days: int, say: Callable[[str], None]) -> GridWeek:
    """Let so many workers send so many days to an installation of their own."""
    say(f"{workers} workers, {days} days, {_AT_ONCE} phones at a time")
    async with bench_system(floor=False) as system:
        people = [await _appointed(system.store, n) for n in range(workers)]
        began, before = time.monotonic(), _size(system)
        taken: list[float] = []
        async with httpx.AsyncClient(
            base_url=f"http://{system.settings.api_host}:{system.settings.api_port}", timeout=60
        ) as http:
            for day in range(days):
                taken += await _day(http, people, day)
                say(f"day {day + 1}: {len(taken)} batches")
        seconds = time.monotonic() - began
        wrong = await _missing(system, workers, days)
        return GridWeek(
            workers=workers,
            days=days,
            entries=sum(_entries(n, day) for n in range(workers) for day in range(days)),
            tickets=sum(_reports(n, day) for n in range(workers) for day in range(days)),
            seconds=round(seconds, 1),
            batch_p50=round(median(taken), 4),
            batch_p99=round(quantiles(taken, n=100)[98], 4),
            settled_after=round(time.monotonic() - began - seconds, 1),
            store_bytes=_size(system) - before,
            wrong=wrong,
        )


async def _appointed(store: Store, n: int) -> str:
    """Appoint a worker, and return the token that their phone shows."""
    name, text = await tokens.issue(store, Role.GRID_WORKER, STREET, f"grid {n}", city=CITY)
    await appointments.appoint(store, Worker(name, CITY, CELL, True, datetime.now(UTC), None), "")
    return text


async def _day(http: httpx.AsyncClient, people: Sequence[str], day: int) -> list[float]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def sent(n: int, token: str) -> list[float]:
        async with room:
            batch = [_entry(n, day, which) for which in range(_entries(n, day))]
            times = 2 if (n + day) % TWICE == 0 else 1
            return [await _send(http, token, batch) for _ in range(times)]

    return [one for each in await asyncio.gather(*map(sent, range(len(people)), people))
            for one in each]  # fmt: skip


async def _send(http: httpx.AsyncClient, token: str, batch: list[dict[str, Any]]) -> float:
    """Send a batch until all of it is settled; return the seconds of the first answer."""
    began, first = time.monotonic(), 0.0
    while batch:
        answer = await http.post(
            "/api/v1/grid/entries",
            json={"entries": batch},
            headers={"Authorization": f"Bearer {token}"},
        )
        first = first or time.monotonic() - began
        answer.raise_for_status()
        again = {one["id"] for one in answer.json()["items"] if not one["settled"]}
        batch = [one for one in batch if one["id"] in again]
    return first


def _reports(n: int, day: int) -> int:
    return int((n + 7 * day) % REPORTS == 0)


def _entries(n: int, day: int) -> int:
    return DIARIES + _reports(n, day)


def _entry(n: int, day: int, which: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"bench-{n:06d}-{day:03d}-{which:03d}",
        "at": datetime.now(UTC).isoformat(),
    }
    if which < DIARIES:
        return made | {"kind": "diary", "text": f"居民反映第 {n} 号楼早高峰水压偏低。"}
    place = {"area": CELL, "address": f"{n} 号楼 {day}"}
    return made | {"kind": "report", "text": "井盖松动。", "category": CATEGORY, "place": place}


def _size(system: BenchSystem) -> int:
    """Return the bytes of the store's files."""
    return sum(path.stat().st_size for path in system.settings.home.glob("jiesu.db*"))


async def _missing(system: BenchSystem, workers: int, days: int) -> list[str]:
    """Wait until every report is a ticket that a unit handles; name what is not as it has to be."""
    diaries = DIARIES * workers * days
    reports = sum(_reports(n, day) for n in range(workers) for day in range(days))
    ends, handled = time.monotonic() + _PATIENCE, 0
    ticket = tables.ticket.c
    while time.monotonic() < ends:
        handled = await _count(
            system.store, ticket.number, ticket.stage == Stage.HANDLE.value,
            ticket.channel == Channel.GRID.value,
        )  # fmt: skip
        if handled >= reports:
            break
        await asyncio.sleep(0.5)
    entry = grid_tables.entry.c
    found = {
        "entries": (await _count(system.store, entry.id), diaries + reports),
        "entries settled": (
            await _count(system.store, entry.id, entry.settled.is_(True)), diaries + reports,
        ),
        "diary entries": (await _count(system.store, grid_tables.diary.c.id), diaries),
        "tickets that a unit handles": (handled, reports),
        "tickets": (await _count(system.store, ticket.number), reports),
    }  # fmt: skip
    return [f"{what}: {have}, not {want}" for what, (have, want) in found.items() if have != want]


async def _count(store: Store, column: Any, *conditions: Any) -> int:
    row = await store.first(select(func.count(column)).where(*conditions))
    return int(row[0]) if row else 0


def show(out: Console, week: GridWeek) -> None:
    """Print what was measured, and whether all of it is there once."""
    table = Table("what", "measured", title=f"{week.workers} grid workers, {week.days} days")
    for what, value in (
        ("entries", f"{week.entries}, {week.per_second} a second"),
        ("tickets", f"{week.tickets}, all with their unit {week.settled_after} s after the last"),
        ("a batch", f"median {week.batch_p50} s, 99 in 100 within {week.batch_p99} s"),
        ("the store", f"{week.store_bytes / max(week.entries, 1):.0f} bytes for each entry"),
    ):
        table.add_row(what, value)
    out.print(table)
    for line in week.wrong:
        out.print(line, markup=False)
    out.print("within all targets" if week.right else "NOT within all targets")
