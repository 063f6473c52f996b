"""Tests that a resumed clock's remaining levels are later by the pause, and no more."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.pack.pack import Pack
from domain.pack.planning import extend_clock, resume_clock
from tests.domain.planned import BEIJING, TONGZHOU, at, beijing, handle, pack_with, rungs

POLICY: Sequence[Mapping[str, object]] = [
    {"kind": "warn", "offset": "1d", "tells": ["officer"]},
    {"kind": "due", "tells": ["officer"], "raises": True},
    {"kind": "supervise", "offset": "1d"},
]
WORKING: Sequence[Mapping[str, object]] = [
    {"kind": "warn", "offset": "2wh"},
    {"kind": "due", "offset": "1wh"},
    {"kind": "supervise", "offset": "1wd"},
]
SATURDAY = at("03-07 22:00")


def resumed(pack: Pack, clock: Clock, since: str, until: str) -> Clock:
    paused = clock.model_copy(update={"paused_at": at(since)})
    assert paused.next_level is None
    return resume_clock(pack, paused, at(since), at(until))


def test_in_calendar_time_everything_to_come_is_later_by_the_pause() -> None:
    pack = pack_with({"handle": "7d"}, POLICY)
    clock = handle(pack).model_copy(update={"assignment": 2, "label": "stop"})
    later = resumed(pack, clock, "03-04 12:00", "03-06 15:30")
    assert beijing(later.due_at) == "03-11 13:30"
    assert rungs(later) == {"warn": "03-10 13:30", "due": "03-11 13:30", "supervise": "03-12 13:30"}
    assert (later.paused_at, later.stopped_at, later.running) == (None, None, True)
    unchanged = {"started_at", "limit", "rule_id", "basis", "assignment", "label", "climbed"}
    assert later.model_dump(include=unchanged) == clock.model_dump(include=unchanged)
    assert [(r.tells, r.raises) for r in later.rungs] == [(r.tells, r.raises) for r in clock.rungs]


@pytest.mark.parametrize(
    ("since", "until", "due", "warn"),
    [
        ("03-03 10:00", "03-03 12:00", "03-10 11:00", "03-09 18:00"),
        ("03-03 12:00", "03-03 14:00", "03-09 18:00", "03-09 16:00"),  # lunch
        ("03-06 18:00", "03-09 09:00", "03-09 18:00", "03-09 16:00"),  # a weekend
        ("03-06 17:00", "03-09 10:00", "03-10 11:00", "03-09 18:00"),
        ("03-03 10:00", "03-04 10:00", "03-10 18:00", "03-10 16:00"),  # one working day
    ],
)
def test_in_working_time_only_office_hours_are_made_good(
    since: str, until: str, due: str, warn: str
) -> None:
    pack = pack_with({"handle": "5wd"}, WORKING)
    clock = handle(pack).model_copy(update={"calendar_version": "last year's"})
    later = resumed(pack, clock, since, until)
    assert beijing(later.due_at) == due
    assert rungs(later)["warn"] == warn
    assert later.calendar_version == TONGZHOU.calendar.version


def test_a_red_card_shown_after_due_stays_after_it() -> None:
    pack = pack_with({"handle": "5wd"}, WORKING)
    later = resumed(pack, handle(pack), "03-03 10:00", "03-03 12:00")
    assert beijing(later.due_at) == "03-10 11:00"
    assert rungs(later) == {"warn": "03-09 18:00", "due": "03-10 12:00", "supervise": "03-11 11:00"}


def test_a_card_already_shown_stays_where_it_was_and_is_not_shown_again() -> None:
    pack = pack_with({"handle": "7d"}, POLICY)
    warned = handle(pack).model_copy(update={"climbed": 1})
    later = resumed(pack, warned, "03-08 12:00", "03-10 12:00")
    assert rungs(later) == {"warn": "03-08 10:00", "due": "03-11 10:00", "supervise": "03-12 10:00"}
    assert later.climbed == 1
    assert later.next_level == later.rungs[1]


@pytest.mark.parametrize("since", ["03-09 18:00", "03-09 20:00"])
@pytest.mark.parametrize(("limit", "due"), [("7d", "03-09 10:00"), ("5wd", "03-09 18:00")])
def test_a_broken_promise_is_not_mended_by_a_pause(limit: str, due: str, since: str) -> None:
    pack = pack_with({"handle": limit}, POLICY)
    late = handle(pack).model_copy(update={"climbed": 2})
    later = resumed(pack, late, since, "03-20 20:00")
    assert beijing(later.due_at) == due
    assert not later.in_time(at("03-20 20:00"))
    assert later.rungs[1] == late.rungs[1]
    assert later.rungs[2].at > at("03-20 20:00")


def test_a_clock_can_stand_still_more_than_once() -> None:
    pack = pack_with({"handle": "7d"}, POLICY)
    once = resumed(pack, handle(pack), "03-03 10:00", "03-04 10:00")
    twice = resumed(pack, once, "03-05 10:00", "03-07 10:00")
    assert beijing(twice.due_at) == "03-12 10:00"


def test_a_clock_that_stood_still_can_be_extended() -> None:
    pack = pack_with({"handle": "5wd"}, [])
    later = resumed(pack, handle(pack), "03-03 10:00", "03-04 10:00")
    assert beijing(extend_clock(pack, later, Limit.parse("3wd")).due_at) == "03-13 18:00"


def test_an_extension_granted_while_a_clock_stands_still_does_not_set_it_going() -> None:
    pack = pack_with({"handle": "7d"}, POLICY)
    clock = handle(pack).model_copy(update={"paused_at": at("03-04 10:00")})
    extended = extend_clock(pack, clock, Limit.parse("3d"))
    assert (extended.paused_at, extended.next_level) == (at("03-04 10:00"), None)
    later = resume_clock(pack, extended, at("03-04 10:00"), at("03-06 10:00"))
    assert beijing(later.due_at) == "03-14 10:00"


def test_in_a_scaled_pack_the_pause_is_made_good_as_it_was_lived() -> None:
    for limit in ("7d", "5wd"):
        pack = pack_with({"handle": limit}, POLICY, clock_scale=1 / 86400)
        clock = handle(pack, SATURDAY)
        since, pause = SATURDAY + timedelta(seconds=2), timedelta(seconds=90)
        later = resume_clock(pack, clock, since, since + pause)
        assert later.due_at == clock.due_at + pause
        assert [level.at for level in later.rungs] == [level.at + pause for level in clock.rungs]


def test_a_clock_is_not_resumed_before_it_was_paused() -> None:
    pack = pack_with({"handle": "7d"}, POLICY)
    with pytest.raises(ValueError, match="cannot be resumed"):
        resume_clock(pack, handle(pack), at("03-04 10:00"), at("03-04 09:59"))
    same = resume_clock(pack, handle(pack), at("03-04 10:00"), at("03-04 10:00"))
    assert same == handle(pack)


@pytest.mark.parametrize(
    ("limit", "until", "due", "provisional"),
    [
        ("5wd", "12-23 10:00", "12-29 18:00", False),
        ("5wd", "12-30 10:00", "01-06 18:00", True),
        ("5d", "12-30 10:00", "01-03 10:00", False),
    ],
)
def test_a_pause_into_a_year_that_is_not_published_is_made_good_provisionally(
    limit: str, until: str, due: str, provisional: bool
) -> None:
    ending = TONGZHOU.calendar.model_copy(update={"years": (2025, 2026)})
    pack = pack_with({"handle": limit}, [], calendar=ending)
    clock = handle(pack, at("12-15 10:00"))
    later = resume_clock(pack, clock, at("12-16 10:00"), at(until))
    assert (beijing(later.due_at), later.provisional) == (due, provisional)
    new_year = at("12-31 20:00").astimezone(BEIJING) + timedelta(days=3)
    assert resume_clock(pack, clock, at("12-16 10:00"), new_year).provisional is (limit == "5wd")
