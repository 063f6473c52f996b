"""The store with a large simulated history: how long each question takes, on each database."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, func, select, text

from demo.history.arrivals import ArrivalGroup, groups
from demo.history.filling import HistoryFilling, fill
from demo.history.making import DayMaker, DayNumbers
from domain.activity_io import Projection
from domain.pack.periods import Period, beginning_of
from domain.policy.record import record
from domain.policy.work_queues import Queue
from domain.search.query import parsed
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from store.db import schema, tables
from store.db.engine import Store
from store.reporting import board, common_problems, hot_spots
from store.reporting.figures import figures
from store.reporting.hot_spots import HotSpotsQuery
from store.reporting.places import places
from store.reporting.published_answers import answers
from store.reporting.ranking import rank_units
from store.reporting.scores import scores
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Vault
from store.tickets import assignments, inbox, simulated, tickets, work_queues
from store.tickets.projector import Projector
from store.tickets.search_reading import Question, matches
from store.tickets.tickets import Filters
from store.topics import book
from store.topics.rebuilding import rebuild

_BUSIEST = (
    select(tables.assignment.c.unit, func.count().label("open"))
    .where(tables.assignment.c.ended_at.is_(None))
    .group_by(tables.assignment.c.unit)
    .order_by(func.count().desc())
    .limit(1)
)
CITY, MONTHS, SEED = "tongzhou", 12, 1
TARGET = 0.1
"""Seconds above which a question is named as slow."""

_ROUNDS, _LEAST = 100, 2
_LONGEST = 4.0
"""A question is asked a hundred times, or for so many seconds, at least twice."""


@dataclass(frozen=True)
class StoreAnswer:
    """A question with its seconds, the median and that of the slowest hundredth, and its rows.

    Of fewer than a hundred rounds the latter is the slowest.
    """

    question: str
    p50: float
    p99: float
    rows: int


@dataclass(frozen=True)
class StoreReport:
    """The measurements of one database.

    `filled`: tickets per second while it was filled. `recorded`: lifecycles per second that the
    projector records in it, and in an empty store.
    """

    database: str
    tickets: int
    filled: float | None
    answers: list[StoreAnswer]
    recorded: tuple[float, float]


async def measure_store(
    count: int, say: Callable[[str], None], urls: Sequence[tuple[str, str, str | None]]
) -> list[StoreReport]:
    """Measure stores, each by its database's name, its URL, and that of an empty one beside it.

    A store that has a simulated history is measured as it is; any other is filled first.
    """
    reports = []
    for database, url, beside in urls:
        empty = await _recorded_at(beside) if beside else 0.0
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            filled = await _fill(store, count, say)
            asked = [await _ask(*one, say) for one in (await _questions(store)).items()]
            there = sum(row.tickets for row in await simulated.simulations(store))
            reports.append(
                StoreReport(database, there, filled, asked, (await _recorded(store), empty))
            )
        finally:
            await store.close()
    return reports


async def _fill(store: Store, tickets: int, say: Callable[[str], None]) -> float | None:
    if await simulated.simulations(store):
        return None
    say(f"simulating {tickets} tickets")
    filling = HistoryFilling(CITY, tickets, MONTHS, SEED, _today())
    vault, began = Vault(KeyRing({1: bytes(32)})), time.perf_counter()
    root = default_root()
    done = await fill(store, vault, PackRegistry(root), root, filling, lambda _: None)
    seconds = time.perf_counter() - began
    await store.write(_analyzed)
    say("topics")
    await rebuild(store, CITY, datetime.now(UTC), lambda _: None)
    return done.tickets / seconds


def _analyzed(connection: Connection) -> None:
    """Have the database know its tables, as it does by itself in time."""
    connection.execute(text("ANALYZE"))


def _today() -> date:
    return datetime.now(UTC).date()


Asking = Callable[[], Awaitable[int]]


async def _ask(question: str, ask: Asking, say: Callable[[str], None]) -> StoreAnswer:
    say(question)
    seconds: list[float] = []
    rows = 0
    for n in range(_ROUNDS):
        began = time.perf_counter()
        rows = await ask()
        seconds.append(time.perf_counter() - began)
        if sum(seconds) > _LONGEST and n + 1 >= _LEAST:
            break
    ordered = sorted(seconds)
    worst = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return StoreAnswer(question, ordered[len(ordered) // 2], worst, rows)


async def _questions(store: Store) -> dict[str, Asking]:
    """Return the questions, each as a call that returns how many rows it found."""
    pack, now = PackRegistry(default_root()).get(CITY), datetime.now(UTC)
    since = beginning_of(pack, (now - timedelta(days=35)).date())
    month = Period(since, since + timedelta(days=30))
    year = Period(now - timedelta(days=365), now)
    some = await tickets.page(store, Filters(city=CITY, open=False), None, 1)
    number = some.rows[0].number
    busiest = await store.first(_BUSIEST)
    unit = busiest.unit if busiest else "city-management"
    queues = list(Queue)
    spots = HotSpotsQuery(CITY, month)

    async def search(words: str) -> int:
        conditions = tickets.conditions_of(Filters(city=CITY), now)
        question = Question(parsed(words).words, CITY, conditions=conditions)
        return len((await matches(store, question, None, 50)).ids)

    async def ticket() -> int:
        state = await tickets.state(store, number)
        return len(await tickets.events(store, number)) if state else 0

    async def league() -> int:
        counted = await figures(store, pack, month, as_of=now)
        return len(rank_units(pack, counted.figures))

    return {
        "inbox of the busiest unit": lambda: _len(assignments.inbox(store, unit), "rows"),
        "inbox, counts": lambda: _len(inbox.counts(store, unit, CITY, None, now)),
        "list of all": lambda: _len(tickets.page(store, Filters(city=CITY)), "rows"),
        "list of open": lambda: _len(tickets.page(store, Filters(city=CITY, open=True)), "rows"),
        "list of a category": lambda: _len(
            tickets.page(store, Filters(city=CITY, category="0204")), "rows"
        ),
        "list, counts by stage": lambda: _len(tickets.counts(store, CITY)),
        "queues": lambda: _len(work_queues.page(store, queues, CITY), "rows"),
        "queues, counts": lambda: _len(work_queues.counts(store, queues, CITY)),
        "search, words of many": lambda: search("路灯"),
        "search, words of few": lambda: search("木工 工资"),
        "search, no hits": lambda: search("没有这样的词"),
        "ticket page": ticket,
        "board": lambda: _one(board.board(store, pack, now)),
        "published answers": lambda: _len(answers(store, CITY, None, 20), "tickets"),
        "places": lambda: _one(places(store, CITY, "", 9, month, now)),
        "spots of a month": lambda: _len(hot_spots.spots(store, spots)),
        "spots of a year": lambda: _len(hot_spots.spots(store, HotSpotsQuery(CITY, year))),
        "common problems of a month": lambda: _len(
            common_problems.topics(store, CITY, month.since, month.until, 3)
        ),
        "topics": lambda: _len(book.topics(store, CITY, 2, None, 50)),
        "scores of a month": lambda: _one(scores(store, pack, month, as_of=now)),
        "league of a month": league,
        "scores of a year": lambda: _one(scores(store, pack, year, as_of=now)),
        "figures of a month": lambda: _one(figures(store, pack, month, as_of=now)),
        "figures of a year": lambda: _one(figures(store, pack, year, as_of=now)),
    }


async def _len(asked: Awaitable[Any], name: str = "") -> int:
    found = await asked
    return len(getattr(found, name) if name else found)


async def _one(asked: Awaitable[Any]) -> int:
    await asked
    return 1


# --- recording ------------------------------------------------------------------------------------

_LIVES, _TOGETHER = 60, 20


async def _recorded_at(url: str) -> float:
    await schema.upgrade(url)
    store = Store.open(url)
    try:
        return await _recorded(store)
    finally:
        await store.close()


async def _recorded(store: Store) -> float:
    """Return how many whole lifecycles the projector records in a second, one event at a time."""
    registry = PackRegistry(default_root())
    pack, day = registry.get(CITY), _today()
    seed = f"bench/{time.time_ns()}"
    history = HistoryFilling(CITY, _LIVES, 1, SEED, day).history(pack)
    maker = DayMaker(pack, registry, history)
    numbers = DayNumbers(day, iter(range(time.time_ns() % 900_000, 999_999)))
    lives = [
        _projections(maker, group, numbers.next())
        for group in groups(pack, seed, day - timedelta(days=30), _LIVES, [])
    ]
    projector, places_ = Projector(store), asyncio.Semaphore(_TOGETHER)

    async def write(projections: Sequence[Projection]) -> None:
        async with places_:
            for projection in projections:
                await projector.project(projection)

    began = time.perf_counter()
    await asyncio.gather(*(write(life) for life in lives))
    seconds = time.perf_counter() - began
    await projector.close()
    return len(lives) / seconds


def _projections(maker: DayMaker, group: ArrivalGroup, number: str) -> list[Projection]:
    identity, _ = maker.identity(group, 0, number)
    life, _ = maker.live(group, identity, 0)
    ticket, made = Ticket.of(life.ticket.complaint), []
    for event in life.events:
        record(ticket, event.fact, event.actor, event.at)
        told = simulated.projection_of(event.version)
        made.append(Projection(ticket=ticket.model_copy(deep=True), events=[event], told=told))
    return made


# --- the table ------------------------------------------------------------------------------------


def show(out: Console, reports: Sequence[StoreReport]) -> None:
    """Print the reports side by side, in milliseconds."""
    first = reports[0]
    table = Table(title=f"milliseconds, {first.tickets} simulated tickets")
    table.add_column("question")
    for report in reports:
        for heading in (f"{report.database} p50", "p99", "rows"):
            table.add_column(heading, justify="right")
    for n, one in enumerate(first.answers):
        cells = []
        for report in reports:
            answer = report.answers[n]
            cells += [f"{answer.p50 * 1e3:.1f}", f"{answer.p99 * 1e3:.1f}", str(answer.rows)]
        table.add_row(one.question, *cells)
    out.print(table)
    for report in reports:
        filled = f"{report.filled:.0f} tickets/s while filling, " if report.filled else ""
        here, empty = report.recorded
        beside = f", {empty:.0f} in the empty store" if empty else ""
        out.print(f"{report.database}: {filled}{here:.0f} lifecycles/s recorded{beside}")
        slow = [one.question for one in report.answers if one.p50 >= TARGET]
        if slow:
            out.print(f"{report.database}, above {TARGET * 1e3:g} ms: {', '.join(slow)}")


def as_dict(reports: Sequence[StoreReport]) -> list[dict[str, Any]]:
    """Return the reports for JSON."""
    return [asdict(report) for report in reports]
