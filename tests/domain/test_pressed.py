"""Tests of the rules by which a rating looks pressed, and of a rate that a sample corrects."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from domain.actors import Actor, Role
from domain.events import Event
from domain.facts.closing import Rated
from domain.facts.handling import Contacted
from domain.pack.satisfaction import SatisfactionPolicy
from domain.policy.pressed import completed_at, pressed_by
from domain.ticket.rating import Apart, Grade, Rating
from domain.ticket.stages import Stage
from domain.uncertainty import Stratum, combined, interval

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
POLICY = SatisfactionPolicy.model_validate({"after_contact": "10m", "turned_within": "2h"})
OFFICER = Actor(role=Role.OFFICER, id="o", unit="water")
CITIZEN = Actor(role=Role.CITIZEN)


def _event(minutes: float, fact: Rated | Contacted, by: Actor) -> Event:
    at = START + timedelta(minutes=minutes)
    return Event(number="1", version=1, at=at, actor=by, stage=Stage.RATE, fact=fact)


def _call(minutes: float, *, reached: bool = True, by: Actor = OFFICER) -> Event:
    return _event(minutes, Contacted(assignment=1, reached=reached), by)


def _rated(minutes: float, grade: int = 5, *, resolved: bool = True) -> Event:
    rating = Rating(resolved=resolved, grade=Grade(grade))
    return _event(minutes, Rated(rating=rating), CITIZEN)


def _pressed(*events: Event, policy: SatisfactionPolicy = POLICY, scale: float = 1) -> Apart | None:
    return pressed_by(events, len(events) - 1, 3, policy, scale)


@pytest.mark.parametrize(("minutes", "apart"), [(10, Apart.CALL), (10.1, None), (0, Apart.CALL)])
def test_praise_minutes_after_a_call_of_the_unit_is_set_apart(
    minutes: float, apart: Apart | None
) -> None:
    assert _pressed(_call(0), _rated(minutes)) is apart


def test_a_bad_rating_is_never_set_apart() -> None:
    assert _pressed(_call(0), _rated(1, 2)) is None
    assert _pressed(_call(0), _rated(1, 5, resolved=False)) is None


def test_a_call_that_reached_nobody_and_one_of_the_desk_press_nobody() -> None:
    desk = Actor(role=Role.DESK, id="d")
    assert _pressed(_call(0, reached=False), _call(1, by=desk), _rated(2)) is None


def test_a_rating_that_a_call_turned_is_set_apart_for_longer() -> None:
    bad = _rated(0, 1, resolved=False)
    assert _pressed(bad, _call(60), _rated(179)) is Apart.TURNED
    assert _pressed(bad, _call(60), _rated(181)) is None
    assert _pressed(_call(60), _rated(179)) is None
    assert _pressed(_rated(0, 4), _call(60), _rated(179)) is None


def test_without_limits_there_are_no_rules_and_fast_clocks_shorten_them() -> None:
    assert _pressed(_call(0), _rated(1), policy=SatisfactionPolicy()) is None
    assert _pressed(_call(0), _rated(5), scale=0.1) is None


def test_a_rule_looks_back_for_a_week_at_most() -> None:
    with pytest.raises(ValidationError, match="7 days"):
        SatisfactionPolicy.model_validate({"after_contact": "8d"})


def test_a_crowd_is_one_from_the_rating_that_makes_it_one() -> None:
    hour = timedelta(hours=1)
    given = [START + timedelta(minutes=n) for n in (0, 10, 20, 90, 100)]
    assert completed_at(given, 3, hour) == dict.fromkeys(given[:3], given[2])
    assert completed_at(given, 4, hour) == {}
    assert completed_at(given[2:], 3, timedelta(minutes=80)) == dict.fromkeys(given[2:], given[4])


def test_a_sample_of_one_part_gives_what_wilson_says() -> None:
    found, wilson = combined([Stratum(1000, 40, 50, 1.0)]), interval(40, 50)
    assert found is not None
    assert wilson is not None
    assert found.share == pytest.approx(0.8)
    assert (found.low, found.high) == pytest.approx(tuple(wilson))


def test_each_part_has_the_weight_of_its_cases() -> None:
    found = combined([Stratum(900, 90, 100, 1.0), Stratum(100, 0, 10, 0.0)])
    assert found is not None
    assert found.share == pytest.approx(0.81)
    assert found.low < 0.81 < found.high


def test_a_part_that_nobody_asked_widens_the_error() -> None:
    asked = combined([Stratum(900, 90, 100, 1.0), Stratum(100, 50, 100, 0.0)])
    unasked = combined([Stratum(900, 90, 100, 1.0), Stratum(100, 0, 0, 0.5)])
    assert asked is not None
    assert unasked is not None
    assert unasked.share == pytest.approx(asked.share)
    assert unasked.high - unasked.low > asked.high - asked.low
    assert combined([]) is None
