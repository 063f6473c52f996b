"""Tests of the rules of sensors: hysteresis, and that the order of readings does not matter."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.deadlines.limits import Limit
from domain.pack.sensors import AlarmRule, SensorKind
from domain.sensors.readings import (
    AlarmState,
    DeviceReading,
    DeviceState,
    goes_on,
    gone_on,
    is_silent,
    judged,
    needs_ticket,
    recovered_since,
    settled_at,
)

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rule(**changes: Any) -> AlarmRule:
    fields = {
        "code": "foul",
        "name": "超标",
        "name_en": "Too high",
        "above": 2.0,
        "readings": 2,
        "lasting": "10m",
        "recovers": 1.5,
        "recovered_for": "30m",
        "category": "0802",
        "title": "超标",
    }
    return AlarmRule.model_validate(fields | changes)


def kind(*rules: AlarmRule, **changes: Any) -> SensorKind:
    fields = {
        "code": "water",
        "name": "水质",
        "name_en": "Water",
        "interval": "15m",
        "late": "1d",
        "alarms": rules or (rule(),),
        "source": "illustrative",
    }
    return SensorKind.model_validate(fields | changes)


def series(*values: float, every: int = 10, begin: datetime = BEGIN) -> list[DeviceReading]:
    return [
        DeviceReading(id=f"r{n}", at=begin + n * every * MINUTE, value=value)
        for n, value in enumerate(values)
    ]


def one_by_one(of: SensorKind, readings: Sequence[DeviceReading]) -> tuple[DeviceState, list[bool]]:
    """Take readings as the store does; return the state, and after each whether it is raised."""
    state, known, raised = DeviceState(), list[DeviceReading](), []
    for reading in readings:
        known.append(reading)
        state = judged(of, state, known)
        raised.append(state.alarms["foul"].raised)
    return state, raised


def test_one_high_value_is_no_alarm_and_two_that_last_are() -> None:
    _, raised = one_by_one(kind(), series(1.0, 2.5, 1.0, 2.5, 2.5))
    assert raised == [False, False, False, False, True]


def test_readings_in_a_row_have_to_last() -> None:
    _, raised = one_by_one(kind(), series(2.5, 2.5, 2.5, every=5))
    assert raised == [False, False, True]


def test_between_the_two_limits_nothing_changes() -> None:
    _, raised = one_by_one(kind(), series(2.5, 2.5, 1.8, 1.9, 1.8, 1.7, 1.6))
    assert raised[1:] == [True] * 6


def test_it_recovers_after_long_enough_on_the_good_side() -> None:
    state, raised = one_by_one(kind(), series(2.5, 2.5, 1.0, 1.0, 1.8, 1.0, 1.0, 1.0, 1.0))
    # The value between the limits breaks the row: half an hour begins again after it.
    assert raised[1:] == [True] * 7 + [False]
    alarm = state.alarms["foul"]
    assert alarm.changed_at == BEGIN + 80 * MINUTE
    assert state.latest is not None
    assert recovered_since(rule(), alarm, state.latest) == BEGIN + 80 * MINUTE


def test_the_limit_itself_is_no_alarm() -> None:
    _, raised = one_by_one(kind(), series(2.0, 2.0, 2.0))
    assert raised == [False] * 3


def test_too_low_is_an_alarm_as_well() -> None:
    low = rule(above=None, below=1.0, recovers=1.5)
    _, raised = one_by_one(kind(low), series(0.5, 0.5, 1.2, 2.0, 2.0, 2.0, 2.0))
    assert raised == [False, True, True, True, True, True, False]


def test_a_pressed_button_is_an_event_that_passes() -> None:
    button = rule(above=0.5, readings=1, lasting=None, recovers=None, recovered_for=None)
    state, raised = one_by_one(kind(button), series(0, 1, 0))
    assert raised == [False, False, False]
    alarm = state.alarms["foul"]
    assert alarm.raised_at == BEGIN + 10 * MINUTE
    assert needs_ticket(alarm, None)
    assert not needs_ticket(alarm, BEGIN + 10 * MINUTE)  # its ticket ended after that
    assert needs_ticket(alarm, BEGIN + 9 * MINUTE)
    assert state.latest is not None
    assert recovered_since(button, alarm, state.latest) is None


def test_what_was_never_raised_needs_no_ticket() -> None:
    state, _ = one_by_one(kind(), series(1.0, 2.5))
    assert not needs_ticket(state.alarms["foul"], None)
    assert not needs_ticket(AlarmState(), None)


def test_a_late_reading_can_take_an_alarm_back() -> None:
    high = series(2.5, 2.5)
    between = DeviceReading(id="late", at=BEGIN + 5 * MINUTE, value=1.0)
    state, raised = one_by_one(kind(), [*high, between])
    assert raised == [False, True, False]
    assert state.latest == high[1]
    assert recovered_since(rule(), state.alarms["foul"], high[1]) == high[1].at


def test_what_comes_too_late_changes_nothing() -> None:
    of = kind(late="1h")
    state, _ = one_by_one(of, series(1.0, 1.0, 1.0, every=60))
    old = [DeviceReading(id=f"x{n}", at=BEGIN + n * 11 * MINUTE, value=9.0) for n in range(4)]
    assert not any(state.judges(one.at) for one in old)
    assert judged(of, state, old) == state


MOMENTS = st.integers(min_value=0, max_value=23 * 60)
VALUES = st.sampled_from([0.5, 1.4, 1.5, 1.8, 2.0, 2.1, 5.0])
READINGS = st.lists(st.tuples(MOMENTS, VALUES), min_size=1, max_size=25).map(
    lambda pairs: [
        DeviceReading(id=f"r{n}", at=BEGIN + minute * MINUTE, value=value)
        for n, (minute, value) in enumerate(pairs)
    ]
)


@given(READINGS, st.randoms(use_true_random=False))
def test_the_same_readings_in_any_order_and_doubled_say_the_same(
    readings: list[DeviceReading], chance: Random
) -> None:
    in_time, _ = one_by_one(kind(), sorted(readings, key=lambda one: one.at))
    mixed = [*readings, *chance.choices(readings, k=len(readings))]
    chance.shuffle(mixed)
    state, _ = one_by_one(kind(), mixed)
    assert state.alarms == in_time.alarms
    assert state.latest == in_time.latest


@given(READINGS, st.randoms(use_true_random=False))
def test_however_they_come_there_is_one_open_ticket_at_most_and_one_while_it_is_raised(
    readings: list[DeviceReading], chance: Random
) -> None:
    mixed = [*readings, *readings]
    chance.shuffle(mixed)
    state, known, tickets, open_ = DeviceState(), list[DeviceReading](), 0, False
    for reading in mixed:
        known.append(reading)
        state = judged(kind(), state, known)
        alarm = state.alarms["foul"]
        if not open_ and needs_ticket(alarm, None):
            tickets, open_ = tickets + 1, True
        assert open_ or not alarm.raised
    assert tickets <= 1


@given(st.lists(VALUES, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_over_days_what_is_late_by_less_than_is_judged_says_the_same(
    values: list[float], chance: Random
) -> None:
    """The base moves on meanwhile: nothing that it has taken in is needed again."""
    of = kind(late="2h")
    ordered = series(*values, every=10)
    # Each is late by less than two hours: it is passed by later ones of that time at most.
    mixed = sorted(ordered, key=lambda one: (one.at + chance.randrange(0, 119) * MINUTE, one.id))
    assert one_by_one(of, mixed)[0].alarms == one_by_one(of, ordered)[0].alarms


def test_a_device_is_silent_after_its_interval() -> None:
    assert not is_silent(kind(), BEGIN, BEGIN + 15 * MINUTE)
    assert is_silent(kind(), BEGIN, BEGIN + 16 * MINUTE)
    assert is_silent(kind(), None, BEGIN)
    assert not is_silent(kind(interval=None), None, BEGIN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"below": 1.0}, "above and below"),
        ({"recovers": 3.0}, "would still be an alarm"),
        ({"above": None, "below": 2.0, "recovers": 1.0}, "would still be an alarm"),
        ({"recovers": None}, "recovers is missing"),
        ({"above": None}, "neither above nor below"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alarms": [rule(), rule()]}, "twice"),
        ({"leads": True}, "without above and below"),
        ({"alarms": [rule(above=None, recovers=None, recovered_for=None)]}, "is missing"),
    ],
)
def test_a_kind_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind(**changes)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_reading(value: float) -> None:
    with pytest.raises(ValidationError):
        DeviceReading(id="r", at=BEGIN, value=value)


def test_limits_are_those_of_the_pack() -> None:
    assert kind().late == Limit.parse("1d")


@given(
    values=st.lists(st.sampled_from([0.5, 1.8, 2.5]), min_size=2, max_size=40),
    cuts=st.lists(st.integers(1, 39), max_size=5),
    late=st.sampled_from(["20m", "2h", "1d"]),
    every=st.integers(1, 90),
)
def test_going_on_from_a_state_is_judging_all_its_readings(
    values: list[float], cuts: list[int], late: str, every: int
) -> None:
    """Going on from the state before says what judging all readings would say."""
    of, readings = kind(late=late), series(*values, every=every)
    ends = sorted({cut for cut in cuts if cut < len(readings)} | {len(readings)})
    whole = step = DeviceState()
    begin = 0
    for end in ends:
        known, new = readings[:end], readings[begin:end]
        whole = judged(of, whole, known)
        if goes_on(of, step, new):
            until, since = settled_at(of, step, new), step.base_at
            assert since is not None
            step = gone_on(of, step, new, [one for one in known if since < one.at <= until])
        else:
            assert begin == 0
            step = judged(of, step, known)
        begin = end
        assert step == whole


def test_an_earlier_reading_or_other_rules_do_not_go_on() -> None:
    state = judged(kind(), DeviceState(), series(1.0, 2.5, 2.5))
    later = [DeviceReading(id="later", at=BEGIN + 60 * MINUTE, value=1.0)]
    between = [DeviceReading(id="between", at=BEGIN + 5 * MINUTE, value=1.0)]
    assert goes_on(kind(), state, later)
    assert not goes_on(kind(), state, [*later, *between])
    assert not goes_on(kind(rule(above=3.0, recovers=2.0)), state, later)
    assert not goes_on(kind(), DeviceState(), later)
