"""Tests of a period's published figures: before and after exclusion, and stable ever after."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from domain.activity_io import Projection
from domain.actors import Actor, Role
from domain.facts.aftercare import Reopened
from domain.facts.closing import CallBackDue, CalledBack
from domain.facts.intake import Reassigned
from domain.facts.joint import Intervened, LevelRaised
from domain.facts.merging import Merged, RepliedWithParent
from domain.facts.returning import Returned, ReturnRequested
from domain.pack.catalogue import Indicator
from domain.pack.condition_vocabulary import TicketFacts
from domain.pack.periods import Period, month_of
from packs.conditions import OF_TICKETS, compile_condition
from packs.registry import default_root, load_pack
from store.db import tables
from store.db.engine import Store
from store.reporting.figures import Figure, Figures, UnknownIndicator
from store.reporting.indicators import Ratio
from tests.store.counting import figures_both_ways
from tests.store.population import LIVES, Busy, population
from tests.store.stories import CITIZEN, DISPATCHER, START, complaint, project

DAY = timedelta(days=1)
TONGZHOU = load_pack(default_root() / "tongzhou")
FIRST_DAY = Period(START, START + DAY)
NOVEMBER = month_of(TONGZHOU, "2024-11")


def _indicator(code: str, over: str, counts: str, by: str = "ended") -> Indicator:
    return Indicator.model_validate(
        {"id": code, "name": code, "name_en": code, "over": over, "counts": counts, "by": by}
    )


RATED = _indicator("satisfaction", "t.rated", "t.satisfied")
RATED_ONLY = _indicator("counted", "t.rated && !t.excluded", "t.satisfied")
ON_TIME = _indicator("on_time", "t.answered || t.late", "t.on_time", "due")
ANSWERED = _indicator("answered", "t.outcome != 'withdrawn'", "t.answered", "filed")
PACK = TONGZHOU.model_copy(update={"indicators": (RATED, RATED_ONLY, ON_TIME, ANSWERED)})


def _busy() -> Busy:
    return Busy(complaint(city="tongzhou"))


def _rated(one: Busy, grade: int, unit: str = "water") -> list[Projection]:
    """Return the projections of a ticket rated once, and watched."""
    return [*one.answered_by(unit, grade=grade), one.watched()]


async def _figures(store: Store, period: Period = FIRST_DAY, **more: object) -> Figures:
    return await figures_both_ways(store, PACK, period, **more)


async def _figure(store: Store, code: str, period: Period = FIRST_DAY, **more: object) -> Figure:
    period_figures = await _figures(store, period, **more)
    return next(one for one in period_figures.figures if one.indicator.id == code)


async def test_a_figure_is_the_share_of_those_that_are_counted_at_all(store: Store) -> None:
    await project(store, *(_rated(_busy(), grade) for grade in (5, 4, 1)))
    period_figures = await _figures(store)
    assert [one.indicator for one in period_figures.figures] == list(PACK.indicators)
    assert (period_figures.pack_version, period_figures.as_of, period_figures.broken) == (
        PACK.version,
        START + DAY,
        [],
    )
    satisfaction = period_figures.figures[0]
    assert satisfaction.value.after == satisfaction.value.before == Ratio(2, 3)
    assert (satisfaction.tickets, satisfaction.excluded) == (3, 0)
    assert satisfaction.counted == ()


async def test_nothing_divided_by_nothing_is_no_figure(store: Store) -> None:
    for figure in (await _figures(store)).figures:
        assert figure.value.before == figure.value.after == Ratio(0, 0)
        assert figure.value.after.value is None
        assert (figure.tickets, dict(figure.units)) == (0, {})


async def test_silence_is_counted_as_such_and_never_as_satisfied(store: Store) -> None:
    desk = Actor(role=Role.DESK, id="desk-1")
    silent, unreached, reached = _busy(), _busy(), _busy()
    calls = {silent: [], unreached: [False, False], reached: [False, True]}
    lives = [_rated(_busy(), 5)]
    for one, attempts in calls.items():
        life = [*one.begun("water"), one.done(1), one.replied(), one.tell(CallBackDue())]
        life += [one.tell(CalledBack(reached=answer), by=desk) for answer in attempts]
        lives.append([*life, one.unrated()])
    await project(store, *lives)
    satisfaction = await _figure(store, "satisfaction")
    assert satisfaction.value.after == Ratio(1, 1)
    assert (satisfaction.tickets, satisfaction.unrated, satisfaction.not_reached) == (4, 3, 1)


async def test_the_excluded_are_left_out_and_shown_beside(store: Store) -> None:
    mistaken, contested = _busy(), _busy()
    await project(
        store,
        _rated(_busy(), 5),
        [*_rated(mistaken, 1), *mistaken.excluded()],
        [*_rated(contested, 1), *contested.excluded(granted=False)],
    )
    # A formula that leaves them out itself gives the same result.
    for code in ("satisfaction", "counted"):
        figure = await _figure(store, code)
        assert figure.value.before == Ratio(1, 3)
        assert figure.value.after == Ratio(1, 2)
        assert (figure.tickets, figure.excluded) == (3, 1)


async def test_an_exclusion_of_next_month_is_seen_by_whoever_looks_then(store: Store) -> None:
    one = _busy()
    life = _rated(one, 1)
    one.at += 5 * DAY
    await project(store, [*life, *one.excluded()])
    published = await _figure(store, "satisfaction")
    assert published.value.after == Ratio(0, 1)
    later = await _figure(store, "satisfaction", as_of=one.at + DAY)
    assert (later.value.before, later.value.after) == (Ratio(0, 1), Ratio(0, 0))


async def test_a_past_period_stays_what_it_was(store: Store) -> None:
    story, back, waiting = _busy(), _busy(), _busy()
    first = waiting.begun("water")
    await project(store, _rated(story, 5), _rated(back, 4), first)
    published = await _figures(store)
    for one in (story, back, waiting):
        one.at += 3 * DAY
    reopened = Reopened(reason="recurred", text="Dark again.")
    await project(
        store,
        story.excluded(),
        [back.tell(reopened, by=CITIZEN), back.led_by("market"), back.done(2), back.replied()],
        [waiting.done(1), waiting.replied(), waiting.rated(1, resolved=False), waiting.watched()],
    )
    assert await _figures(store) == published
    assert await _figures(store, Period(START, START + 4 * DAY)) != published


async def test_what_puts_a_ticket_into_a_period_is_the_formulas_to_say(store: Store) -> None:
    one = _busy()
    life = one.begun("water", hours=48)
    one.at += DAY
    life += [one.done(1), one.replied()]
    one.at += 2 * DAY
    await project(store, [*life, one.rated(5), one.watched()])
    days = [Period(START + n * DAY, START + (n + 1) * DAY) for n in range(4)]
    in_days = {
        code: [(await _figure(store, code, day)).tickets for day in days]
        for code in ("answered", "on_time", "satisfaction")
    }
    assert in_days == {
        "answered": [1, 0, 0, 0],
        "on_time": [0, 0, 1, 0],
        "satisfaction": [0, 0, 0, 1],
    }
    # Filed on the first day, and not answered on that day.
    assert (await _figure(store, "answered", days[0])).value.after == Ratio(0, 1)


async def test_what_is_late_is_late_whether_or_not_anybody_answered(store: Store) -> None:
    prompt, late, silent = _busy(), _busy(), _busy()
    await project(
        store,
        [*prompt.begun("water"), prompt.done(1), prompt.replied()],
        [*late.begun("water"), late.done(1, minutes=9 * 60), late.replied()],
        silent.begun("water"),
    )
    assert (await _figure(store, "on_time")).value.after == Ratio(1, 3)


CITIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")
WAYS = ("reassigned", "raised", "taken over", "returned", "merged")


def _passed_on(one: Busy, way: str) -> list[Projection]:
    """Pass the ticket on in one of the possible ways, and handle it within a new limit."""
    match way:
        case "reassigned":
            again = [one.tell(Reassigned(assignment=1, unit="market", reason="r"), by=DISPATCHER)]
        case "raised":
            again = [one.tell(LevelRaised(assignment=1, unit="market", reason="r"), by=DISPATCHER)]
        case "taken over":
            again = [one.tell(Intervened(unit="market", reason="r"), by=DISPATCHER)]
        case "returned":
            fact = ReturnRequested(assignment=1, ground="not_ours", reason="r")
            granted = Returned(assignment=1, unit="market", reason="r")
            again = [one.tell(fact, by=one.officer), one.tell(granted, by=DISPATCHER)]
        case _:
            merged = Merged(parent="2411200000017", category="lamp", tier="normal", reason="r")
            answered = RepliedWithParent(parent="2411200000017", text="Lit.", resolved=True)
            return [one.tell(merged, by=DISPATCHER), one.tell(answered)]
    return [*again, one.led_by("market"), one.done(2), one.replied()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("late", [True, False])
async def test_no_ticket_is_on_time_again_because_it_was_passed_on(
    store: Store, way: str, late: bool
) -> None:
    one = _busy()
    life = one.begun("water", hours=1)
    one.at += timedelta(hours=2 if late else 0)
    await project(store, [*life, *_passed_on(one, way)])
    assert (await _figure(store, "on_time")).value.after == Ratio(0 if late else 1, 1)


async def test_a_ticket_that_is_merged_and_not_answered_in_time_is_late(store: Store) -> None:
    one = _busy()
    life = one.begun("water", hours=1)
    merged = Merged(parent="2411200000017", category="lamp", tier="normal", reason="r")
    await project(store, [*life, one.tell(merged, by=DISPATCHER)])
    assert (await _figure(store, "on_time")).value.after == Ratio(0, 1)


@pytest.mark.parametrize("city", CITIES)
def test_no_citys_figure_gets_better_because_a_late_ticket_is_merged(city: str) -> None:
    late = TicketFacts(
        unit="u", category="0101", due=True, answered=True, late=True, red=1, open=False
    ).model_dump()
    for one in load_pack(default_root() / city).indicators:
        over = compile_condition(one.over, OF_TICKETS)
        if one.by == "due":
            alone, merged = (over.holds(t={**late, "merged": merged}) for merged in (False, True))
            assert alone == merged, one.id


async def test_each_unit_has_its_own_figures(store: Store) -> None:
    mistaken = _busy()
    await project(
        store,
        _rated(_busy(), 5, "water"),
        _rated(_busy(), 1, "water"),
        [*_rated(mistaken, 1, "market"), *mistaken.excluded()],
    )
    units = (await _figure(store, "satisfaction")).units
    assert list(units) == ["market", "water"]
    assert units["water"].after == Ratio(1, 2)
    assert (units["market"].before, units["market"].after) == (Ratio(0, 1), Ratio(0, 0))


async def test_the_tickets_behind_a_figure_can_be_named(store: Store) -> None:
    good, bad, silent = _busy(), _busy(), _busy()
    unrated = [*silent.begun("water"), silent.done(1), silent.replied(), silent.unrated()]
    await project(store, _rated(good, 5), [*_rated(bad, 1), *bad.excluded()], unrated)
    figure = await _figure(store, "satisfaction", only={"satisfaction"}, tickets=True)
    assert {(one.number, one.counts, one.excluded, one.unit) for one in figure.counted} == {
        (good.number, True, False, "water"),
        (bad.number, False, True, "water"),
    }


async def test_only_the_citys_own_tickets_count(store: Store) -> None:
    other = Busy(complaint(city="heping"))
    await project(store, _rated(_busy(), 5), _rated(other, 1))
    assert (await _figure(store, "satisfaction")).value.after == Ratio(1, 1)


async def test_a_broken_ticket_is_in_no_figure_and_is_named(store: Store) -> None:
    sound, broken = _busy(), _busy()
    await project(store, _rated(sound, 5), _rated(broken, 1))
    event = tables.event.c
    await store.change(
        delete(tables.event).where(event.number == broken.number, event.version == 2)
    )
    period_figures = await _figures(store)
    assert period_figures.broken == [broken.number]
    assert period_figures.figures[0].value.after == Ratio(1, 1)
    assert period_figures.figures[0].tickets == 1


async def test_a_figure_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(UnknownIndicator, match="the city pack tongzhou has no indicator 'luck'"):
        await _figures(store, only={"satisfaction", "luck"})


async def test_a_period_is_not_looked_at_before_it_is_over(store: Store) -> None:
    with pytest.raises(ValueError, match="after it has ended"):
        await _figures(store, as_of=START)


@pytest.mark.parametrize("city", CITIES)
async def test_every_figure_of_every_city_can_be_computed(store: Store, city: str) -> None:
    pack = load_pack(default_root() / city)
    await project(store, *population(city))
    period_figures = await figures_both_ways(store, pack, NOVEMBER, tickets=True)
    assert [one.indicator for one in period_figures.figures] == list(pack.indicators)
    assert period_figures.broken == []
    for figure in period_figures.figures:
        before, after = figure.value.before, figure.value.after
        assert 0 <= after.part <= after.of <= before.of <= figure.tickets <= len(LIVES)
        assert before.of == len(figure.counted)
        assert sum(value.before.of for value in figure.units.values()) <= before.of
