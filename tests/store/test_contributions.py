"""Tests that figures and points from kept contributions are those of a recount, to the last unit.

The recount here knows nothing of rows and sums: each ticket is replayed up to the moment, and the
pack's formulas are asked.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from domain.activity_io import Projection
from domain.events import Event
from domain.facts.closing import CalledBack, Replied
from domain.facts.merging import RepliedWithParent
from domain.pack.pack import Pack
from domain.pack.periods import Period, days_of, month_of
from domain.policy.condition_inputs import case_of, due_of
from domain.ticket.stages import Outcome
from packs.conditions import OF_TICKETS, compile_condition
from store.db import tables
from store.db.engine import Store
from store.db.figure_tables import contribution, figure_formulas, figure_mark, figure_sum
from store.reporting.contribution_keeping import (
    drop,
    keep,
    kept_sets,
    known,
    scan,
    settle,
    unused,
    waiting,
)
from store.reporting.figures import Figure, figures
from store.reporting.formulas import formulas_of
from store.reporting.scores import scores, scores_from_events
from store.tickets.event_replay import TicketReplay, each_replay
from store.tickets.projector import Projector
from tests.store.counting import SHIPPED, kept
from tests.store.population import Busy
from tests.store.random_lives import lives
from tests.store.stories import START, complaint, project
from tests.support.seeds import dice

CITY = "tongzhou"
LONG = os.environ.get("JIESU_LONG") == "1"
TICKETS = 10_000 if LONG else 160
DAY = timedelta(days=1)


def _here(city: str) -> Pack:
    """Return the formulas of a shipped pack, of one city with all others."""
    pack = SHIPPED.get(city)
    return pack.model_copy(update={"city": pack.city.model_copy(update={"id": CITY})})


PACKS = [_here(city) for city in ("tongzhou", "heping", "huangpu", "jinan", "langfang")]


@dataclass
class Recounted:
    """One ticket as of a moment."""

    moments: dict[str, datetime | None]
    case: dict[str, Any]
    flags: tuple[int, int, int]


def _called_in_vain(events: Sequence[Event]) -> bool:
    calls = list[bool]()
    for event in events:
        if isinstance(event.fact, Replied | RepliedWithParent):
            calls.clear()
        elif isinstance(event.fact, CalledBack):
            calls.append(event.fact.reached)
    return bool(calls) and not any(calls)


async def _recounted(store: Store, as_of: datetime) -> list[Recounted]:
    numbers = [row.number for row in await store.rows(select(tables.ticket.c.number))]
    found = list[Recounted]()

    def look(replay: TicketReplay) -> None:
        ticket, events = replay.begun(), list[Event]()
        for event, current in replay.steps(as_of):
            events.append(event)
            ticket = current
        unrated = ticket.ended_at is not None and ticket.verdict is None
        vain = ticket.outcome is Outcome.UNRATED and _called_in_vain(events)
        moments = {
            "ended": ticket.ended_at,
            "filed": ticket.complaint.filed_at,
            "due": due_of(ticket),
        }
        case = case_of(ticket, as_of).model_dump()
        found.append(Recounted(moments, case, (ticket.excluded, unrated, vain)))

    assert await each_replay(store, sorted(numbers), look) == []
    return found


def _expected(pack: Pack, period: Period, recounted: Sequence[Recounted]) -> list[Any]:
    """Return value, counts and tickets of each indicator, by brute force."""
    expected = []
    for one in pack.indicators:
        over = compile_condition(one.over, OF_TICKETS)
        counts = compile_condition(one.counts, OF_TICKETS)
        whole, units, beside, named = Counter[str](), Counter[str](), Counter[int](), []
        for ticket in recounted:
            if ticket.moments[one.by] not in period:
                continue
            beside.update({0: 1} | {n + 1: int(flag) for n, flag in enumerate(ticket.flags)})
            seen = {**ticket.case, "excluded": False}
            if not over.holds(t=seen):
                continue
            counted, excluded = counts.holds(t=seen), ticket.flags[0]
            named.append((seen["number"], counted, bool(excluded), seen["unit"]))
            for sums, of in ((whole, ""), (units, seen["unit"])):
                sums.update([f"{of}/before"] + [f"{of}/before+"] * counted)
                if not excluded:
                    sums.update([f"{of}/after"] + [f"{of}/after+"] * counted)
        units = Counter({key: n for key, n in units.items() if not key.startswith("/")})
        expected.append((one.id, +whole, units, [beside[n] for n in range(4)], sorted(named)))
    return expected


def _found(figure: Figure, listed: Figure) -> Any:
    whole, units = Counter[str](), Counter[str]()
    for sums, values in ((whole, {"": figure.value}), (units, figure.units)):
        for of, value in values.items():
            for when in ("before", "after"):
                ratio = getattr(value, when)
                sums[f"{of}/{when}"], sums[f"{of}/{when}+"] = ratio.of, ratio.part
    beside = [figure.tickets, figure.excluded, figure.unrated, figure.not_reached]
    named = [(one.number, one.counts, one.excluded, one.unit) for one in listed.counted]
    assert (listed.value, listed.units) == (figure.value, figure.units)
    return figure.indicator.id, +whole, +units, beside, sorted(named)


def _looks(pack: Pack) -> Iterator[tuple[datetime, list[Period]]]:
    """Yield moments, and the periods that are looked at then."""
    november, october = month_of(pack, "2024-11"), month_of(pack, "2024-10")
    day = START.date()
    half = days_of(pack, day - timedelta(days=17), day + timedelta(days=20))
    odd = Period(START - 31 * DAY + timedelta(seconds=77), START + 5 * DAY + timedelta(hours=1))
    year = days_of(pack, day.replace(month=1, day=1), day.replace(year=2025, month=1, day=1))
    yield october.until, [october]
    yield november.until, [november, october]
    yield odd.until, [odd, month_of(pack, "2024-09")]
    yield half.until + timedelta(hours=7, microseconds=3), [half, november]
    yield year.until, [year]
    until = datetime(2025, 8, 5, 3, 4, 5, tzinfo=UTC)
    yield until, [Period(month_of(pack, "2025-08").since, until), year]


async def _check(store: Store) -> int:
    compared = 0
    for as_of, periods in _looks(PACKS[0]):
        recounted = await _recounted(store, as_of)
        for pack in PACKS:
            for period in periods:
                summed = await figures(store, pack, period, as_of=as_of)
                listed = await figures(store, pack, period, as_of=as_of, tickets=True)
                both = zip(summed.figures, listed.figures, strict=True)
                told = [_found(*pair) for pair in both]
                assert told == await asyncio.to_thread(_expected, pack, period, recounted)
                compared += len(told)
    return compared


async def _projected(store: Store, told: Sequence[list[Projection]]) -> None:
    """Write many tickets' projections; those of different tickets share transactions."""
    projector = Projector(store)
    for step in zip_longest(*told):
        await asyncio.gather(*(projector.project(each) for each in step if each is not None))
    await projector.close()


async def test_every_indicator_agrees_with_a_recount_from_events(sqlite_store: Store) -> None:
    """Merges, reopenings, exclusions; some settled, some marked; before and after more happened."""
    store, chance = sqlite_store, dice("contributions")
    told = list(lives(chance, CITY, TICKETS))
    begun = [life[: chance.randint(1, len(life))] for life in told]
    await _projected(store, begun)
    await kept(store, *PACKS)
    assert await _check(store) > len(PACKS)
    rest = [life[len(first) :] for life, first in zip(told, begun, strict=True)]
    await _projected(store, rest[: TICKETS // 4])
    assert await waiting(store) > 0
    await _check(store)
    await _projected(store, rest[TICKETS // 4 :])
    await kept(store)
    assert await waiting(store) == 0
    await _check(store)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.version)
async def test_points_agree_with_a_recount_from_events(store: Store, pack: Pack) -> None:
    chance = dice("points", pack.version)
    told = list(lives(chance, CITY, 600 if LONG else 50))
    half = len(told) // 2
    await project(store, *told[:half])
    await kept(store, pack)
    for _ in range(2):
        for as_of, periods in _looks(pack):
            for period in periods:
                again = await scores_from_events(store, pack, period, as_of=as_of)
                assert await scores(store, pack, period, as_of=as_of) == again
                unit = next((one.unit for one in again.units if one.rules), "U1")
                earned = await scores(store, pack, period, as_of=as_of, unit=unit)
                assert earned == await scores_from_events(
                    store, pack, period, as_of=as_of, unit=unit
                )
        await project(store, *told[half:])


def _answered(grade: int = 5) -> list[Any]:
    one = Busy(complaint(city=CITY))
    return [*one.answered_by("water", grade=grade), one.watched()]


async def test_sums_are_those_of_the_rows(store: Store) -> None:
    await project(store, *lives(dice("sums"), CITY, 40))
    await kept(store, PACKS[0])
    rows = await store.rows(select(func.count()).select_from(contribution))
    assert rows[0][0] > 0
    for one in await store.rows(select(figure_sum)):
        assert one.n != 0


async def test_a_ticket_that_changes_while_it_is_read_stays_marked(store: Store) -> None:
    first, *rest = _answered()
    await project(store, [first])
    await keep(store, formulas_of(PACKS[0]), START)
    (one,) = await kept_sets(store, SHIPPED)
    await scan(store, one)
    (one,) = await kept_sets(store, SHIPPED)
    mark = await store.first(select(figure_mark))
    await project(store, rest)
    changed = await store.first(select(figure_mark))
    assert mark is not None and changed is not None
    assert (mark.number, mark.token != changed.token) == (changed.number, True)
    assert await settle(store, []) == 0  # one set is not known to it
    assert await waiting(store) == 1
    assert await settle(store, [one]) == 1
    assert await waiting(store) == 0


async def test_formulas_that_were_not_kept_are_computed_from_events_and_kept(store: Store) -> None:
    await project(store, _answered())
    pack, period = PACKS[0], Period(START, START + DAY)
    formulas = formulas_of(pack)
    told = await figures(store, pack, period)
    found = await known(store, formulas)
    assert found is not None and not found.scanned
    await kept(store)
    assert await figures(store, pack, period) == told
    assert told.figures[0].tickets == 1


async def test_what_nobody_asks_for_is_dropped(store: Store) -> None:
    await project(store, _answered())
    await kept(store, PACKS[0], PACKS[1], now=START)
    ids = [one.id for one in await kept_sets(store, SHIPPED)]
    assert await unused(store, START + DAY, ids[:1]) == ids[1:]
    await drop(store, ids[1])
    assert [row.id for row in await store.rows(select(figure_formulas))] == ids[:1]
    formulas = contribution.c.formulas
    assert {row.formulas for row in await store.rows(select(formulas))} <= {ids[0]}


async def test_an_event_that_is_deleted_breaks_a_ticket_that_was_kept(store: Store) -> None:
    life = _answered()
    await project(store, life, _answered())
    await kept(store, PACKS[0])
    number, event = life[0].ticket.complaint.number, tables.event.c
    await store.change(delete(tables.event).where(event.number == number, event.version == 2))
    for _ in range(2):
        found = await figures(store, PACKS[0], Period(START, START + DAY))
        assert (found.broken, found.figures[0].tickets) == ([number], 1)
        await kept(store)
