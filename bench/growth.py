"""Answers that must not take longer as the store grows: published answers, search, and its end.

A store of so many tickets is made from a few that the product's projector wrote, under other
numbers and at other times of a year.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, func, insert, select

from domain.activity_io import Projection
from domain.actors import CITIZEN, SYSTEM, Actor, Role
from domain.deadlines.registry import UNIT_CLOCKS
from domain.events import Fact
from domain.facts.closing import Closed, Rated, Replied
from domain.facts.handling import Handled, Signed
from domain.facts.intake import Accepted, Assigned, Classified
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.pack.planning import plan_clocks
from domain.policy.record import record
from domain.search.query import parsed
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Channel, Complaint, Place
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from store.db import schema, tables
from store.db.engine import Store, default_url
from store.reporting.figures import figures
from store.reporting.published_answers import answers
from store.tickets import tickets
from store.tickets.numbers import new_number
from store.tickets.projector import Projector
from store.tickets.search_reading import Question, matches
from store.tickets.search_rebuild import rebuild
from store.tickets.tickets import Filters

TICKETS = 100_000
TARGET = 1.0
"""Seconds within which each question must be answered, and a cancelled one must have ended."""

CITY, UNIT, CATEGORY, TIER = "tongzhou", "water", "0301", "complex"
SELDOM, NEVER, OFTEN = "石拱桥", "没有这样的词", "河道"
_TEXT, _REPLY = "小区门口的河水又黑又臭，请尽快治理。" * 5, "已清理。"
_MADE = 400
_ROUNDS = 5
_OFFICER = Actor(role=Role.OFFICER, id="bench", unit=UNIT)


@dataclass(frozen=True)
class Asked:
    """A question, the median of its seconds, and how many rows it found."""

    question: str
    seconds: float
    rows: int


async def growth(tickets: int, say: Callable[[str], None], store_url: str | None) -> list[Asked]:
    """Measure a store of so many tickets: a new one, or that at `store_url` if it has any."""
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as folder:
        url = store_url or default_url(Path(folder))
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            there = await store.rows(select(func.count()).select_from(tables.ticket))
            if not there[0][0]:
                say(f"making {tickets} tickets")
                await fill(store, tickets)
                await rebuild(store, lambda _: None, anew=True)
            return [*await _questions(store, say), await _cancelled(store, say)]
        finally:
            await store.close()


async def _questions(store: Store, say: Callable[[str], None]) -> list[Asked]:
    async def search(text: str, **filters: Any) -> int:
        now = datetime.now(UTC)
        conditions = tickets.conditions_of(Filters(city=CITY, **filters), now)
        question = Question(parsed(text).words, CITY, conditions=conditions)
        return len((await matches(store, question, None, 50)).ids)

    async def published(limit: int) -> int:
        return len((await answers(store, CITY, None, limit)).tickets)

    questions: dict[str, Callable[[], Awaitable[int]]] = {
        "published answers": lambda: published(20),
        "points of the public map": lambda: published(500),
        "words that are nowhere": lambda: search(text=NEVER),
        "words of a few": lambda: search(text=SELDOM),
        "words of many": lambda: search(text=OFTEN),
        "words that are nowhere, ended": lambda: search(text=NEVER, open=False),
        "words that are nowhere, at one stage": lambda: search(text=NEVER, stage="ended"),
    }
    asked = []
    for question, ask in questions.items():
        say(question)
        seconds, rows = [], 0
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            rows = await ask()
            seconds.append(time.perf_counter() - began)
        asked.append(Asked(question, median(seconds), rows))
    return asked


async def _cancelled(store: Store, say: Callable[[str], None]) -> Asked:
    """Measure how long the database works on after the caller of a year's figures has gone."""
    say("figures of a year, cancelled")
    pack, now = PackRegistry(default_root()).get(CITY), datetime.now(UTC)
    year = Period(now - timedelta(days=366), now)
    computing = asyncio.create_task(figures(store, pack, year, as_of=now))
    await asyncio.sleep(1.0)
    gone = time.perf_counter()
    computing.cancel()
    await asyncio.wait([computing])
    await store.close()  # waits for the work in progress
    return Asked("figures of a year, once cancelled", time.perf_counter() - gone, 0)


# --- the store ----------------------------------------------------------------------------------


async def fill(store: Store, count: int) -> None:
    """Write so many tickets."""
    pack, now = PackRegistry(default_root()).get(CITY), datetime.now(UTC)
    projector, made = Projector(store), min(count, _MADE)
    numbers = []
    for n in range(made):
        filed_at = now - timedelta(hours=2 + 22 * n)
        for projection in life(pack, n, filed_at):
            await projector.project(projection)
        numbers.append(projection.ticket.complaint.number)
    await projector.close()
    for table in (tables.ticket, tables.event):
        found = await store.rows(select(table))
        rows = [{str(key): value for key, value in row._mapping.items()} for row in found]
        await _copied(store, table, rows, numbers, count)


async def _copied(
    store: Store, table: Any, rows: list[dict[str, Any]], numbers: list[str], count: int
) -> None:
    """Copy the rows of the tickets until there are those of so many."""
    places = {number: n for n, number in enumerate(numbers)}
    for copy in range(1, -(-count // len(numbers))):
        others = [
            _copy(row, copy) for row in rows if copy * len(numbers) + places[row["number"]] < count
        ]
        await store.write(partial(_inserted, table, others))


def _inserted(table: Any, rows: list[dict[str, Any]], connection: Connection) -> None:
    connection.execute(insert(table), rows)


def _copy(row: dict[str, Any], copy: int) -> dict[str, Any]:
    number, other = row["number"], f"9{copy:05d}{row['number'][-7:]}"
    values = dict(row, number=other)
    for name in ("state", "fact"):
        if name in values:
            values[name] = values[name].replace(number, other)
    if "public" in values:
        values["public"] = values["public"] and copy % 50 == 0  # few of many are published
    for name in ("filed_at", "updated_at", "ended_at", "at"):
        if values.get(name) is not None:
            values[name] -= timedelta(seconds=copy)
    return values


def life(
    pack: Pack, n: int, filed_at: datetime, text: str = _TEXT, reply: str = _REPLY
) -> Iterator[Projection]:
    """Yield a ticket's projections; three of four have ended, one of ten is public."""
    seldom = SELDOM if n == _MADE // 2 else OFTEN
    complaint = Complaint(
        number=new_number(filed_at.date()),
        city=CITY,
        channel=Channel.HOTLINE,
        title=f"第 {n + 1} 段{seldom}发黑发臭，附近居民多次反映",
        text=text,
        filed_at=filed_at,
        public=n % 10 == 0,
        place=Place(address=f"玉带河大街 {n + 1} 号", lat=39.9, lon=116.65),
    )
    ticket = Ticket.of(complaint)
    clocks = plan_clocks(pack, UNIT_CLOCKS, TIER, filed_at, assignment=1)
    done = HandlingResult(reply=reply, resolved=True)
    rating = Rating(contacted=True, resolved=True, grade=Grade.SATISFIED)
    facts: list[tuple[Fact, Actor]] = [
        (Accepted(rules=pack.rules(), clocks=[]), SYSTEM),
        (Classified(category=CATEGORY, tier=TIER, why="bench"), SYSTEM),
        (Assigned(assignment=1, unit=UNIT, queue="units", why="bench", clocks=clocks), SYSTEM),
        (Signed(assignment=1), _OFFICER),
        (Handled(assignment=1, result=done), _OFFICER),
        (Replied(text=reply, resolved=True), SYSTEM),
        (Rated(rating=rating), CITIZEN),
        (Closed(outcome=Outcome.CLOSED, reason="rated"), SYSTEM),
    ]
    at = filed_at
    for fact, who in facts if n % 4 else facts[:4]:
        at += timedelta(minutes=1)
        event = record(ticket, fact, who, at)
        yield Projection(ticket=ticket.model_copy(deep=True), events=[event])


def show(out: Console, asked: list[Asked]) -> None:
    table = Table(title="seconds, with a store that has grown")
    for heading in ("question", "seconds", "rows"):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for one in asked:
        table.add_row(one.question, f"{one.seconds:.3f}", str(one.rows))
    out.print(table)
    slow = [one.question for one in asked if one.seconds >= TARGET]
    out.print(f"ABOVE {TARGET:g} s: {', '.join(slow)}" if slow else f"all within {TARGET:g} s")
