"""Tests of absolute due times and escalation levels, planned from a pack's limits."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.actors import Role
from domain.deadlines.clocks import Basis, Clock, LevelKind
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.pack import UnknownTier
from domain.pack.planning import due_after, extend_clock, plan_clock, plan_clocks, plan_revisits
from domain.pack.policies import Aftercare
from tests.domain.planned import BEIJING, MONDAY, TONGZHOU, at, beijing, handle, pack_with, rungs


@pytest.mark.parametrize(
    ("tier", "dispatch", "answer"),
    [
        ("emergency", "1h", "2h"),
        ("utility", "2h", "24h"),
        ("general", "24h", "7d"),
        ("complex", "24h", "15d"),
    ],
)
def test_tongzhou_keeps_the_four_published_tiers(tier: str, dispatch: str, answer: str) -> None:
    for name, limit in ((ClockName.DISPATCH, dispatch), (ClockName.HANDLE, answer)):
        clock = plan_clock(TONGZHOU, name, tier, MONDAY)
        assert clock is not None
        assert clock.due_at == MONDAY + Limit.parse(limit).length
        assert (clock.limit, clock.basis) == (limit, Basis.CALENDAR)
        assert clock.rule_id == f"tongzhou/city.toml#tiers.{tier}.{name}"


def test_a_limit_the_tier_does_not_set_is_the_default_one() -> None:
    clock = plan_clock(TONGZHOU, ClockName.RATE, "general", MONDAY)
    assert clock is not None
    assert clock.rule_id == "tongzhou/city.toml#limits.rate"
    assert rungs(clock) == {"warn": "03-05 10:00", "due": "03-09 10:00"}
    assert [level.tells for level in clock.rungs] == [[Role.CITIZEN], [Role.DESK]]


def test_before_triage_the_citys_own_tier_counts() -> None:
    clock = plan_clock(TONGZHOU, ClockName.DISPATCH, None, MONDAY)
    assert clock is not None
    assert clock.rule_id == "tongzhou/city.toml#tiers.general.dispatch"


def test_a_clock_without_a_limit_is_not_started() -> None:
    pack = pack_with({"handle": "7d"}, [])
    assert plan_clock(pack, ClockName.SIGN, "only", MONDAY) is None
    names = [ClockName.SIGN, ClockName.HANDLE]
    planned = plan_clocks(pack, names, "only", MONDAY, assignment=3)
    assert [(clock.name, clock.assignment) for clock in planned] == [(ClockName.HANDLE, 3)]


ENDING = TONGZHOU.calendar.model_copy(update={"years": (2025, 2026)})
"""The calendar while 2026 is the last published year."""


def test_a_rung_in_a_year_that_is_not_published_comes_by_the_working_days_known_of_it() -> None:
    ladder = [
        {"kind": "due"},
        {"kind": "supervise", "offset": "2wd"},
        {"kind": "notice", "offset": "100%"},
    ]
    pack = pack_with({"handle": "5wd"}, ladder, calendar=ENDING)
    clock = handle(pack, at("12-24 10:00"))
    # 41 hours of office time after the start: six on the first day, and five days.
    assert rungs(clock) == {
        "due": "12-31 18:00",
        "supervise": "01-05 18:00",
        "notice": "01-11 17:00",
    }
    assert clock.provisional


@pytest.mark.parametrize(
    ("limits", "ladder", "start", "provisional"),
    [
        ({"handle": "5wd"}, [], "12-24 10:00", False),
        ({"handle": "5wd"}, [], "12-25 10:00", True),
        ({"handle": "7wh"}, [], "12-31 09:00", False),
        ({"handle": "7wh"}, [], "12-31 09:01", True),
        ({"handle": "7d"}, [], "12-30 10:00", False),
        ({"handle": "7d"}, [{"kind": "warn", "offset": "20%"}], "12-30 10:00", False),
        # Only the warning is counted in working days, back from a day of January.
        ({"handle": "7d"}, [{"kind": "warn", "offset": "1wd"}], "12-30 10:00", True),
        ({"handle": "7d"}, [{"kind": "warn", "offset": "1wd"}], "12-20 10:00", False),
        # Only the last level is in January.
        ({"handle": "1wd"}, [{"kind": "supervise", "offset": "1wd"}], "12-29 10:00", False),
        ({"handle": "1wd"}, [{"kind": "supervise", "offset": "1wd"}], "12-30 10:00", True),
        ({"handle": "1wd"}, [{"kind": "supervise", "offset": "1d"}], "12-30 10:00", False),
        ({"handle": "1d"}, [{"kind": "notice", "offset": "2wd"}], "12-30 10:00", True),
    ],
)
def test_a_clock_is_provisional_exactly_when_it_counts_days_of_such_a_year(
    limits: dict[str, str], ladder: list[dict[str, object]], start: str, provisional: bool
) -> None:
    clock = handle(pack_with(limits, ladder, calendar=ENDING), at(start))
    assert clock.provisional is provisional
    assert (clock.calendar_version is not None) or not provisional
    both = ENDING.model_copy(update={"years": (2025, 2026, 2027)})
    assert not handle(pack_with(limits, ladder, calendar=both), at(start)).provisional


@pytest.mark.parametrize("limit", ["2000wd", "99999wd"])
def test_a_limit_of_years_has_an_answer(limit: str) -> None:
    ladder = [
        {"kind": "warn", "offset": "20%"},
        {"kind": "due"},
        {"kind": "notice", "offset": "50%"},
    ]
    clock = handle(pack_with({"handle": limit}, ladder))
    assert clock.provisional
    assert MONDAY < clock.rungs[0].at < clock.due_at == clock.rungs[1].at < clock.rungs[2].at


def test_an_old_clock_was_not_provisional() -> None:
    clock = handle(pack_with({"handle": "5wd"}, []))
    values = clock.model_dump(mode="json")
    del values["provisional"]
    assert Clock.model_validate(values) == clock


@pytest.mark.parametrize(
    ("limit", "by", "provisional"),
    [("5wd", "3wd", True), ("5d", "3wd", True), ("5wd", "3d", True), ("5d", "3d", False)],
)
def test_an_extension_into_such_a_year_is_provisional(
    limit: str, by: str, provisional: bool
) -> None:
    pack = pack_with({"handle": limit}, [], calendar=ENDING)
    clock = handle(pack, at("12-24 10:00"))
    assert not clock.provisional
    assert extend_clock(pack, clock, Limit.parse(by)).provisional is provisional
    assert not extend_clock(pack, handle(pack, at("03-02 10:00")), Limit.parse(by)).provisional


@pytest.mark.parametrize(
    ("revisits", "provisional"),
    [(["30d", "60d"], [False, False]), (["20wd", "40wd"], [False, True])],
)
def test_a_look_back_in_working_days_is_marked_like_any_clock(
    revisits: list[str], provisional: list[bool]
) -> None:
    looks = tuple(map(Limit.parse, revisits))
    pack = pack_with({"handle": "7d"}, [], calendar=ENDING, aftercare=Aftercare(revisits=looks))
    clocks = plan_revisits(pack, at("11-20 10:00"))
    assert [clock.provisional for clock in clocks] == provisional
    assert [clock.label for clock in clocks] == ["1", "2"]
    assert clocks[0].rule_id == "tongzhou/city.toml#aftercare.revisits.1"
    assert clocks[0].due_at == due_after(pack, at("11-20 10:00"), looks[0])


def test_an_unknown_tier_is_refused_with_a_stable_code() -> None:
    with pytest.raises(UnknownTier, match="tongzhou has no tier 'urgent'") as refused:
        plan_clock(TONGZHOU, ClockName.HANDLE, "urgent", MONDAY)
    assert refused.value.code == "unknown_tier"


def test_a_clock_is_planned_in_utc_and_at_the_foot_of_its_ladder() -> None:
    clock = handle(pack_with({"handle": "7d"}, []))
    assert clock.started_at == MONDAY
    assert {clock.started_at.tzinfo, clock.due_at.tzinfo, clock.rungs[0].at.tzinfo} == {UTC}
    assert (clock.climbed, clock.running) == (0, True)
    assert Clock.model_validate_json(clock.model_dump_json()) == clock


def test_a_ladder_always_has_a_due_rung() -> None:
    assert rungs(handle(pack_with({"handle": "7d"}, []))) == {"due": "03-09 10:00"}
    around = [{"kind": "warn", "offset": "1d"}, {"kind": "notice", "offset": "1d"}]
    clock = handle(pack_with({"handle": "7d"}, around))
    assert list(rungs(clock)) == ["warn", "due", "notice"]


def test_a_percentage_is_a_share_of_the_whole_span() -> None:
    ladder: list[dict[str, object]] = [
        {"kind": "warn", "offset": "20%", "tells": ["officer"]},
        {"kind": "due"},
        {"kind": "supervise", "offset": "50%"},
        {"kind": "notice", "offset": "100%"},
    ]
    assert rungs(handle(pack_with({"handle": "10d"}, ladder))) == {
        "warn": "03-10 10:00",
        "due": "03-12 10:00",
        "supervise": "03-17 10:00",
        "notice": "03-22 10:00",
    }


CARDS: Sequence[Mapping[str, object]] = [
    {"kind": "warn", "offset": "1wd", "tells": ["officer"]},
    {"kind": "due", "offset": "1wh", "tells": ["officer"], "raises": True},
    {"kind": "supervise", "offset": "1wd", "tells": ["supervisor"]},
]


@pytest.mark.parametrize(
    ("start", "due", "yellow", "red", "supervised"),
    [
        ("03-02 10:00", "03-09 18:00", "03-06 18:00", "03-10 10:00", "03-10 18:00"),
        ("03-06 10:00", "03-13 18:00", "03-12 18:00", "03-16 10:00", "03-16 18:00"),
        ("09-21 10:00", "09-29 18:00", "09-28 18:00", "09-30 10:00", "09-30 18:00"),
        ("09-22 10:00", "09-30 18:00", "09-29 18:00", "10-08 10:00", "10-08 18:00"),
    ],
)
def test_yellow_one_working_day_before_due_and_red_on_the_first_working_day_after(
    start: str, due: str, yellow: str, red: str, supervised: str
) -> None:
    clock = handle(pack_with({"handle": "5wd"}, CARDS), at(start))
    assert beijing(clock.due_at) == due
    assert rungs(clock) == {"warn": yellow, "due": red, "supervise": supervised}
    assert clock.calendar_version == TONGZHOU.calendar.version


def test_a_rung_says_whom_it_tells_and_whether_it_raises_the_ticket() -> None:
    clock = handle(pack_with({"handle": "5wd"}, CARDS))
    assert [level.raises for level in clock.rungs] == [False, True, False]
    assert [level.tells for level in clock.rungs] == [
        [Role.OFFICER],
        [Role.OFFICER],
        [Role.SUPERVISOR],
    ]


def test_what_comes_after_due_does_not_come_before_a_red_card_shown_later() -> None:
    ladder = [{"kind": "due", "offset": "1wh"}, {"kind": "supervise", "offset": "2h"}]
    assert rungs(handle(pack_with({"handle": "5wd"}, ladder))) == {
        "due": "03-10 10:00",
        "supervise": "03-10 10:00",
    }


def test_a_share_of_a_working_span_is_counted_in_office_hours() -> None:
    ladder = [
        {"kind": "warn", "offset": "25%"},
        {"kind": "due"},
        {"kind": "supervise", "offset": "25%"},
    ]
    friday = datetime(2026, 3, 6, 14, tzinfo=BEIJING)
    assert rungs(handle(pack_with({"handle": "8wh"}, ladder), friday)) == {
        "warn": "03-09 11:00",
        "due": "03-09 15:00",
        "supervise": "03-09 17:00",
    }


def test_a_warning_that_would_come_with_the_start_is_left_out() -> None:
    ladder = [{"kind": "warn", "offset": "1wd"}, {"kind": "due"}]
    evening = datetime(2026, 3, 2, 20, tzinfo=BEIJING)
    assert rungs(handle(pack_with({"handle": "1wd"}, ladder), evening)) == {"due": "03-03 18:00"}


def test_rungs_never_go_back() -> None:
    ladder = [
        {"kind": "due"},
        {"kind": "supervise", "offset": "5d"},
        {"kind": "notice", "offset": "10%"},
    ]
    assert rungs(handle(pack_with({"handle": "10d"}, ladder))) == {
        "due": "03-12 10:00",
        "supervise": "03-17 10:00",
        "notice": "03-17 10:00",
    }


def test_a_clock_says_which_calendar_it_was_planned_with() -> None:
    version = TONGZHOU.calendar.version
    assert handle(pack_with({"handle": "5wd"}, [])).calendar_version == version
    assert handle(pack_with({"handle": "7d"}, [])).calendar_version is None
    warned = pack_with({"handle": "7d"}, [{"kind": "warn", "offset": "1wd"}, {"kind": "due"}])
    assert handle(warned).calendar_version == version


def test_an_extension_is_counted_from_the_old_due_time() -> None:
    ladder = [{"kind": "warn", "offset": "20%"}, {"kind": "due"}]
    pack = pack_with({"handle": "7d"}, ladder)
    clock = handle(pack).model_copy(update={"climbed": 1, "assignment": 2})
    extended = extend_clock(pack, clock, Limit.parse("3d"))
    assert rungs(extended) == {"warn": "03-10 10:00", "due": "03-12 10:00"}
    assert extended.due_at == clock.due_at + timedelta(days=3)
    assert (extended.started_at, extended.climbed, extended.running) == (MONDAY, 0, True)
    assert (extended.limit, extended.assignment) == ("7d+3d", 2)
    assert extended.rule_id == clock.rule_id


LATER = [{"kind": "warn", "offset": "20%"}, {"kind": "due"}, {"kind": "supervise", "offset": "1d"}]


@pytest.mark.parametrize(
    ("requested", "granted", "left"),
    [
        # Due on the 9th, with three days more on the 12th. Granted before that: all levels remain.
        ("03-08 10:00", "03-09 12:00", ["warn", "due", "supervise"]),
        # Granted after the new due time, which was missed as well: that card is shown.
        ("03-08 10:00", "03-12 11:00", ["due", "supervise"]),
        ("03-08 10:00", "03-20 10:00", ["due", "supervise"]),
        # Requested when already late: the cards shown stand, and are not shown again.
        ("03-09 11:00", "03-12 11:00", ["supervise"]),
    ],
)
def test_a_time_that_was_not_kept_with_the_extension_either_is_shown(
    requested: str, granted: str, left: list[str]
) -> None:
    pack = pack_with({"handle": "7d"}, LATER)
    clock = handle(pack).model_copy(update={"climbed": 2, "assignment": 2})
    extended = extend_clock(pack, clock, Limit.parse("3d"), at(granted), at(requested))
    assert [level.kind for level in extended.rungs] == left


def test_an_extension_in_working_days_ends_with_the_office_hours() -> None:
    pack = pack_with({"handle": "5wd"}, [])
    extended = extend_clock(pack, handle(pack), Limit.parse("3wd"))
    assert rungs(extended) == {"due": "03-12 18:00"}
    assert (extended.limit, extended.basis) == ("5wd+3wd", Basis.WORKING)
    again = extend_clock(pack, extended, Limit.parse("1wd"))
    assert (rungs(again), again.limit) == ({"due": "03-13 18:00"}, "5wd+3wd+1wd")


def test_an_extension_in_working_days_of_a_clock_in_calendar_time_says_its_calendar() -> None:
    pack = pack_with({"handle": "7d"}, [])
    extended = extend_clock(pack, handle(pack), Limit.parse("1wd"))
    assert (rungs(extended), extended.limit) == ({"due": "03-10 18:00"}, "7d+1wd")
    assert extended.calendar_version == TONGZHOU.calendar.version


def test_a_scaled_pack_shrinks_every_span_and_nothing_else() -> None:
    ladder = [
        {"kind": "warn", "offset": "1d"},
        {"kind": "due"},
        {"kind": "supervise", "offset": "100%"},
    ]
    clock = handle(pack_with({"handle": "10d"}, ladder, clock_scale=1 / 86400))
    assert clock.started_at == MONDAY
    seconds = [(level.at - MONDAY).total_seconds() for level in clock.rungs]
    assert seconds == pytest.approx([9, 10, 20], abs=1e-5)
    assert clock.rungs[1].at == clock.due_at
    assert clock.limit == "10d"


def test_an_extension_of_a_scaled_clock_is_scaled_too() -> None:
    pack = pack_with({"handle": "5wd"}, [{"kind": "warn", "offset": "1wd"}], clock_scale=1 / 86400)
    real = pack_with({"handle": "5wd"}, [{"kind": "warn", "offset": "1wd"}])
    extended = extend_clock(pack, handle(pack), Limit.parse("2wd"))
    expected = extend_clock(real, handle(real), Limit.parse("2wd"))
    for one, other in zip(extended.rungs, expected.rungs, strict=True):
        assert one.kind is other.kind
        scaled = (other.at - MONDAY).total_seconds() / 86400
        assert (one.at - MONDAY).total_seconds() == pytest.approx(scaled, abs=1e-4)
    assert [level.kind for level in extended.rungs] == [LevelKind.WARN, LevelKind.DUE]
