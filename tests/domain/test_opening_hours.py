"""Tests of opening hours: what may be written, and when a place is open by a city's calendar."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadlines.calendar import OfficeSpan, WorkCalendar, is_public_holiday
from domain.pack.opening_hours import DAYS, LONGEST, BadHours, HoursState, read_hours
from packs.calendars import versioned
from tests.support.cities import SHIPPED

OFFICE = "Mo-Fr 08:30-12:00,14:00-17:30; Sa 09:00-12:00; PH off"

YEAR = versioned(
    WorkCalendar(
        version="",
        zone="Asia/Shanghai",
        hours=(OfficeSpan(opens=time(9), closes=time(17)),),
        years=(2026,),
        # A festival from Thursday to the weekend after it, which is worked on the Saturday before.
        days_off=(date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 5)),
        days_on=(date(2026, 9, 26),),
    )
)


def at(day: int, clock: str, month: int = 9) -> datetime:
    """Return a moment of 2026, by the clock of the city."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=YEAR.tz).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "one_way"),
    [
        ("24/7", "24/7"),
        ("Mo-Su 00:00-24:00", "Mo-Su 00:00-24:00"),
        (OFFICE, OFFICE),
        (" Mo - Fr  08:30 - 12:00 , 14:00-15:00;PH  off ", "Mo-Fr 08:30-12:00,14:00-15:00; PH off"),
        ("Mo，We 08：30－12：00；PH off", "Mo 08:30-12:00; We 08:30-12:00; PH off"),
        ("Mo,Tu,We 09:00-10:00", "Mo-We 09:00-10:00"),
        ("Sa-Mo 09:00–10:00", "Mo 09:00-10:00; Sa-Su 09:00-10:00"),
        ("Mo-Sa,PH 09:00-10:00; Su off", "Mo-Sa 09:00-10:00; PH 09:00-10:00"),
        ("Fr 20:00-24:00; Sa 00:00-02:00", "Fr 20:00-24:00; Sa 00:00-02:00"),
    ],
)  # fmt: skip
def test_hours_are_read_and_written_in_one_way(text: str, one_way: str) -> None:
    assert str(read_hours(text)) == one_way
    assert read_hours(one_way) == read_hours(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("Mo 09:00-10:00;", "empty"),
        ("08:30-17:30", "names no days"),
        ("Mo-Fr", "has no hours"),
        ("Mo-Fr closed", "is no day"),
        ("Xx 08:30-12:00", "'Xx' is no day"),
        ("mo 08:30-12:00", "is no day"),
        ("Mo- 08:30-12:00", "is no day"),
        ("PH-Mo 08:30-12:00", "is no day"),
        ("Mo 8:30-12:00", "like 08:30-12:00"),
        ("Mo 08:30", "like 08:30-12:00"),
        ("Mo 08:60-12:00", "like 08:30-12:00"),
        ("Mo 08:30-25:00", "like 08:30-12:00"),
        ("Mo 08:30-12:00-13:00", "like 08:30-12:00"),
        ("Mo 08:30-12:00 14:00-17:30", "like 08:30-12:00"),
        ("Mo 17:00-08:30", "ends before it begins"),
        ("Mo 22:00-02:00", "22:00-24:00"),
        ("Mo 09:00-09:00", "ends before it begins"),
        ("Mo 24:00-24:00", "ends before it begins"),
        ("Mo 09:00-12:00,11:00-13:00", "overlap"),
        ("Mo 14:00-15:00,09:00-10:00", "overlap"),
        ("Mo 20:00-24:00,00:00-02:00", "overlap"),
        ("Mo 09:00-10:00; Mo 11:00-12:00", "Mo is said twice"),
        ("Mo-We,Tu 09:00-10:00", "Tu is said twice"),
        ("PH off; PH 09:00-10:00", "PH is said twice"),
        ("24/7; PH off", "24/7 stands alone"),
        ("Mo off", "never open"),
        ("Mo 09:00-10:00 || PH off", "like 08:30-12:00"),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadHours) as refused:
        read_hours(text)
    assert says.strip("'") in str(refused.value)


_MINUTES = st.lists(st.integers(0, 24 * 60), min_size=2, max_size=6, unique=True).map(sorted)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@given(
    days=st.dictionaries(st.sampled_from([*DAYS, "PH"]), _MINUTES, min_size=1),
    minutes=st.integers(0, 363 * 24 * 60),
)
def test_a_place_is_open_when_its_text_says_so(days: dict[str, list[int]], minutes: int) -> None:
    spans = {
        day: list(zip(minutes[::2], minutes[1::2], strict=False)) for day, minutes in days.items()
    }
    text = "; ".join(
        f"{day} {','.join(f'{_clock(a)}-{_clock(b)}' for a, b in each)}"
        for day, each in spans.items()
    )
    hours = read_hours(text)
    assert read_hours(str(hours)) == hours
    moment = at(1, "12:00", month=1) + timedelta(minutes=minutes)
    state = hours.state(YEAR, moment)
    assert state.open is _is_open(spans, moment)
    if state.changes_at is None:
        return
    assert state.changes_at > moment
    assert hours.state(YEAR, state.changes_at).open is not state.open
    between = moment + (state.changes_at - moment) / 2
    assert hours.state(YEAR, between).open is state.open


def _is_open(spans: dict[str, list[tuple[int, int]]], moment: datetime) -> bool:
    local = moment.astimezone(YEAR.tz)
    names = DAYS[local.weekday()]
    if "PH" in spans:
        if is_public_holiday(YEAR, local.date()):
            names = "PH"
        elif local.date() == date(2026, 9, 26) and not spans.get(names):
            names = next((day for day in DAYS if spans.get(day)), "none")
    now = local.hour * 60 + local.minute
    return any(a <= now < b for a, b in spans.get(names, []))


def test_it_says_until_when_it_is_open_or_closed() -> None:
    hours = read_hours(OFFICE)
    assert hours.state(YEAR, at(21, "08:29")) == HoursState(False, at(21, "08:30"))
    assert hours.state(YEAR, at(21, "08:30")) == HoursState(True, at(21, "12:00"))
    assert hours.state(YEAR, at(21, "12:00")) == HoursState(False, at(21, "14:00"))
    assert hours.state(YEAR, at(21, "17:30")) == HoursState(False, at(22, "08:30"))
    assert hours.state(YEAR, at(19, "12:00")) == HoursState(False, at(21, "08:30"))


def test_a_festival_counts_with_its_weekend() -> None:
    hours = read_hours(OFFICE)
    # Wednesday evening: Thursday to Monday is the festival, and Saturday is in it.
    assert hours.state(YEAR, at(30, "18:00")) == HoursState(False, at(6, "08:30", 10))
    assert hours.state(YEAR, at(3, "10:00", 10)) == HoursState(False, at(6, "08:30", 10))
    always = read_hours("Mo-Sa 09:00-12:00")
    assert always.state(YEAR, at(1, "10:00", 10)) == HoursState(True, at(1, "12:00", 10))


def test_a_weekend_day_that_is_worked_instead_has_hours_where_holidays_are_said() -> None:
    saturday = at(26, "15:00")
    closed = "Mo-Fr 08:30-12:00,14:00-17:30; PH off"
    assert read_hours(closed).state(YEAR, saturday) == HoursState(True, at(26, "17:30"))
    assert not read_hours(closed.removesuffix("; PH off")).state(YEAR, saturday).open
    assert not read_hours(OFFICE).state(YEAR, saturday).open  # Saturday has hours of its own
    museum = "Tu-Su 09:00-17:00; PH 09:00-12:00"
    assert read_hours(museum).state(YEAR, saturday) == HoursState(True, at(26, "17:00"))


def test_a_night_over_midnight_is_one_stretch() -> None:
    hours = read_hours("Fr 20:00-24:00; Sa 00:00-02:00")
    assert hours.state(YEAR, at(18, "21:00")) == HoursState(True, at(19, "02:00"))
    assert hours.state(YEAR, at(19, "01:00")) == HoursState(True, at(19, "02:00"))


def test_what_never_closes_says_no_time() -> None:
    for text in ("24/7", "Mo-Su 00:00-24:00"):
        assert read_hours(text).state(YEAR, at(21, "03:00")) == HoursState(True, None)


def test_a_place_that_opens_on_holidays_only_is_closed_for_long() -> None:
    hours = read_hours("PH 09:00-12:00")
    assert hours.state(YEAR, at(30, "12:00")) == HoursState(False, at(1, "09:00", 10))
    assert hours.state(YEAR, at(5, "12:00", 10)) == HoursState(False, None)


def test_a_text_of_the_greatest_length_is_read_at_once() -> None:
    for text in ("Mo," * LONGEST, "9" * LONGEST, ";" * LONGEST, "Mo 09:00-" * LONGEST):
        with pytest.raises(BadHours):
            read_hours(text[:LONGEST])


@pytest.mark.parametrize(
    ("day", "holiday"),
    [
        (date(2026, 1, 1), True),  # Thursday to Saturday; the Sunday is worked
        (date(2026, 1, 3), True),
        (date(2026, 1, 4), False),
        (date(2026, 2, 28), False),  # worked
        (date(2026, 3, 7), False),  # a plain weekend
        (date(2026, 3, 8), False),
        (date(2026, 3, 9), False),
        (date(2026, 4, 4), True),  # a festival on a Saturday, with the Monday off
        (date(2026, 4, 5), True),
        (date(2026, 4, 6), True),
        (date(2026, 5, 3), True),  # Friday to Tuesday
        (date(2026, 10, 3), True),
        (date(2026, 10, 10), False),  # worked
    ],
)
def test_festivals_of_the_notice_of_2026(day: date, holiday: bool) -> None:
    assert is_public_holiday(SHIPPED.get("huangpu").calendar, day) is holiday


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_holiday_is_never_worked_and_a_day_off_in_the_week_is_one(day: date) -> None:
    calendar = SHIPPED.get("huangpu").calendar
    worked = day in calendar.year(day.year).days
    holiday = is_public_holiday(calendar, day)
    assert not (worked and holiday)
    if day.weekday() < 5:
        assert holiday is not worked
    elif holiday:
        near = [day + timedelta(days=n) for n in (-2, -1, 1, 2)]
        assert any(one.weekday() < 5 and is_public_holiday(calendar, one) for one in near)
