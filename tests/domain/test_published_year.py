"""Tests of Tongzhou's published calendar of 2026, of due times on it, and of summer time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.deadlines.calendar import (
    WorkCalendar,
    add_limit,
    add_office_time,
    is_working_day,
    office_time,
    subtract_limit,
)
from domain.deadlines.limits import Limit
from domain.pack.catalogue import CategoryStep
from domain.pack.planning import plan_steps
from tests.domain.planned import TONGZHOU, at, beijing, handle, pack_with

CALENDAR = TONGZHOU.calendar


def without(calendar: WorkCalendar, year: int) -> WorkCalendar:
    """Return `calendar` as it was before `year` was published."""
    return calendar.model_copy(update={"years": tuple(y for y in calendar.years if y != year)})


AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DUTCH = WorkCalendar.model_validate(
    {
        "version": "dutch",
        "zone": "Europe/Amsterdam",
        "hours": ["09:00-12:00", "14:00-18:00"],
        "years": [2026],
    }
)


@pytest.mark.parametrize("day", ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"])
def test_the_weekend_days_made_up_in_2026_are_worked(day: str) -> None:
    made_up = date.fromisoformat(f"2026-{day}")
    assert made_up.weekday() > 4
    assert is_working_day(CALENDAR, made_up)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("01-01", "01-03", 3),
        ("02-15", "02-23", 9),
        ("04-04", "04-06", 3),
        ("05-01", "05-05", 5),
        ("06-19", "06-21", 3),
        ("09-25", "09-27", 3),
        ("10-01", "10-07", 7),
    ],
)
def test_the_public_holidays_of_2026_are_not_worked(first: str, last: str, days: int) -> None:
    since, until = date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}")
    holiday = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    assert len(holiday) == days
    assert not any(is_working_day(CALENDAR, day) for day in holiday)
    assert is_working_day(CALENDAR, since - timedelta(days=1))
    assert is_working_day(CALENDAR, until + timedelta(days=1))


def test_2026_has_248_working_days() -> None:
    # 365 days, 104 of weekends, 13 public holidays; every other free day is made up for.
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(is_working_day(CALENDAR, day) for day in days) == 248


@pytest.mark.parametrize(
    ("day", "festival"),
    [
        ("01-01", "New Year"),
        ("02-05", "the eve of the Spring Festival"),
        ("02-08", "the Spring Festival"),
        ("04-05", "Qingming"),
        ("05-03", "in lieu of 1 May, a Saturday"),
        ("06-09", "Dragon Boat"),
        ("09-15", "Mid-Autumn"),
        ("10-01", "National Day"),
    ],
)
def test_the_festivals_of_2027_are_off_before_its_notice_is_out(day: str, festival: str) -> None:
    unpublished = without(CALENDAR, 2027)
    off = date.fromisoformat(f"2027-{day}")
    assert off.weekday() < 5, festival
    assert not is_working_day(unpublished, off)


def test_a_limit_that_reaches_an_unpublished_year_is_provisional() -> None:
    year = max(CALENDAR.years)
    for limit in ("1wh", "1wd"):
        pack = pack_with({"handle": limit}, [])
        clock = handle(pack, datetime(year, 12, 31, 18, tzinfo=CALENDAR.tz))
        assert clock.due_at.year == year + 1
        assert clock.provisional


@pytest.mark.parametrize(
    ("filed", "dues"),
    [
        ("09-30 16:00", ["10-08 11:00", "10-15 18:00", "11-03 18:00"]),
        ("10-03 03:00", ["10-08 15:00", "10-15 18:00", "11-03 18:00"]),
        ("10-09 17:00", ["10-10 12:00", "10-19 18:00", "11-05 18:00"]),
    ],
)
def test_staged_limits_are_counted_from_one_filing_over_the_national_day(
    filed: str, dues: list[str]
) -> None:
    steps = {"stop": "4wh", "punish": "7wd", "demolish": "20wd"}
    illegal_building = TONGZHOU.categories[0].model_copy(
        update={
            "steps": tuple(CategoryStep(code=c, limit=Limit.parse(t)) for c, t in steps.items())
        }
    )
    pack = TONGZHOU.model_copy(update={"categories": (illegal_building,)})
    clocks = plan_steps(pack, illegal_building.code, None, at(filed), 1)
    assert [clock.label for clock in clocks] == ["stop", "punish", "demolish"]
    assert [beijing(clock.due_at) for clock in clocks] == dues


@pytest.mark.parametrize(
    ("start", "limit", "due", "yellow", "red"),
    [
        ("09-22 10:00", "5wd", "09-30 18:00", "09-29 18:00", "10-08 10:00"),
        ("09-24 10:00", "5wd", "10-09 18:00", "10-08 18:00", "10-10 10:00"),
        ("05-06 10:00", "5wd", "05-12 18:00", "05-11 18:00", "05-13 10:00"),
    ],
)
@pytest.mark.must_work("jinan", "cards")
def test_cards_are_shown_to_the_working_day(
    start: str, limit: str, due: str, yellow: str, red: str
) -> None:
    ladder = [{"kind": "warn", "offset": "1wd"}, {"kind": "due", "offset": "1wh"}]
    clock = handle(pack_with({"handle": limit}, ladder), at(start))
    assert [beijing(clock.due_at), *map(beijing, (level.at for level in clock.rungs))] == [
        due,
        yellow,
        red,
    ]


def test_china_has_no_summer_time() -> None:
    for limit in ("24h", "7wh"):
        due = add_limit(CALENDAR, at("03-27 18:00"), Limit.parse(limit))
        assert due.astimezone(CALENDAR.tz).utcoffset() == timedelta(hours=8)
    assert beijing(add_limit(CALENDAR, at("03-28 12:00"), Limit.parse("24h"))) == "03-29 12:00"


def amsterdam(text: str, calendar: WorkCalendar = DUTCH) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=calendar.tz)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        # 29 March: the clocks go from 02:00 to 03:00; 25 October: from 03:00 back to 02:00.
        ("03-27 17:00", "4wh", "03-30 12:00"),
        ("03-27 17:00", "1wd", "03-30 18:00"),
        ("10-23 17:00", "4wh", "10-26 12:00"),
        ("10-23 17:00", "1wd", "10-26 18:00"),
        ("03-28 12:00", "24h", "03-29 13:00"),
        ("10-24 12:00", "24h", "10-25 11:00"),
    ],
)
def test_office_hours_keep_to_the_wall_clock_and_calendar_time_elapses(
    start: str, limit: str, due: str
) -> None:
    assert add_limit(DUTCH, amsterdam(start), Limit.parse(limit)) == amsterdam(due)


def test_a_working_span_over_the_change_of_clocks_is_as_long_as_any_other() -> None:
    friday, monday = amsterdam("03-27 14:00"), amsterdam("03-30 12:00")
    assert monday.astimezone(UTC) - friday.astimezone(UTC) == timedelta(hours=69)
    assert office_time(DUTCH, friday, monday) == timedelta(hours=7)
    assert subtract_limit(DUTCH, monday, Limit.parse("7wh")) == friday


def test_a_night_shift_over_the_change_of_clocks_is_counted_as_the_clock_shows() -> None:
    sunday = DUTCH.model_copy(update={"days_on": (date(2026, 3, 29),)})
    night = WorkCalendar.model_validate(sunday.model_dump() | {"hours": ["00:00-05:00"]})
    start, end = amsterdam("03-29 01:00", night), amsterdam("03-29 04:00", night)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=2)
    assert office_time(night, start, end) == timedelta(hours=3)
    assert add_office_time(night, start, timedelta(hours=3)) == end
