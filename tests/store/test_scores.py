"""Tests of points: a period's events, judged by the pack's rules, each traced to its event."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from domain.activity_io import Projection
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.anytime import LevelReached
from domain.facts.handling import ExtensionGranted
from domain.facts.intake import Reassigned
from domain.pack.catalogue import ScoringRule, UnitKind
from domain.pack.periods import Period, month_of
from packs.registry import default_root, load_pack
from store.db import tables
from store.db.engine import Store
from store.reporting.ranking import points_table
from store.reporting.scores import Scores, UnitScore
from store.tickets import tickets
from tests.store.counting import scores_both_ways
from tests.store.population import Busy, population
from tests.store.stories import DISPATCHER, START, clock, complaint, project

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TONGZHOU = load_pack(default_root() / "tongzhou")
HEPING = load_pack(default_root() / "heping")
FIRST_DAY = Period(START, START + DAY)
NOVEMBER = month_of(TONGZHOU, "2024-11")


def _rule(code: str, on: str, points: float, when: str = "true", to: str = "unit") -> ScoringRule:
    return ScoringRule.model_validate(
        {"code": code, "name": code, "name_en": code, "on": on}
        | {"when": when, "points": points}
        | {"to": to}
    )


SIGNED = _rule("S1", "signed", 0.1)
IN_TIME = _rule("S2", "handled", 2, "a.on_time && e.resolved")
HELPED = _rule("S3", "share_handled", 1, "a.on_time")
ABOVE = _rule("S4", "share_handled", -0.5, "a.late", "parent")
RED = _rule("S5", "rung_climbed", -1, "e.clock == 'handle' && e.rung == 'due'")
HAPPY = _rule("S6", "rated", 1, "e.grade == 5", "lead")
CLEARED = _rule("S7", "exclusion_granted", 1, to="lead")
PRAISED = _rule("S8", "answered", 3, "t.kind == 'praise'")
RULES = (SIGNED, IN_TIME, HELPED, ABOVE, RED, HAPPY, CLEARED, PRAISED)
PACK = TONGZHOU.model_copy(update={"scoring": RULES})


def _busy() -> Busy:
    return Busy(complaint(city="tongzhou"))


async def _scores(store: Store, period: Period = FIRST_DAY, unit: str | None = None) -> Scores:
    return await scores_both_ways(store, PACK, period, unit=unit)


def _of(unit_scores: Scores, unit: str) -> dict[str, int]:
    """Return the number of times each rule counted for a unit."""
    return next(dict(one.rules) for one in unit_scores.units if one.unit == unit)


def _points(unit_scores: Scores, unit: str) -> float:
    return next(one.points for one in unit_scores.units if one.unit == unit)


async def test_every_unit_begins_with_nothing(store: Store) -> None:
    unit_scores = await _scores(store)
    assert {one.unit for one in unit_scores.units} == {unit.code for unit in TONGZHOU.units}
    assert all(
        (one.points, one.left_out, dict(one.rules)) == (0, 0, {}) for one in unit_scores.units
    )
    assert (unit_scores.left_out, unit_scores.broken, unit_scores.earned) == (0, [], ())


async def test_each_point_is_traced_to_the_event_that_earned_it(store: Store) -> None:
    one = _busy()
    await project(store, [*one.answered_by("water"), one.closed()])
    unit_scores = await _scores(store, unit="water")
    assert _of(unit_scores, "water") == {"S1": 1, "S2": 1, "S6": 1}
    assert _points(unit_scores, "water") == 3.1
    events = {event.version: event for event in await tickets.events(store, one.number)}
    assert [(point.rule, point.points) for point in unit_scores.earned] == [
        ("S1", 0.1),
        ("S2", 2),
        ("S6", 1),
    ]
    for point in unit_scores.earned:
        event = events[point.version]
        assert (point.number, point.part, point.left_out) == (one.number, "lead", False)
        assert (point.at, point.event) == (event.at, event.kind)


async def test_tenths_add_up_to_a_whole(store: Store) -> None:
    lives = []
    for _ in range(10):
        one = _busy()
        lives.append([*one.begun("water"), one.signed()])
    await project(store, *lives)
    assert _points(await _scores(store), "water") == 1.0


@pytest.mark.parametrize("lead_first", [True, False])
async def test_units_that_work_together_are_each_judged_whoever_is_last(
    store: Store, lead_first: bool
) -> None:
    one = _busy()
    life = [*one.begun("110112003"), one.whistled("water"), one.whistled("market", hours=1)]
    first, last = (1, 2) if lead_first else (2, 1)
    life += [one.share_done(3, minutes=90), one.share_done(first), one.done(last)]
    await project(store, life)
    unit_scores = await _scores(store, unit="110112003")
    assert _of(unit_scores, "110112003") == {"S2": 1}
    assert _of(unit_scores, "water") == {"S3": 1}
    assert _of(unit_scores, "market") == {}
    assert [(point.part, point.rule) for point in unit_scores.earned] == [("lead", "S2")]


async def test_the_unit_above_answers_for_the_one_below(store: Store) -> None:
    one = _busy()
    life = [*one.begun("water"), one.delegated("river-station", hours=1)]
    await project(store, [*life, one.share_done(2, minutes=120), one.done(1)])
    unit_scores = await _scores(store)
    assert _of(unit_scores, "water") == {"S2": 1, "S4": 1}
    assert _of(unit_scores, "river-station") == {}
    assert _points(unit_scores, "water") == 1.5


async def test_a_clock_that_is_nobodys_brings_nobody_points(store: Store) -> None:
    one = _busy()
    fact = LevelReached(
        clock=ClockName.TRIAGE, rung=LevelKind.WARN, due_at=START + HOUR, unit="water"
    )
    await project(store, [one.accepted(), one.tell(fact)])
    pack = PACK.model_copy(update={"scoring": (_rule("T1", "rung_climbed", -1),)})
    assert all(one.points == 0 for one in (await scores_both_ways(store, pack, FIRST_DAY)).units)


@pytest.mark.must_work("tongzhou", "praise")
async def test_a_praise_that_the_desk_answers_is_for_the_unit_it_names(store: Store) -> None:
    await project(store, *population("tongzhou"))
    pack = PACK.model_copy(update={"scoring": (PRAISED,)})
    assert _points(await scores_both_ways(store, pack, NOVEMBER), "U1") == 3


async def test_excluded_tickets_do_not_count_and_are_said(store: Store) -> None:
    mistaken, story = _busy(), _busy()
    life = [*mistaken.answered_by("water"), mistaken.watched(), *mistaken.excluded()]
    await project(store, life, [*story.answered_by("water"), story.watched()])
    unit_scores = await _scores(store, unit="water")
    # A point for the exclusion itself does not belong to the excluded ones.
    assert _of(unit_scores, "water") == {"S1": 1, "S2": 1, "S6": 1, "S7": 1}
    assert (_points(unit_scores, "water"), unit_scores.left_out) == (4.1, 1)
    assert next(one.left_out for one in unit_scores.units if one.unit == "water") == 1
    left_out = [point for point in unit_scores.earned if point.left_out]
    assert [(point.number, point.rule) for point in left_out] == [
        (mistaken.number, rule) for rule in ("S1", "S2", "S6")
    ]


async def test_a_past_period_stays_what_it_was(store: Store) -> None:
    one = _busy()
    await project(store, [*one.answered_by("water"), one.watched()])
    published = await _scores(store)
    one.at += 3 * DAY
    await project(store, one.excluded())
    assert await _scores(store) == published
    later = await scores_both_ways(store, PACK, FIRST_DAY, as_of=one.at + DAY)
    assert (_points(later, "water"), later.left_out) == (0, 1)


async def test_each_event_counts_in_one_period(store: Store) -> None:
    one = _busy()
    life = [*one.begun("water", hours=30), one.signed()]
    one.at += DAY
    await project(store, [*life, one.done(1), one.replied(), one.rated(5), one.watched()])
    days = [Period(START + n * DAY, START + (n + 1) * DAY) for n in range(3)]
    assert [_points(await _scores(store, day), "water") for day in days] == [0.1, 3.0, 0]


async def test_a_card_that_was_taken_back_costs_nothing_once_it_is(store: Store) -> None:
    """An extension requested in time, and granted a day after the red card."""
    one = _busy()
    life = [*one.begun("water"), one.more_time_asked(), one.late(ClockName.HANDLE)]
    one.at += DAY
    longer = [clock(ClockName.HANDLE, one.at, 24, 1)]
    granted = ExtensionGranted(assignment=1, reason="Yes.", clocks=longer)
    await project(store, [*life, one.tell(granted, by=DISPATCHER)])
    published = await _scores(store, unit="water")
    assert [(point.rule, point.points) for point in published.earned] == [("S5", -1)]
    later = await scores_both_ways(store, PACK, FIRST_DAY, as_of=one.at + DAY, unit="water")
    assert (_of(later, "water"), later.earned, later.left_out) == ({}, (), 0)


async def test_what_the_citizen_is_promised_costs_no_unit_anything(store: Store) -> None:
    one = _busy()
    await project(store, [*one.begun("water"), one.late(ClockName.PROMISE, None)])
    pack = PACK.model_copy(update={"scoring": (_rule("T1", "rung_climbed", -1),)})
    unit_scores = await scores_both_ways(store, pack, FIRST_DAY, unit="water")
    assert unit_scores.earned == ()


async def test_a_unit_is_judged_by_its_own_limit_and_not_by_the_promise(store: Store) -> None:
    """The first unit was late with it; the second meets a limit of its own."""
    one = _busy()
    life = one.begun("water", hours=1)
    one.at += 2 * HOUR
    again = one.tell(Reassigned(assignment=1, unit="market", reason="r"), by=DISPATCHER)
    await project(store, [*life, again, one.led_by("market"), one.done(2), one.replied()])
    assert _of(await _scores(store), "market") == {"S2": 1}


async def test_a_rung_that_is_recorded_late_is_not_lost_between_two_periods(store: Store) -> None:
    one = _busy()
    life = [*one.begun("water", hours=23), one.signed()]
    due = one.ticket.running(ClockName.HANDLE, 1)
    one.at = START + DAY + HOUR
    life.append(one.contacted())
    one.at = due.due_at
    assert due.due_at in FIRST_DAY
    for kind in (LevelKind.WARN, LevelKind.DUE):
        fact = LevelReached(clock=ClockName.HANDLE, assignment=1, rung=kind, due_at=due.due_at)
        life.append(one.tell(fact, minutes=0))
    await project(store, life)
    next_day = Period(START + DAY, START + 2 * DAY)
    # At the end of the first day nothing was late.
    assert _of(await _scores(store), "water") == {"S1": 1}
    assert _of(await _scores(store, next_day), "water") == {"S5": 1}


async def test_a_broken_ticket_brings_nothing_and_is_named(store: Store) -> None:
    sound, broken = _busy(), _busy()
    await project(store, sound.answered_by("water"), broken.answered_by("water"))
    event = tables.event.c
    await store.change(
        delete(tables.event).where(event.number == broken.number, event.version == 6)
    )
    unit_scores = await _scores(store)
    assert unit_scores.broken == [broken.number]
    assert _of(unit_scores, "water") == {"S1": 1, "S2": 1, "S6": 1}


@pytest.mark.must_work("heping", "companies")
async def test_companies_are_assessed_by_what_they_did_in_the_month(store: Store) -> None:
    """Tianjin Heping scores the companies that rent out bicycles every month."""
    companies = [unit.code for unit in HEPING.units if unit.kind is UnitKind.CONTRACTOR]
    first, second, *others = companies
    prompt, late = Busy(complaint(city="heping")), Busy(complaint(city="heping"))

    def cleared(one: Busy, company: str, minutes: float) -> list[Projection]:
        life = [*one.begun("parking"), one.whistled(company)]
        return [*life, one.share_done(2, minutes=minutes), one.done(1)]

    await project(store, cleared(prompt, first, 30), cleared(late, second, 60 * 24))
    unit_scores = await scores_both_ways(store, HEPING, NOVEMBER, unit=first)
    table = points_table(HEPING, unit_scores.units, UnitKind.CONTRACTOR)
    assert {unit.code for unit, _ in table} == set(companies)
    assert {unit.kind for unit, _ in table} == {UnitKind.CONTRACTOR}
    points = {unit.code: score.points for unit, score in table}
    assert points[first] > 0 > points[second]
    assert all(points[code] == 0 for code in others)
    assert [unit.code for unit, _ in table][:: len(table) - 1] == [first, second]
    assert (
        next(point.rule for point in unit_scores.earned if point.event == "share_handled") == "BK01"
    )


def test_a_league_table_is_in_the_order_that_is_asked_for() -> None:
    bureaus = [unit.code for unit in TONGZHOU.units if unit.kind is UnitKind.BUREAU][:2]
    low, high = bureaus
    unit_scores = [UnitScore(high, 2.0), UnitScore(low, -2.0), UnitScore("gone", 1.0)]
    for score in unit_scores:
        score.rules["S1"] = 1
    tables = {
        order: [unit.code for unit, _ in points_table(TONGZHOU, unit_scores, None, order)]
        for order in ("highest", "lowest", "code")
    }
    assert tables == {
        "highest": [high, "gone", low],
        "lowest": [low, "gone", high],
        "code": sorted([*bureaus, "gone"]),
    }


@pytest.mark.parametrize("city", ["heping", "huangpu", "jinan", "langfang", "tongzhou"])
async def test_every_rule_of_every_city_can_be_asked(store: Store, city: str) -> None:
    pack = load_pack(default_root() / city)
    lives = population(city)
    happened = {event.kind for life in lives for projection in life for event in projection.events}
    assert {rule.on for rule in pack.scoring} <= happened, "the population is too small"
    await project(store, *lives)
    whole = Period(START, START + 2000 * DAY)
    unit_scores = await scores_both_ways(store, pack, whole, unit="U1")
    assert unit_scores.broken == []
    points = {rule.code: rule.points for rule in pack.scoring}
    for unit in unit_scores.units:
        expected = sum(points[rule] * times for rule, times in unit.rules.items())
        assert unit.points == pytest.approx(expected)
    counting = [point for point in unit_scores.earned if not point.left_out]
    assert sum(point.points for point in counting) == pytest.approx(_points(unit_scores, "U1"))
    assert counting
