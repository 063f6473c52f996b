"""Tests of the date up to which a city's promises are firm."""

from datetime import date, datetime, timedelta

import pytest

from domain.deadlines.registry import ClockName
from domain.pack.horizon import horizon
from domain.pack.planning import plan_clock
from packs.registry import PackRegistry, default_root
from tests.domain.planned import TONGZHOU, pack_with

ENDING = TONGZHOU.calendar.model_copy(update={"years": (2025, 2026)})


@pytest.mark.parametrize(
    ("limit", "since"),
    [
        ("1wd", date(2026, 12, 31)),
        ("5wd", date(2026, 12, 25)),
        ("10wd", date(2026, 12, 18)),
        ("7wh", date(2026, 12, 31)),
        ("30d", None),
        ("2000wd", date(2025, 1, 1)),
    ],
)
def test_from_which_day_on_a_limit_is_promised_provisionally(
    limit: str, since: date | None
) -> None:
    calendar_horizon = horizon(pack_with({"handle": limit}, [], calendar=ENDING))
    assert calendar_horizon.last_day == date(2026, 12, 31)
    assert calendar_horizon.tiers == {"only": since}
    assert calendar_horizon.first == since


def test_the_ladder_is_promised_as_well() -> None:
    ladder = [{"kind": "due"}, {"kind": "notice", "offset": "5wd"}]
    assert horizon(pack_with({"handle": "5wd"}, ladder, calendar=ENDING)).first == date(
        2026, 12, 18
    )
    firm = ENDING.model_copy(update={"years": (2025, 2026, 2027)})
    calendar_horizon = horizon(pack_with({"handle": "5wd"}, ladder, calendar=firm))
    assert calendar_horizon.last_day == date(2027, 12, 31)
    assert calendar_horizon.first is not None
    assert calendar_horizon.first > date(2027, 12, 10)


def test_a_hole_in_the_calendar_is_no_part_of_what_is_firm() -> None:
    hole = ENDING.model_copy(update={"years": (2024, 2026)})
    calendar_horizon = horizon(pack_with({"handle": "300wd"}, [], calendar=hole))
    assert (calendar_horizon.last_day, calendar_horizon.first) == (
        date(2026, 12, 31),
        date(2026, 1, 1),
    )


@pytest.mark.parametrize("city", PackRegistry(default_root()).ids())
def test_the_day_before_is_firm_and_the_day_itself_is_not(city: str) -> None:
    pack = PackRegistry(default_root()).get(city)
    calendar_horizon = horizon(pack)
    assert set(calendar_horizon.tiers) == set(pack.tiers)
    assert calendar_horizon.first is not None
    assert calendar_horizon.last_day.year == max(pack.calendar.years)
    for tier, day in calendar_horizon.tiers.items():
        if day is None:
            continue
        evening = datetime(day.year, day.month, day.day, 23, 59, tzinfo=pack.calendar.tz)
        before = evening - timedelta(days=1)
        handling = plan_clock(pack, ClockName.HANDLE, tier, before)
        assert handling is not None
        assert not handling.provisional
