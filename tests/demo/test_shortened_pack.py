"""Tests of packs whose days last seconds: their limits can be met, in any year."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.pack import shortened_pack
from domain.deadlines.limits import Limit, LimitUnit
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock
from packs.registry import default_root

CITIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")


def _days(limit: Limit) -> float:
    """Return the least number of days of a limit, by the pack's way of counting."""
    if limit.unit is LimitUnit.WORKING_DAYS:
        return limit.amount
    return limit.length / timedelta(days=1)


def _limits(pack: Pack) -> list[Limit]:
    limits = [pack.limit(clock, tier)[0] for tier in pack.tiers for clock in ClockName]
    limits += [pack.joint.of(clock) for clock in ClockName]
    return [limit for limit in limits if limit is not None]


@pytest.mark.parametrize("city", CITIES)
def test_no_limit_is_over_sooner_than_two_seconds(tmp_path: Path, city: str) -> None:
    pack = shortened_pack(default_root() / city, tmp_path, 0.5)
    assert min(_days(limit) for limit in _limits(pack)) * 0.5 >= 2


def test_what_is_long_enough_stays_as_it_is_written(tmp_path: Path) -> None:
    pack = shortened_pack(default_root() / "jinan", tmp_path, 0.5)
    assert str(pack.limit(ClockName.HANDLE, "general")[0]) == "5wd"
    assert (str(pack.caps.extension), str(pack.caps.hold)) == ("10wd", "180d")


def test_where_a_day_is_long_a_limit_is_a_day_at_least(tmp_path: Path) -> None:
    pack = shortened_pack(default_root() / "jinan", tmp_path, 60)
    assert min(_days(limit) for limit in _limits(pack)) == 1
    assert str(pack.limits.of(ClockName.RETURN_WINDOW)) == "2wd"


@pytest.mark.parametrize("city", CITIES)
def test_a_demonstration_may_be_shown_in_december(tmp_path: Path, city: str) -> None:
    pack = shortened_pack(default_root() / city, tmp_path, 0.5)
    december = datetime(pack.calendar.years[-1], 12, 20, tzinfo=UTC)
    for tier in pack.tiers:
        clock = plan_clock(pack, ClockName.HANDLE, tier, december, assignment=1)
        assert clock is not None
        assert december < clock.due_at < december + timedelta(minutes=5)
