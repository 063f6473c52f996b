"""From a pack's limit to absolute due and rung times."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.actors import Role
from domain.calendar import CalendarNotPublished
from domain.clocks import Basis, Clock, ClockName, RungKind
from domain.limits import Limit
from domain.pack import UnknownTier
from domain.planning import extend_clock, plan_clock, plan_clocks
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
    assert [rung.tells for rung in clock.rungs] == [[Role.CITIZEN], [Role.DESK]]


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


def test_a_rung_in_a_year_that_is_not_published_comes_by_calendar_days() -> None:
    ladder = [
        {"kind": "due"},
        {"kind": "supervise", "offset": "2wd"},
        {"kind": "notice", "offset": "100%"},
    ]
    clock = handle(pack_with({"handle": "5wd"}, ladder), at("12-24 10:00"))
    due = clock.due_at
    assert beijing(due) == "12-31 18:00"
    assert [rung.at - due for rung in clock.rungs] == [
        timedelta(0),
        timedelta(days=2),
        due - at("12-24 10:00"),
    ]


def test_a_promise_in_a_year_that_is_not_published_is_refused() -> None:
    with pytest.raises(CalendarNotPublished):
        handle(pack_with({"handle": "5wd"}, []), at("12-30 10:00"))


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
    assert [rung.raises for rung in clock.rungs] == [False, True, False]
    assert [rung.tells for rung in clock.rungs] == [
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


def test_a_plan_that_leaves_the_published_years_fails() -> None:
    with pytest.raises(CalendarNotPublished):
        handle(pack_with({"handle": "5wd"}, []), datetime(2026, 12, 30, 10, tzinfo=BEIJING))


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
    seconds = [(rung.at - MONDAY).total_seconds() for rung in clock.rungs]
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
    assert [rung.kind for rung in extended.rungs] == [RungKind.WARN, RungKind.DUE]
