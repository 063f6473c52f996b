"""Tests that provisional plans keep their meaning and move when a year is published."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.clocks import Clocks
from domain.activity_io import ExtensionQuestion, ReplanQuestion, ResumeQuestion
from domain.deadlines.calendar import WorkCalendar, add_limit, office_time, working_days
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.limits import Limit
from domain.pack.pack import Pack
from domain.pack.planning import extend_clock, plan_at, replan_clock, resume_clock
from store.packs.archive import ArchivedPacks
from tests.domain.desks import settled
from tests.domain.planned import BEIJING, TONGZHOU, handle, pack_with

BEFORE = WorkCalendar.model_validate(
    {
        "version": "before",
        "zone": "Asia/Shanghai",
        "hours": ["09:00-12:00", "14:00-18:00"],
        "years": [2026],
        "days_off": ["2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10"],
        "yearly": [(1, 1)],
    }
)
"""2027 as expected in 2026: New Year is one day, the Spring Festival begins on 5 February."""

AFTER = BEFORE.model_copy(
    update={
        "version": "after",
        "years": (2026, 2027),
        "days_off": (
            date(2027, 1, 1),
            *(date(2027, 1, day) for day in (4, 5)),
            *(date(2027, 2, day) for day in (4, 5, 8, 9, 10, 11)),
        ),
        "days_on": (date(2027, 1, 9), date(2027, 1, 30), date(2027, 2, 14)),
        "yearly": (),
    }
)
"""2027 by its notice: 4 and 5 January are off, too; three weekend days are worked for it."""

POLICY: Sequence[Mapping[str, object]] = [
    {"kind": "warn", "offset": "1wd"},
    {"kind": "due"},
    {"kind": "supervise", "offset": "1wd"},
    {"kind": "notice", "offset": "1d"},
]


FROM = datetime(2026, 11, 20, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def shown(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def rungs(clock: Clock) -> dict[str, str]:
    return {level.kind.value: shown(level.at) for level in clock.rungs}


def before(limit: str, ladder: Sequence[Mapping[str, object]] = (), **more: Any) -> Pack:
    return pack_with({"handle": limit}, ladder, calendar=BEFORE, **more)


def after(pack: Pack) -> Pack:
    return pack.model_copy(update={"calendar": AFTER})


@pytest.mark.parametrize(
    ("start", "limit", "was", "due"),
    [
        # Two working days fewer at the beginning of January, made up for on Saturday the 9th.
        ("2026-12-30 10:00", "3wd", "2027-01-05 18:00", "2027-01-07 18:00"),
        ("2026-12-30 10:00", "5wd", "2027-01-07 18:00", "2027-01-09 18:00"),
        ("2026-12-30 10:00", "10wd", "2027-01-14 18:00", "2027-01-15 18:00"),
        ("2026-12-30 10:00", "28wd", "2027-02-15 18:00", "2027-02-16 18:00"),
        ("2026-12-31 16:00", "4wh", "2027-01-04 11:00", "2027-01-06 11:00"),
        # Filed on a day that the notice made a day off.
        ("2027-01-04 10:00", "1wd", "2027-01-05 18:00", "2027-01-06 18:00"),
        ("2027-01-04 10:00", "4wh", "2027-01-04 16:00", "2027-01-06 15:00"),
        # A weekend day is worked: the answer is due earlier.
        ("2027-01-08 10:00", "1wd", "2027-01-11 18:00", "2027-01-09 18:00"),
        ("2027-01-29 10:00", "2wd", "2027-02-02 18:00", "2027-02-01 18:00"),
    ],
)
def test_the_same_working_time_is_laid_out_by_the_published_calendar(
    start: str, limit: str, was: str, due: str
) -> None:
    pack = before(limit)
    clock = handle(pack, at(start))
    assert (shown(clock.due_at), clock.provisional) == (was, True)
    again = replan_clock(after(pack), clock, BEFORE)
    assert (shown(again.due_at), again.provisional) == (due, False)
    assert again.calendar_version == "after"
    assert shown(again.rungs[-1].at) == due
    fresh = handle(after(pack), at(start))
    assert again == fresh.model_copy(update={"rule_id": again.rule_id})


def test_rungs_keep_their_distance_counted_alike() -> None:
    pack = before("5wd", POLICY)
    clock = handle(pack, at("2026-12-30 10:00"))
    assert rungs(clock) == {
        "warn": "2027-01-06 18:00",
        "due": "2027-01-07 18:00",
        "supervise": "2027-01-08 18:00",
        "notice": "2027-01-08 18:00",
    }
    assert rungs(replan_clock(after(pack), clock, BEFORE)) == {
        "warn": "2027-01-08 18:00",
        "due": "2027-01-09 18:00",
        "supervise": "2027-01-11 18:00",
        "notice": "2027-01-11 18:00",  # a calendar day after due, never before the supervision
    }


def test_only_the_rungs_of_a_clock_in_calendar_time_move() -> None:
    pack = before("7d", [{"kind": "warn", "offset": "1wd"}, {"kind": "due", "offset": "1wh"}])
    clock = handle(pack, at("2026-12-30 10:00"))
    assert (shown(clock.due_at), clock.provisional) == ("2027-01-06 10:00", True)
    assert rungs(clock) == {"warn": "2027-01-05 18:00", "due": "2027-01-06 11:00"}
    again = replan_clock(after(pack), clock, BEFORE)
    assert again.due_at == clock.due_at
    assert rungs(again) == {"warn": "2026-12-31 18:00", "due": "2027-01-06 11:00"}
    assert not again.provisional


def test_an_extension_and_a_pause_are_part_of_what_was_given() -> None:
    pack = before("3wd")
    clock = extend_clock(pack, handle(pack, at("2026-12-30 10:00")), Limit.parse("2wd"))
    assert shown(clock.due_at) == "2027-01-07 18:00"
    assert shown(replan_clock(after(pack), clock, BEFORE).due_at) == "2027-01-09 18:00"
    paused = resume_clock(pack, clock, at("2026-12-30 14:00"), at("2026-12-31 16:00"))
    assert shown(paused.due_at) == "2027-01-11 11:00"  # nine hours of office time later
    again = replan_clock(after(pack), paused, BEFORE)
    assert shown(again.due_at) == "2027-01-12 11:00"
    length = office_time(BEFORE, paused.started_at, paused.due_at)
    assert office_time(AFTER, again.started_at, again.due_at) == length


def test_working_days_after_calendar_days_are_counted_from_after_them() -> None:
    pack = before("7d")
    clock = extend_clock(pack, handle(pack, at("2026-12-24 10:00")), Limit.parse("2wd"))
    assert (clock.limit, shown(clock.due_at)) == ("7d+2wd", "2027-01-05 18:00")
    assert shown(replan_clock(after(pack), clock, BEFORE).due_at) == "2027-01-07 18:00"
    plain = extend_clock(pack, handle(pack, at("2026-12-24 10:00")), Limit.parse("8d"))
    assert replan_clock(after(pack), plain, BEFORE).due_at == plain.due_at


def test_what_somebody_named_is_not_moved() -> None:
    pack = before("7d", [{"kind": "warn", "offset": "1wd"}])
    due = at("2027-01-06 15:00")
    clock = plan_at(pack, handle(pack).name, due, at("2026-12-30 10:00"))
    again = replan_clock(after(pack), clock, BEFORE)
    assert (again.due_at, again.limit) == (clock.due_at, clock.limit)
    assert rungs(again)["warn"] == "2026-12-31 18:00"


def test_a_card_that_was_shown_is_not_shown_again_nor_moved() -> None:
    pack = before("5wd", POLICY)
    clock = handle(pack, at("2026-12-30 10:00")).model_copy(update={"climbed": 1})
    again = replan_clock(after(pack), clock, BEFORE, at("2027-01-07 09:00"))
    assert (again.climbed, again.rungs[0]) == (1, clock.rungs[0])
    assert shown(again.due_at) == "2027-01-09 18:00"


def test_a_promise_that_was_broken_is_not_mended_by_a_notice() -> None:
    pack = before("5wd", POLICY)
    clock = handle(pack, at("2026-12-30 10:00")).model_copy(update={"climbed": 2})
    again = replan_clock(after(pack), clock, BEFORE, at("2027-01-08 09:00"))
    assert (again.due_at, again.rungs[:2]) == (clock.due_at, clock.rungs[:2])
    assert rungs(again)["supervise"] == "2027-01-08 18:00"
    assert again.past_due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2027-01-09 11:00", "2027-01-09 18:00"),
        ("2027-01-09 18:30", "2027-01-11 18:00"),
        ("2027-01-10 12:00", "2027-01-11 18:00"),
        ("2027-01-11 09:30", "2027-01-11 18:00"),
    ],
)
def test_nothing_is_due_before_now_because_it_was_planned_again(now: str, due: str) -> None:
    pack = before("1wd", POLICY)
    clock = handle(pack, at("2027-01-08 10:00"))
    assert shown(clock.due_at) == "2027-01-11 18:00"
    again = replan_clock(after(pack), clock, BEFORE, at(now))
    assert shown(again.due_at) == due
    assert all(level.at >= at(now) for level in again.rungs if level.at != clock.rungs[0].at)
    times = [level.at for level in again.rungs]
    assert times == sorted(times)


def test_a_warning_whose_time_is_over_by_the_new_plan_comes_now() -> None:
    pack = before("3wd", [{"kind": "warn", "offset": "1wd"}])
    clock = handle(pack, at("2027-01-28 10:00"))
    assert rungs(clock) == {"warn": "2027-02-01 18:00", "due": "2027-02-02 18:00"}
    now = at("2027-01-30 19:00")
    again = replan_clock(after(pack), clock, BEFORE, now)
    assert rungs(again) == {"warn": "2027-01-30 19:00", "due": "2027-02-01 18:00"}


def test_in_a_scaled_pack_the_plan_is_the_scaled_one() -> None:
    pack = before("5wd", POLICY, clock_scale=1 / 86400)
    clock = handle(pack, at("2026-12-30 10:00"))
    again = replan_clock(after(pack), clock, BEFORE)
    fresh = handle(after(pack), at("2026-12-30 10:00"))
    for one, other in zip(again.rungs, fresh.rungs, strict=True):
        assert abs(one.at - other.at) < timedelta(milliseconds=1)


def test_a_clock_that_reaches_two_years_stays_provisional_until_both_are_published() -> None:
    pack = before("300wd")
    clock = handle(pack, at("2026-12-30 10:00"))
    again = replan_clock(after(pack), clock, BEFORE)
    assert clock.due_at.year == 2028
    assert again.provisional
    assert working_days(AFTER, again.started_at, again.due_at) == 300
    both = AFTER.model_copy(update={"years": (2026, 2027, 2028), "version": "both"})
    last = replan_clock(pack.model_copy(update={"calendar": both}), again, AFTER)
    assert not last.provisional


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 82 * 24 * 60),
    st.sampled_from(["1wd", "5wd", "30wd", "3wh", "40wh", "7d"]),
    st.sampled_from([None, "2wd", "5wh", "3d"]),
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
    st.integers(0, 3),
)
def test_by_the_same_calendar_nothing_moves(
    minutes: int, limit: str, by: str | None, pause: tuple[int, int], climbed: int
) -> None:
    pack = before(limit, POLICY)
    clock = handle(pack, FROM + minutes * timedelta(minutes=1))
    if by is not None:
        clock = extend_clock(pack, clock, Limit.parse(by))
    clock = clock.model_copy(update={"climbed": min(climbed, len(clock.rungs))})
    since = clock.started_at + timedelta(hours=min(pause))
    clock = resume_clock(pack, clock, since, since + timedelta(hours=max(pause)))
    again = replan_clock(pack, clock, BEFORE)
    assert again.due_at == clock.due_at
    assert [level.at for level in again.rungs] == [level.at for level in clock.rungs]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 82 * 24 * 60),
    st.sampled_from(["1wd", "3wd", "5wd", "20wd", "4wh", "30wh"]),
    st.integers(0, 60 * 24),
)
def test_whatever_is_planned_again_is_in_order_and_not_before_now(
    minutes: int, limit: str, hours: int
) -> None:
    pack = before(limit, POLICY)
    clock = handle(pack, FROM + minutes * timedelta(minutes=1))
    now = clock.started_at + timedelta(hours=hours)
    reached = sum(level.at <= now for level in clock.rungs)
    clock = clock.model_copy(update={"climbed": reached})
    again = replan_clock(after(pack), clock, BEFORE, now)
    times = [level.at for level in again.rungs]
    assert times == sorted(times)
    assert again.rungs[:reached] == clock.rungs[:reached]
    assert all(level.at >= now for level in again.rungs[reached:])
    if clock.due_at > now:
        assert again.due_at > now
        due = next(level.at for level in again.rungs if level.kind is LevelKind.DUE)
        assert due == again.due_at
    else:
        assert again.due_at == clock.due_at
    assert not again.provisional


def test_the_packs_own_calendars_are_planned_again_alike() -> None:
    calendar = TONGZHOU.calendar
    ending = calendar.model_copy(update={"years": (2025, 2026), "version": "ending"})
    pack = pack_with({"handle": "5wd"}, POLICY, calendar=ending)
    clock = handle(pack, at("2026-12-30 10:00"))
    published = pack.model_copy(
        update={"calendar": ending.model_copy(update={"years": (2025, 2026, 2027), "version": "x"})}
    )
    again = replan_clock(published, clock, ending)
    assert again.due_at == clock.due_at == add_limit(ending, clock.started_at, Limit.parse("5wd"))
    assert not again.provisional


class Years(ArchivedPacks):
    """An archive whose pack gains and loses years, and which keeps every calendar."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    async def of(self, city: str, version: str | None) -> Pack:
        return self.pack

    async def calendar(self, version: str) -> WorkCalendar | None:
        return {each.version: each for each in (BEFORE, AFTER)}.get(version)


def test_a_year_that_is_taken_away_and_published_again_adds_no_day() -> None:
    pack = before("5wd", POLICY)
    clock = handle(after(pack), at("2026-12-30 10:00"))
    paused = clock.model_copy(update={"paused_at": at("2026-12-31 10:00")})
    years = Years(pack)
    clocks = Clocks(years)
    [extended] = settled(clocks.extend(ExtensionQuestion(city="", clock=clock, by="1wd"))).clocks
    going_on = ResumeQuestion(city="", clocks=[paused], at=at("2026-12-31 12:00"))
    [resumed] = settled(clocks.resume(going_on)).clocks
    by_the_year = extend_clock(after(pack), clock, Limit.parse("1wd"))
    assert extended == by_the_year
    assert shown(extended.due_at) == "2027-01-11 18:00"
    assert not (extended.provisional or resumed.provisional)
    years.pack = after(pack)
    again = ReplanQuestion(city="", clocks=[extended, resumed], at=at("2026-12-31 13:00"))
    assert settled(clocks.replan(again)).clocks == []
