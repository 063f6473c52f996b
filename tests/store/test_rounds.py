"""Tests that figures and points ask for the present round, also of events of older versions."""

from datetime import timedelta

import pytest

from domain.activity_io import Projection
from domain.facts.aftercare import Reopened
from domain.facts.anytime import Withdrawn
from domain.facts.closing import Reworked
from domain.facts.intake import Reassigned
from domain.facts.merging import Merged, RepliedWithParent
from domain.pack.catalogue import Indicator, ScoringRule
from domain.pack.periods import Period
from domain.ticket.assignment import Assignment, HandlingResult
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.reporting.figures import Figure, figures
from store.reporting.indicators import Ratio, three_rates
from store.reporting.scores import scores
from store.tickets import tickets
from tests.store.population import SUPERVISOR, Busy
from tests.store.stories import CITIZEN, START, complaint, project

DAY = timedelta(days=1)
WEEK = Period(START, START + 7 * DAY)
TONGZHOU = load_pack(default_root() / "tongzhou")
RATED = Indicator(id="rated", name="r", name_en="r", over="t.rated", counts="t.satisfied")
DUE = Indicator.model_validate(
    {"id": "due", "name": "d", "name_en": "d", "over": "t.due", "counts": "t.answered || !t.open"}
    | {"by": "filed"}
)
HAPPY = ScoringRule.model_validate(
    {"code": "S1", "name": "s", "name_en": "s", "on": "rated", "when": "true", "points": 1}
    | {"to": "lead"}
)
PACK = TONGZHOU.model_copy(update={"indicators": (RATED, DUE), "scoring": (HAPPY,)})


@pytest.fixture(params=[True, False], ids=["rounds", "older events"])
def one(request: pytest.FixtureRequest) -> Busy:
    story = Busy(complaint(city="tongzhou"))
    story.rounds = request.param
    return story


async def _figure(store: Store, code: str) -> Figure:
    found = await figures(store, PACK, WEEK)
    return next(figure for figure in found.figures if figure.indicator.id == code)


def _reopened(one: Busy) -> list[Projection]:
    again = [one.tell(Reopened(reason="recurred", text="Dark again."), by=CITIZEN)]
    return [*again, one.led_by("water"), one.done(2), one.replied()]


async def test_an_exclusion_does_not_keep_later_ratings_out(store: Store, one: Busy) -> None:
    life = [*one.answered_by("water", grade=1), one.watched(), *one.excluded()]
    await project(store, [*life, *_reopened(one), one.rated(1), one.watched()])
    figure = await _figure(store, "rated")
    assert (figure.value.after, figure.excluded) == (Ratio(0, 1), 0)
    points = await scores(store, PACK, WEEK, unit="water")
    counted = [point.left_out for point in points.earned]
    assert counted == [True, False], "the excluded round stays out, and only that"


async def test_an_exclusion_ends_where_a_supervisor_has_it_done_again(
    store: Store, one: Busy
) -> None:
    life = [*one.answered_by("water", grade=1), one.supervised(), *one.excluded()]
    again = one.tell(Reassigned(unit="market", reason="r"), by=SUPERVISOR)
    await project(store, [*life, again, one.led_by("market"), one.done(2), one.replied()])
    await project(store, [one.rated(1), one.watched()])
    figure = await _figure(store, "rated")
    assert (figure.value.after, figure.excluded) == (Ratio(0, 1), 0)
    assert figure.units["market"].after == Ratio(0, 1)


async def test_a_late_case_in_rework_is_not_answered(store: Store, one: Busy) -> None:
    life = one.answered_by("water", grade=1)
    again = one.tell(Reworked(round=1, reason="not_resolved"))
    life += [again, one.led_by("water", hours=1)]
    await project(store, life)
    assert (await _figure(store, "due")).value.after == Ratio(0, 1)
    one.at += DAY
    await project(store, [one.done(2), one.replied()])
    assert (await _figure(store, "due")).value.after == Ratio(1, 1)


async def test_between_two_rounds_the_day_of_the_first_is_not_asked_for(
    store: Store, one: Busy
) -> None:
    life = [*one.answered_by("water", grade=1), one.tell(Reworked(round=1, reason="not_resolved"))]
    await project(store, life)
    assert (await _figure(store, "due")).value.after == Ratio(0, 0)


async def test_what_was_said_of_an_earlier_answer_is_no_rating_of_a_withdrawn_ticket(
    store: Store, one: Busy
) -> None:
    life = [*one.answered_by("water", grade=1), one.tell(Reworked(round=1, reason="not_resolved"))]
    await project(store, [*life, one.led_by("water"), one.tell(Withdrawn(), by=CITIZEN)])
    rates = await three_rates(store, "tongzhou", WEEK.since, WEEK.until)
    assert (rates.ended, rates.rated, rates.unrated) == (1, 0, 1)
    ticket = await tickets.state(store, one.number)
    assert ticket is not None
    assert (ticket.answer, ticket.verdict) == (None, None)


async def test_a_merged_ticket_counts_for_the_unit_that_answered(store: Store) -> None:
    one = Busy(complaint(city="tongzhou"))
    life = one.begun("water")
    merged = Merged(parent="2411200000017", category="gate", tier="urgent", reason="r", own=True)
    life.append(one.tell(merged, by=SUPERVISOR))
    assert (one.ticket.category, one.ticket.tier) == ("lamp", "normal")
    done = HandlingResult(reply="Lit.", evidence=["photo"])
    lead = Assignment(n=7, unit="market", queue="units", why="w", opened_at=one.at, result=done)
    answered_by = one.ticket.answering_share(lead, one.at)
    life.append(
        one.tell(
            RepliedWithParent(
                parent="2411200000017", text="Lit.", resolved=True, answered_by=answered_by
            )
        )
    )
    await project(store, [*life, one.rated(5), one.watched()])
    figure = await _figure(store, "rated")
    assert {unit: value.after for unit, value in figure.units.items()} == {"market": Ratio(1, 1)}
    points = await scores(store, PACK, WEEK)
    assert {each.unit for each in points.units if each.points} == {"market"}
