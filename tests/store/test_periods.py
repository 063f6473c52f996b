"""Tests of periods: a month in the city's time zone, and whether it is over."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from domain.pack.periods import Period, beginning_of, days_of, month_at, month_of
from packs.registry import default_root, load_pack

TONGZHOU = load_pack(default_root() / "tongzhou")
ELSEWHERE = TONGZHOU.model_copy(
    update={"city": TONGZHOU.city.model_copy(update={"zone": "America/New_York"})}
)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_month_begins_at_midnight_in_the_city() -> None:
    march = month_of(TONGZHOU, "2026-03")
    assert (march.since, march.until) == (_utc("2026-02-28T16:00"), _utc("2026-03-31T16:00"))
    assert month_of(TONGZHOU, "2024-02").until == _utc("2024-02-29T16:00")
    assert month_of(TONGZHOU, "2026-12").until == _utc("2026-12-31T16:00")


def test_where_clocks_change_a_month_is_an_hour_shorter() -> None:
    march, may = month_of(ELSEWHERE, "2026-03"), month_of(ELSEWHERE, "2026-05")
    assert march.until - march.since == timedelta(days=31, hours=-1)
    assert may.until - may.since == timedelta(days=31)


def test_one_month_ends_where_the_next_begins() -> None:
    months = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
    periods = [month_of(TONGZHOU, month) for month in months]
    assert all(a.until == b.since for a, b in pairwise(periods))
    for month, period in zip(months, periods, strict=True):
        assert month_at(TONGZHOU, period.since) == month
        assert month_at(TONGZHOU, period.until - timedelta(microseconds=1)) == month
        assert period.since in period
        assert period.until not in period


def test_nothing_happened_in_a_period_of_no_time() -> None:
    at = _utc("2026-03-01T00:00")
    assert at not in Period(at, at)
    assert None not in Period(at, at + timedelta(days=1))


def test_the_last_day_is_not_included() -> None:
    days = days_of(TONGZHOU, date(2026, 3, 1), date(2026, 3, 3))
    assert days.until - days.since == timedelta(days=2)
    assert beginning_of(TONGZHOU, date(2026, 3, 3)) not in days


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-13", "2026-00", "March", "0001-01", "1999-12", "9999-12", "3000-01"]
)
def test_what_is_no_month_of_a_city_is_refused(month: str) -> None:
    with pytest.raises(ValueError):
        month_of(TONGZHOU, month)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it has begun"):
        days_of(TONGZHOU, date(2026, 3, 2), date(2026, 3, 1))


def test_a_running_period_is_over_as_far_as_it_has_come() -> None:
    march = month_of(TONGZHOU, "2026-03")
    now = march.since + timedelta(days=3)
    assert march.so_far(now) == Period(march.since, now)
    assert march.so_far(march.until + timedelta(days=1)) == march
    with pytest.raises(ValueError, match="not begun"):
        march.so_far(march.since - timedelta(seconds=1))
