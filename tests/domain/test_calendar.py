"""Tests of due times on the working calendar of 2026, with the State Council's days off and on."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.deadlines.calendar import (
    WorkCalendar,
    add_limit,
    add_office_time,
    is_working_day,
    longer_than,
    office_time,
    subtract_limit,
    subtract_office_time,
)
from domain.deadlines.limits import Limit

BEIJING = ZoneInfo("Asia/Shanghai")
MAKE_UP_DAYS = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
DAYS_OFF = [
    *("2025-10-01", "2025-10-02", "2025-10-03", "2025-10-06", "2025-10-07", "2025-10-08"),
    *("2026-01-01", "2026-01-02"),
    *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-02-23"),
    *("2026-04-06", "2026-05-01", "2026-05-04", "2026-05-05", "2026-06-19", "2026-09-25"),
    *("2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"),
]
CALENDAR = WorkCalendar.model_validate(
    {
        "version": "test",
        "zone": "Asia/Shanghai",
        "hours": ["09:00-12:00", "14:00-18:00"],
        "years": [2025, 2026],
        "days_off": DAYS_OFF,
        "days_on": ["2025-09-28", "2025-10-11", *MAKE_UP_DAYS],
    }
)


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def beijing(text: str) -> datetime:
    return naive(text).replace(tzinfo=BEIJING)


def shown(at: datetime) -> str:
    assert at.tzinfo is UTC
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("day", MAKE_UP_DAYS)
def test_a_make_up_day_is_worked_although_it_is_a_weekend(day: str) -> None:
    assert date.fromisoformat(day).weekday() >= 5
    assert is_working_day(CALENDAR, date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-01-03", "2026-02-17", "2026-05-05", "2026-10-04"])
def test_holidays_and_weekends_are_not_worked(day: str) -> None:
    assert not is_working_day(CALENDAR, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        # Calendar time runs through the night, the weekend and the Spring Festival.
        ("2026-02-15 23:50", "30m", "2026-02-16 00:20"),
        ("2026-02-13 17:00", "7d", "2026-02-20 17:00"),
        # Working days: the day of receipt is not counted, whenever in the day it was.
        ("2026-03-02 08:00", "1wd", "2026-03-03 18:00"),
        ("2026-03-02 23:59", "1wd", "2026-03-03 18:00"),
        ("2026-03-02 10:00", "5wd", "2026-03-09 18:00"),
        ("2026-03-06 10:00", "1wd", "2026-03-09 18:00"),
        ("2026-03-07 10:00", "1wd", "2026-03-09 18:00"),
        # A make-up Saturday counts, the nine days off do not.
        ("2026-02-13 10:00", "1wd", "2026-02-14 18:00"),
        ("2026-02-13 10:00", "2wd", "2026-02-24 18:00"),
        ("2026-02-17 10:00", "1wd", "2026-02-24 18:00"),
        ("2026-09-30 10:00", "3wd", "2026-10-10 18:00"),
        # From one published year into the next.
        ("2025-12-31 10:00", "1wd", "2026-01-04 18:00"),
        # Working hours: from the moment of receipt, inside office hours.
        ("2026-03-02 09:00", "2wh", "2026-03-02 11:00"),
        ("2026-03-02 11:00", "2wh", "2026-03-02 15:00"),
        ("2026-03-02 12:30", "2wh", "2026-03-02 16:00"),
        ("2026-03-02 17:00", "4wh", "2026-03-03 12:00"),
        ("2026-03-02 07:00", "4wh", "2026-03-02 15:00"),
        ("2026-03-02 20:00", "4wh", "2026-03-03 15:00"),
        ("2026-03-07 20:00", "4wh", "2026-03-09 15:00"),
        # Used up when the office closes: due then, not the next morning.
        ("2026-03-02 09:00", "3wh", "2026-03-02 12:00"),
        ("2026-03-02 09:00", "7wh", "2026-03-02 18:00"),
        ("2026-12-31 16:00", "2wh", "2026-12-31 18:00"),
        ("2026-02-14 17:00", "2wh", "2026-02-24 10:00"),
        ("2025-12-31 17:30", "1wh", "2026-01-04 09:30"),
    ],
)
def test_when_a_limit_ends(start: str, limit: str, due: str) -> None:
    assert shown(add_limit(CALENDAR, beijing(start), Limit.parse(limit))) == due


@pytest.mark.parametrize(
    ("end", "limit", "start"),
    [
        ("2026-03-09 18:00", "2h", "2026-03-09 16:00"),
        ("2026-03-09 18:00", "1wd", "2026-03-06 18:00"),
        ("2026-02-24 18:00", "1wd", "2026-02-14 18:00"),
        ("2026-03-08 18:00", "1wd", "2026-03-06 18:00"),
        ("2026-03-09 10:00", "2wh", "2026-03-06 17:00"),
        ("2026-03-09 15:00", "2wh", "2026-03-09 11:00"),
        ("2026-03-08 15:00", "7wh", "2026-03-06 09:00"),
        ("2026-01-04 09:30", "1wh", "2025-12-31 17:30"),
        ("2025-01-01 11:00", "2wh", "2025-01-01 09:00"),
    ],
)
def test_when_a_warning_ahead_of_a_due_time_comes(end: str, limit: str, start: str) -> None:
    assert shown(subtract_limit(CALENDAR, beijing(end), Limit.parse(limit))) == start


# The expected 2027, before its notice is out: Spring Festival is in February, one Saturday is a
# working day, and New Year, May Day and National Day are on their yearly dates.
AHEAD = CALENDAR.model_validate(
    CALENDAR.model_dump()
    | {
        "days_off": [*DAYS_OFF, "2027-02-05", "2027-02-08"],
        "days_on": ["2025-09-28", "2025-10-11", *MAKE_UP_DAYS, "2027-01-09"],
        "hours_on": {"2027-01-09": ["09:00-12:00"]},
        "yearly": [(1, 1), (5, 1), (10, 1)],
    }
)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-12-31 10:00", "1wd", "2027-01-04 18:00"),
        ("2026-12-31 17:00", "2wh", "2027-01-04 10:00"),
        ("2027-01-08 10:00", "1wd", "2027-01-09 12:00"),
        ("2027-01-08 17:00", "4wh", "2027-01-09 12:00"),
        ("2027-02-04 10:00", "1wd", "2027-02-09 18:00"),
        # From two years on, only weekends and the yearly festivals are known.
        ("2029-04-30 10:00", "1wd", "2029-05-02 18:00"),
        ("2150-09-30 10:00", "1wd", "2150-10-02 18:00"),
    ],
)
def test_a_year_that_is_not_published_is_planned_with_what_is_known_of_it(
    start: str, limit: str, due: str
) -> None:
    assert shown(add_limit(AHEAD, beijing(start), Limit.parse(limit))) == due


def test_yearly_festivals_are_not_taken_from_a_published_year() -> None:
    worked = AHEAD.model_copy(update={"days_off": ()})
    assert is_working_day(worked, date(2026, 5, 1))
    assert not is_working_day(worked, date(2028, 5, 1))


def test_the_years_before_the_published_ones_are_planned_with_too() -> None:
    assert shown(subtract_limit(AHEAD, beijing("2025-01-01 10:00"), Limit.parse("1wd"))) == (
        "2024-12-31 18:00"
    )
    new_year = office_time(AHEAD, beijing("2024-12-31 17:00"), beijing("2025-01-02 10:00"))
    assert new_year == timedelta(hours=1 + 7 + 1)  # this 2025 has no day off at New Year


def test_a_calendar_with_a_hole_has_an_answer_for_it() -> None:
    hole = AHEAD.model_copy(update={"years": (2024, 2026)})
    due = add_limit(hole, beijing("2024-12-31 10:00"), Limit.parse("1wd"))
    assert shown(due) == "2025-01-02 18:00"
    assert not hole.firm(beijing("2024-12-31 10:00"), due)
    assert not hole.firm(beijing("2024-12-31 10:00"), beijing("2026-01-02 10:00"))
    assert hole.firm(beijing("2024-01-01 00:00"), beijing("2024-12-31 18:00"))


@pytest.mark.parametrize(
    ("start", "end", "firm"),
    [
        ("2025-01-01 00:00", "2026-12-31 23:59", True),
        ("2026-12-31 10:00", "2027-01-01 00:00", True),  # the midnight that ends the year
        ("2026-12-31 10:00", "2027-01-01 00:01", False),
        ("2024-12-31 23:59", "2025-01-02 10:00", False),
        ("2027-03-01 10:00", "2027-03-02 10:00", False),
        ("2024-12-31 10:00", "2027-01-04 10:00", False),
    ],
)
def test_what_rests_on_published_years_alone_is_firm(start: str, end: str, firm: bool) -> None:
    assert CALENDAR.firm(beijing(start), beijing(end)) is firm


@pytest.mark.parametrize("days", [2000, 99999])
def test_the_longest_limit_has_an_answer(days: int) -> None:
    day, left = date(2026, 12, 31), days
    off, on = set(AHEAD.days_off), set(AHEAD.days_on)
    while left:
        day += timedelta(days=1)
        free = day.weekday() > 4 or day in off or (day.month, day.day) in AHEAD.yearly
        left -= day in on or not free
    start = beijing("2026-12-31 18:00")
    due = add_limit(AHEAD, start, Limit.parse(f"{days}wd"))
    assert shown(due) == f"{day} 18:00"
    if days < 10000:  # all days here have seven hours, three on 9 January
        assert add_limit(AHEAD, start, Limit.parse(f"{7 * days - 4}wh")) == due


def test_what_lies_beyond_the_last_year_there_is_overflows() -> None:
    with pytest.raises(OverflowError):
        add_limit(AHEAD, beijing("9999-12-31 10:00"), Limit.parse("1wd"))
    with pytest.raises(OverflowError):
        add_limit(AHEAD, beijing("9999-12-31 10:00"), Limit.parse("8wh"))


def test_calendar_time_needs_no_published_year() -> None:
    due = add_limit(CALENDAR, beijing("2031-01-01 10:00"), Limit.parse("15d"))
    assert shown(due) == "2031-01-16 10:00"


def test_the_last_published_day_can_still_be_due() -> None:
    assert shown(add_limit(CALENDAR, beijing("2026-12-30 10:00"), Limit.parse("1wd"))) == (
        "2026-12-31 18:00"
    )


@pytest.mark.parametrize("limit", ["2h", "4wh", "5wd"])
def test_a_moment_without_a_zone_is_refused(limit: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add_limit(CALENDAR, naive("2026-03-02 10:00"), Limit.parse(limit))
    with pytest.raises(ValueError, match="no time zone"):
        subtract_limit(CALENDAR, naive("2026-03-02 10:00"), Limit.parse(limit))


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(naive("2025-03-01"), naive("2026-10-01"), timezones=st.just(UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(hours=200)),
)
def test_office_time_between_two_moments_is_what_was_added(
    start: datetime, amount: timedelta
) -> None:
    assert office_time(CALENDAR, start, add_office_time(CALENDAR, start, amount)) == amount
    assert office_time(CALENDAR, subtract_office_time(CALENDAR, start, amount), start) == amount


# Half a day before the Spring Festival, a long day after it; hours alone make no working day.
SPECIAL = CALENDAR.model_validate(
    CALENDAR.model_dump()
    | {
        "hours_on": {
            "2026-02-14": ["09:00-12:00"],
            "2026-02-17": ["09:00-12:00"],
            "2026-02-24": ["08:00-12:00", "13:00-20:00"],
        }
    }
)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-02-13 10:00", "1wd", "2026-02-14 12:00"),
        ("2026-02-13 10:00", "2wd", "2026-02-24 20:00"),
        ("2026-02-24 10:00", "1wd", "2026-02-25 18:00"),
        ("2026-02-13 17:00", "4wh", "2026-02-14 12:00"),
        ("2026-02-13 17:00", "5wh", "2026-02-24 09:00"),
        ("2026-02-14 15:00", "4wh", "2026-02-24 12:00"),
        ("2026-02-14 11:00", "12wh", "2026-02-24 20:00"),
        ("2026-02-17 10:00", "5wh", "2026-02-24 14:00"),
        ("2026-02-14 11:00", "2h", "2026-02-14 13:00"),
    ],
)
def test_a_limit_ends_by_the_hours_of_its_day(start: str, limit: str, due: str) -> None:
    assert shown(add_limit(SPECIAL, beijing(start), Limit.parse(limit))) == due


@pytest.mark.parametrize(
    ("end", "limit", "start"),
    [
        ("2026-02-24 20:00", "1wd", "2026-02-14 12:00"),
        ("2026-02-25 18:00", "1wd", "2026-02-24 20:00"),
        ("2026-02-24 09:00", "2wh", "2026-02-14 11:00"),
        ("2026-02-24 09:00", "5wh", "2026-02-13 17:00"),
        ("2026-02-25 10:00", "3wh", "2026-02-24 18:00"),
    ],
)
def test_a_warning_comes_by_the_hours_of_its_day(end: str, limit: str, start: str) -> None:
    assert shown(subtract_limit(SPECIAL, beijing(end), Limit.parse(limit))) == start


def test_office_time_is_that_of_the_days_between() -> None:
    start, end = beijing("2026-02-13 09:00"), beijing("2026-02-25 09:00")
    assert office_time(SPECIAL, start, end) == timedelta(hours=7 + 3 + 11)
    assert office_time(CALENDAR, start, end) == timedelta(hours=7 + 7 + 7)
    assert not is_working_day(SPECIAL, date(2026, 2, 17))


def test_a_copy_of_a_calendar_has_its_own_hours() -> None:
    start, limit = beijing("2026-02-13 10:00"), Limit.parse("1wd")
    assert shown(add_limit(SPECIAL, start, limit)) == "2026-02-14 12:00"
    copy = SPECIAL.model_copy(update={"hours_on": {}})
    assert shown(add_limit(copy, start, limit)) == "2026-02-14 18:00"


# An office that is open until midnight, and on Saturdays half the day.
LATE = CALENDAR.model_validate(
    CALENDAR.model_dump()
    | {"hours": ["09:00-12:00", "14:00-24:00"], "hours_on": {"2026-02-14": ["09:00-12:00"]}}
)
ALWAYS = CALENDAR.model_validate(CALENDAR.model_dump() | {"hours": ["00:00-24:00"]})


@pytest.mark.parametrize(
    ("calendar", "start", "limit", "due"),
    [
        (LATE, "2026-03-02 10:00", "1wd", "2026-03-04 00:00"),
        (LATE, "2026-03-02 10:00", "5wd", "2026-03-10 00:00"),
        (LATE, "2026-03-02 23:00", "2wh", "2026-03-03 10:00"),
        (LATE, "2026-03-02 22:00", "2wh", "2026-03-03 00:00"),
        (LATE, "2026-03-06 23:00", "2wh", "2026-03-09 10:00"),
        # A start at the midnight that ends Monday counts as Monday.
        (LATE, "2026-03-03 00:00", "1wd", "2026-03-04 00:00"),
        (LATE, "2026-03-03 00:01", "1wd", "2026-03-05 00:00"),
        (LATE, "2026-03-01 00:00", "1wd", "2026-03-03 00:00"),
        (LATE, "2026-12-30 10:00", "1wd", "2027-01-01 00:00"),
        (LATE, "2026-02-13 10:00", "1wd", "2026-02-14 12:00"),
        (ALWAYS, "2026-03-02 10:00", "24wh", "2026-03-03 10:00"),
        (ALWAYS, "2026-03-06 12:00", "24wh", "2026-03-09 12:00"),
        (ALWAYS, "2026-03-02 10:00", "14wh", "2026-03-03 00:00"),
    ],
)
def test_office_hours_may_end_at_midnight(
    calendar: WorkCalendar, start: str, limit: str, due: str
) -> None:
    assert shown(add_limit(calendar, beijing(start), Limit.parse(limit))) == due


def test_a_warning_ahead_of_a_midnight_leaves_whole_days() -> None:
    due = beijing("2026-03-10 00:00")  # the end of Monday
    assert shown(subtract_limit(LATE, due, Limit.parse("1wd"))) == "2026-03-07 00:00"
    assert shown(subtract_limit(LATE, due, Limit.parse("10wh"))) == "2026-03-09 14:00"
    assert shown(add_limit(LATE, due, Limit.parse("1wd"))) == "2026-03-11 00:00"
    assert office_time(LATE, beijing("2026-03-09 00:00"), due) == timedelta(hours=13)
    assert LATE.firm(beijing("2026-12-30 10:00"), beijing("2027-01-01 00:00"))


def test_hours_are_written_as_a_pack_writes_them() -> None:
    assert [str(span) for span in LATE.hours] == ["09:00-12:00", "14:00-24:00"]
    almost = CALENDAR.model_validate(CALENDAR.model_dump() | {"hours": ["00:00-23:59"]})
    assert [str(span) for span in almost.hours] == ["00:00-23:59"]
    due = add_limit(almost, beijing("2026-03-02 10:00"), Limit.parse("1wd"))
    assert shown(due) == "2026-03-03 23:59"


@pytest.mark.parametrize(
    ("start", "one", "cap", "longer"),
    [
        ("2026-03-02 10:00", "10wd", "9wd", True),
        ("2026-03-02 10:00", "10wd", "10wd", False),
        ("2026-03-02 10:00", "24h", "1d", False),
        ("2026-03-02 10:00", "25h", "1d", True),
        # From Monday, three working days are over on Thursday; from Thursday, on Tuesday.
        ("2026-03-02 10:00", "3wd", "4d", False),
        ("2026-03-05 10:00", "3wd", "4d", True),
        ("2026-03-05 10:00", "4d", "3wd", False),
        ("2026-09-30 10:00", "1wd", "7d", True),
        ("2026-03-02 10:00", "16wh", "3wd", False),
        ("2026-03-02 10:00", "29wh", "3wd", True),
    ],
)
def test_which_of_two_limits_reaches_further(start: str, one: str, cap: str, longer: bool) -> None:
    assert longer_than(CALENDAR, beijing(start), Limit.parse(one), Limit.parse(cap)) is longer


def test_limits_of_one_unit_are_compared_without_a_calendar() -> None:
    start = beijing("2026-12-31 10:00")
    assert longer_than(CALENDAR, start, Limit.parse("11wd"), Limit.parse("10wd"))
    assert longer_than(CALENDAR, start, Limit.parse("11wd"), Limit.parse("10d"))


def test_office_time_does_not_run_backwards() -> None:
    now = beijing("2026-03-02 10:00")
    with pytest.raises(ValueError, match="is before"):
        office_time(CALENDAR, now, now - timedelta(minutes=1))
    assert office_time(CALENDAR, now, now) == timedelta(0)
    assert add_office_time(CALENDAR, now, timedelta(0)) == now
    assert subtract_office_time(CALENDAR, now, timedelta(0)) == now


def test_a_calendar_survives_being_written_down() -> None:
    is_working_day(SPECIAL, date(2026, 1, 4))
    for calendar in (SPECIAL, AHEAD, LATE):
        assert WorkCalendar.model_validate_json(calendar.model_dump_json()) == calendar


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("zone", "Asia/Tongzhou", "not a time zone"),
        ("hours", [], "at least 1 item"),
        ("hours", ["09:00"], 'not written like "09:00-12:00"'),
        ("hours", ["12:00-09:00"], "open at 12:00:00 and close at 09:00:00"),
        ("hours", ["09:00-12:00", "11:00-18:00"], "overlap at 11:00"),
        ("hours", ["09:00-24:00", "11:00-18:00"], "overlap at 11:00"),
        ("hours", ["09:00-00:00"], 'the midnight that ends a day is written "24:00"'),
        ("hours", ["09:00-24:30"], "valid time|hour value"),
        ("hours", ["24:00-24:00"], "valid time|hour value"),
        ("hours_on", {"2026-02-30": ["09:00-12:00"]}, "valid date"),
        ("hours_on", {"2026-02-14": []}, "at least 1 item"),
        ("hours_on", {"2026-02-14": ["09:00"]}, 'not written like "09:00-12:00"'),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        WorkCalendar.model_validate(CALENDAR.model_dump() | {field: value})
