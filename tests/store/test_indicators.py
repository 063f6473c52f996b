"""Tests of the three rates: unrated never counts as satisfied; past months do not change."""

from datetime import timedelta

import pytest

from domain.activity_io import Projection
from domain.actors import Actor, Role
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.closing import FinalReplied, Reworked, Supervised
from domain.facts.handling import ExtensionGranted, ExtensionRequested
from domain.facts.intake import Reassigned
from domain.ticket.stages import Outcome
from store.db.engine import Store
from store.reporting.indicators import Rates, Ratio, three_rates
from store.tickets import tickets
from tests.store.stories import DISPATCHER, START, Story, clock, complaint, project

DAY = timedelta(days=1)


def rated(grade: int, *, resolved: bool = True, contacted: bool | None = True) -> list[Projection]:
    """Return the projections of a ticket rated once and concluded, whatever the rating."""
    story = Story()
    life = [*story.until_replied(), story.rated(grade, resolved=resolved, contacted=contacted)]
    if grade >= 3 and resolved:
        return [*life, story.closed()]
    supervisor = Actor(role=Role.SUPERVISOR, id="supervisor-1")
    life.append(story.tell(Supervised(reason="dissatisfied")))
    return [*life, story.tell(FinalReplied(text="It stays as it is."), by=supervisor)]


async def rates(store: Store, city: str | None = "demo", days: int = 1) -> Rates:
    return await three_rates(store, city, START, START + days * DAY)


async def test_nothing_divided_by_nothing_is_nothing(store: Store) -> None:
    current_rates = await rates(store)
    for ratio in (current_rates.response, current_rates.resolution, current_rates.satisfaction):
        assert ratio == Ratio(0, 0)
        assert ratio.value is None
    assert set(current_rates.outcomes) == set(Outcome)
    assert (current_rates.accepted, current_rates.ended, current_rates.unrated) == (0, 0, 0)


async def test_the_three_rates(store: Store) -> None:
    await project(
        store,
        rated(5),
        rated(3, contacted=False),
        rated(4, contacted=None),
        rated(1, resolved=False, contacted=False),
        rated(2, resolved=True),
    )
    current_rates = await rates(store)
    assert current_rates.response == Ratio(2, 4)
    assert current_rates.resolution == Ratio(4, 5)
    assert current_rates.satisfaction == Ratio(3, 5)
    assert current_rates.satisfaction.value == pytest.approx(0.6)
    assert current_rates.outcomes[Outcome.CLOSED] == 3
    assert current_rates.outcomes[Outcome.FINAL_REPLY] == 2
    assert (current_rates.rated, current_rates.unrated) == (5, 0)


async def test_unrated_is_counted_as_such(store: Store) -> None:
    silent, answered, waiting = Story(), Story(), Story()
    await project(
        store,
        rated(5),
        [*silent.until_replied(), silent.unrated()],
        [answered.accepted(), answered.answered()],
        [waiting.accepted()],
    )
    current_rates = await rates(store)
    assert current_rates.satisfaction == Ratio(1, 1)
    assert (
        current_rates.accepted,
        current_rates.ended,
        current_rates.rated,
        current_rates.unrated,
    ) == (4, 3, 1, 2)
    assert current_rates.outcomes[Outcome.UNRATED] == 1
    assert current_rates.outcomes[Outcome.ANSWERED] == 1


async def test_the_last_rating_counts(store: Store) -> None:
    story = Story()
    life = [*story.until_replied(), story.rated(1, resolved=False)]
    life.append(story.tell(Reworked(round=1, reason="not_resolved")))
    life += [story.assigned(), story.handled(), story.replied(), story.rated(5), story.closed()]
    await project(store, life)
    assert (await rates(store)).satisfaction == Ratio(1, 1)


async def test_only_the_period_and_the_city_count(store: Store) -> None:
    tomorrow = Story(complaint(filed_at=START + DAY))
    elsewhere = Story(complaint(city="other"))
    await project(store, rated(5), tomorrow.whole(), elsewhere.whole())
    assert (await rates(store)).ended == 1
    assert (await rates(store, days=2)).ended == 2
    assert (await rates(store, "other")).accepted == 1
    assert (await rates(store, None)).ended == 2


async def test_a_ticket_that_ends_next_month_does_not_change_this_one(store: Store) -> None:
    story = Story()
    life = story.until_replied()
    await project(store, life)
    before = await rates(store)
    story.at += DAY
    await project(store, [story.rated(1), story.tell(Supervised(reason="dissatisfied"))])
    assert await rates(store) == before


async def test_cards_are_those_of_the_units_clocks(store: Store) -> None:
    story = Story()
    supervisor = Actor(role=Role.SUPERVISOR, id="supervisor-1")
    life = [story.accepted(), story.classified(), story.assigned()]
    life += [story.climbed(ClockName.SIGN, LevelKind.WARN)]
    life += [story.climbed(ClockName.SIGN, LevelKind.DUE)]
    life += [story.climbed(ClockName.HANDLE, LevelKind.WARN)]
    life += [story.tell(Reassigned(assignment=1, unit="U2", reason="late"), by=supervisor)]
    await project(store, life)
    current_rates = await rates(store)
    assert (current_rates.yellow_cards, current_rates.red_cards) == (2, 1)


async def test_a_card_that_became_void_is_none_whatever_comes_first(store: Store) -> None:
    """An extension was requested before the red card, and granted after it."""
    stored_story, back = Story(), Story()
    lives = []
    for story in (stored_story, back):
        life = [story.accepted(), story.classified(), story.assigned(hours=1)]
        story.at = story.ticket.running(ClockName.HANDLE, 1).rungs[0].at
        life += [story.climbed(ClockName.HANDLE, LevelKind.WARN)]
        fact = ExtensionRequested(assignment=1, by="1d", reason="Parts.")
        life += [story.tell(fact, by=story.officer)]
        story.at += timedelta(hours=1)
        life += [story.climbed(ClockName.HANDLE, LevelKind.DUE)]
        lives.append(life)
    longer = [clock(ClockName.HANDLE, back.at, 24, 1)]
    granted = ExtensionGranted(assignment=1, reason="Yes.", clocks=longer)
    projections = [*lives[1], back.tell(granted, by=DISPATCHER)]
    await project(store, lives[0], [*projections[:-2], projections[-1], projections[-2]])
    current_rates = await rates(store)
    assert (current_rates.yellow_cards, current_rates.red_cards) == (2, 1)
    rows = [await tickets.get(store, story.number) for story in (stored_story, back)]
    assert [row and row.red_cards for row in rows] == [1, 0]


async def test_what_the_desk_is_late_with_is_no_card_of_a_unit(store: Store) -> None:
    story = Story()
    life = [story.accepted(), story.climbed(ClockName.TRIAGE, LevelKind.WARN)]
    await project(store, life)
    row = await tickets.get(store, story.number)
    assert row is not None
    assert row.yellow_cards == 0
    assert (await rates(store)).yellow_cards == 0
