"""Figures and points of a store with very many tickets, from kept contributions and from events.

Some tickets are written by the product's projector, over a year, and counted as they are anywhere.
What they contribute is then copied under other numbers, on other days and to other units, until
there are contributions of so many tickets; the events of the copies do not exist.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, func, select

from bench.growth import CATEGORY, CITY, TIER
from domain.activity_io import Projection
from domain.actors import CITIZEN, SYSTEM, Actor, Role
from domain.deadlines.registry import UNIT_CLOCKS
from domain.events import Fact
from domain.facts.aftercare import ClosedOnWatch, ExclusionGranted, ExclusionRequested
from domain.facts.closing import Rated, Replied
from domain.facts.handling import Handled, Signed
from domain.facts.intake import Accepted, Assigned, Classified
from domain.pack.city_days import CityDays
from domain.pack.pack import Pack
from domain.pack.periods import Period, beginning_of, month_of
from domain.pack.planning import plan_clocks
from domain.policy.record import record
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Channel, Complaint
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from store.db import schema
from store.db.engine import Store, default_url
from store.db.figure_tables import LAST, contribution, earned_point
from store.reporting import kept_rows
from store.reporting.contribution_keeping import KeptSet, keep, kept_sets, settle_all
from store.reporting.contributions import Contributions, EarnedPoint
from store.reporting.figures import figures, figures_from_events
from store.reporting.formulas import formulas_of
from store.reporting.ranking import points_table, rank_units
from store.reporting.scores import scores, scores_from_events
from store.tickets.numbers import new_number
from store.tickets.projector import Projector

TICKETS = 100_000
MONTH_TARGET, YEAR_TARGET = 0.1, 1.0
"""Seconds."""

_YEAR = 2025
_BASE = 1000
_MARKED = 20
"""The tickets that changed just now, as of some seconds with three changes each."""
_WATCHED = 8
"""The projections of a ticket that has ended, and was not excluded."""
_ROUNDS = 60
_AT_ONCE = 20_000
_DAY = 86_400 * 10**6
_SUPERVISOR = Actor(role=Role.SUPERVISOR, id="bench")


@dataclass(frozen=True)
class AskedOf:
    """A question, the median and the 99th percentile of its seconds, and its target."""

    question: str
    median: float
    p99: float
    target: float | None = None


async def counting(
    tickets: int, say: Callable[[str], None], store_url: str | None
) -> list[AskedOf]:
    """Measure a store with contributions of so many tickets, new or at `store_url`."""
    registry = PackRegistry(default_root())
    pack = registry.get(CITY)
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as folder:
        url = store_url or default_url(Path(folder))
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            there = await store.rows(select(func.count()).select_from(contribution))
            counted = [] if there[0][0] else await fill(store, registry, tickets, say)
            return [*counted, *await _questions(store, pack, say)]
        finally:
            await store.close()


async def _questions(store: Store, pack: Pack, say: Callable[[str], None]) -> list[AskedOf]:
    chance = Random(0)
    year = Period(
        beginning_of(pack, datetime(_YEAR, 1, 1, tzinfo=UTC).date()),
        beginning_of(pack, datetime(_YEAR + 1, 1, 1, tzinfo=UTC).date()),
    )
    middle = Period(month_of(pack, f"{_YEAR}-06").since, _middle())

    def month() -> Period:
        return month_of(pack, f"{_YEAR}-{chance.randint(1, 12):02d}")

    async def league(period: Period) -> None:
        found = await figures(store, pack, period)
        rank_units(pack, found.figures)
        points_table(pack, (await scores(store, pack, period)).units)

    questions: dict[str, tuple[Callable[[], Awaitable[object]], int, float | None]] = {
        "figures of a month": (lambda: figures(store, pack, month()), _ROUNDS, MONTH_TARGET),
        "points of a month": (lambda: scores(store, pack, month()), _ROUNDS, MONTH_TARGET),
        "league: both, ranked": (lambda: league(month()), _ROUNDS, MONTH_TARGET),
        "figures of a month in progress": (
            lambda: figures(store, pack, middle),
            _ROUNDS,
            MONTH_TARGET,
        ),
        "figures of a year": (lambda: figures(store, pack, year), 5, YEAR_TARGET),
        "points of a year": (lambda: scores(store, pack, year), 5, YEAR_TARGET),
        "tickets behind a month's figure": (
            lambda: figures(store, pack, month(), tickets=True, only=[pack.indicators[0].id]),
            5,
            None,
        ),
    }
    return [
        await _timed(question, ask, rounds, target, say)
        for question, (ask, rounds, target) in questions.items()
    ]


async def _timed(
    question: str,
    ask: Callable[[], Awaitable[object]],
    rounds: int,
    target: float | None,
    say: Callable[[str], None],
) -> AskedOf:
    say(question)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - began)
    seconds.sort()
    return AskedOf(question, seconds[len(seconds) // 2], seconds[int(0.99 * len(seconds))], target)


def _middle() -> datetime:
    return datetime(_YEAR, 6, 17, 5, 43, 21, tzinfo=UTC)


# --- the store ----------------------------------------------------------------------------------


async def fill(
    store: Store, registry: PackRegistry, count: int, say: Callable[[str], None]
) -> list[AskedOf]:
    """Write the tickets and the contributions; return what a ticket takes, both ways."""
    pack, chance = registry.get(CITY), Random(1)
    projector, base = Projector(store), min(count, _BASE)
    lives = [list(life(pack, chance)) for _ in range(base)]
    for step in zip_longest(*lives):  # many at once share a transaction
        await asyncio.gather(*(projector.project(each) for each in step if each is not None))
    await keep(store, formulas_of(pack), datetime.now(UTC))
    say(f"counting {base} tickets")
    began = time.perf_counter()
    await settle_all(store, await kept_sets(store, registry))
    kept_for = (time.perf_counter() - began) / base
    year = Period(datetime(_YEAR, 1, 1, tzinfo=UTC), datetime(_YEAR + 1, 1, 1, tzinfo=UTC))
    began = time.perf_counter()
    told = await figures_from_events(store, pack, year, as_of=year.until)
    replayed_for = (time.perf_counter() - began) / base
    if told.figures != (await figures(store, pack, year)).figures:
        raise RuntimeError("figures from contributions are not those from events")
    again = await scores_from_events(store, pack, year, as_of=year.until)
    if again.units != (await scores(store, pack, year)).units:
        raise RuntimeError("points from contributions are not those from events")
    (one,) = await kept_sets(store, registry)
    say(f"copying what they contribute until it is that of {count} tickets")
    await _copied(store, one, base, count, chance)
    watched = [one for one in lives if len(one) == _WATCHED]
    for one_life in watched[:_MARKED]:
        await projector.project(_touched(one_life[-1]))
    await projector.close()
    return [
        AskedOf("a ticket: counted and kept", kept_for, kept_for),
        AskedOf("a ticket: figures from events", replayed_for, replayed_for),
    ]


def _touched(last: Projection) -> Projection:
    """Return one more change of a ticket."""
    ticket = last.ticket.model_copy(deep=True)
    fact = ExclusionRequested(ground="mistaken", reason="bench", evidence=[])
    event = record(ticket, fact, _officer(ticket), last.events[-1].at + timedelta(minutes=5))
    return Projection(ticket=ticket, events=[event], told=last.told + 1)


def _officer(ticket: Ticket) -> Actor:
    return Actor(role=Role.OFFICER, id="bench", unit=ticket.unit)


def life(pack: Pack, chance: Random) -> Iterator[Projection]:
    """Yield a ticket's projections: over some days, some of them late, rated badly or excluded."""
    at = datetime(_YEAR, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(350 * 24 * 60))
    complaint = Complaint(
        number=new_number(at.date()),
        city=CITY,
        channel=chance.choice(list(Channel)),
        title="河道发黑发臭",
        text="小区门口的河水又黑又臭，请尽快治理。",
        filed_at=at,
    )
    ticket = Ticket.of(complaint)
    unit = chance.choice(pack.units).code
    clocks = plan_clocks(pack, UNIT_CLOCKS, TIER, at, assignment=1)
    solved = chance.random() < 0.8
    grade = Grade(chance.choice([1, 3, 4, 5, 5]))
    done = HandlingResult(reply="已清理。", resolved=solved)
    officer = Actor(role=Role.OFFICER, id="bench", unit=unit)
    facts: list[tuple[Fact, Actor]] = [
        (Accepted(rules=pack.rules(), clocks=[]), SYSTEM),
        (Classified(category=CATEGORY, tier=TIER, why="bench"), SYSTEM),
        (Assigned(assignment=1, unit=unit, queue="units", why="bench", clocks=clocks), SYSTEM),
        (Signed(assignment=1), officer),
        (Handled(assignment=1, result=done), officer),
        (Replied(text="已清理。", resolved=solved), SYSTEM),
        (Rated(rating=Rating(contacted=True, resolved=solved, grade=grade)), CITIZEN),
        (ClosedOnWatch(outcome=Outcome.CLOSED, reason="rated", clocks=[]), SYSTEM),
    ]
    if chance.random() < 0.05:
        asked = ExclusionRequested(ground="mistaken", reason="bench", evidence=[])
        facts += [(asked, officer), (ExclusionGranted(reason="bench"), _SUPERVISOR)]
    for n, (fact, who) in enumerate(facts[: 4 if chance.random() < 0.02 else None]):
        slow = chance.random() < 0.4
        at += timedelta(minutes=1 + (chance.randrange(4 * 24 * 60) if slow and n > 1 else 0))
        event = record(ticket, fact, who, at)
        yield Projection(ticket=ticket.model_copy(deep=True), events=[event], told=n + 1)


async def _copied(store: Store, one: KeptSet, base: int, count: int, chance: Random) -> None:
    """Copy contributions of the tickets, moved by whole days within their year, to other units."""
    found: dict[str, Contributions] = {}
    for row in await store.rows(select(contribution).order_by(contribution.c.n)):
        spans = found.setdefault(row.number, Contributions()).spans
        spans.append(kept_rows.contribution_of(row))
    for row in await store.rows(select(earned_point).order_by(earned_point.c.n)):
        points = found.setdefault(row.number, Contributions()).points
        points.append(EarnedPoint(row.since, row.until, row.counted, kept_rows.point_of(row)))
    templates, units = list(found.values()), [unit.code for unit in one.formulas.pack.units]
    sums = Counter[kept_rows.Key]()
    made = base
    while made < count:
        some = {}
        for _ in range(min(_AT_ONCE, count - made)):
            moved = _moved(
                chance.choice(templates), chance.randint(-180, 180) * _DAY, chance.choice(units)
            )
            some[one.id, f"9{made:012d}"] = moved
            made += 1
        await asyncio.to_thread(_sum, sums, some, one.formulas.days)
        await store.write(partial(kept_rows.insert_rows, some))
    await _add(store, sums)


async def _add(store: Store, sums: Counter[kept_rows.Key]) -> None:
    def work(connection: Connection) -> None:
        kept_rows.add(store, connection, sums)

    await store.write(work)


def _sum(
    sums: Counter[kept_rows.Key],
    some: dict[tuple[int, str], Contributions],
    days: CityDays,
) -> None:
    for (formulas, _), kept in some.items():
        for key, n in kept_rows.steps(formulas, kept, days):
            sums[key] += n


def _moved(kept: Contributions, by: int, unit: str) -> Contributions:
    def later(at: int | None) -> Any:
        return at if at is None or at == LAST else at + by

    times = ("since", "until", "gap", "filed", "ended", "due")
    return Contributions(
        [
            replace(
                one,
                **{name: later(getattr(one, name)) for name in times},
                unit=unit if one.unit else "",
            )
            for one in kept.spans
        ],
        [
            EarnedPoint(
                later(one.since),
                later(one.until),
                later(one.counted),
                replace(one.point, unit=unit),
            )
            for one in kept.points
        ],
    )


def show(out: Console, asked: list[AskedOf]) -> None:
    table = Table(title="milliseconds, with contributions of many tickets")
    for heading in ("question", "median", "p99", "target"):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for one in asked:
        target = "" if one.target is None else f"{one.target * 1000:.0f}"
        table.add_row(one.question, f"{one.median * 1000:.1f}", f"{one.p99 * 1000:.1f}", target)
    out.print(table)
    slow = [one.question for one in asked if one.target is not None and one.p99 > one.target]
    out.print(f"ABOVE the target: {', '.join(slow)}" if slow else "all within their targets")
