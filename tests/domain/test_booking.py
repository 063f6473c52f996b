"""Tests of appointments: which times there are, and the rules of booking, moving and missing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.booking.booking import (
    Booking,
    BookingState,
    Visit,
    check_ahead,
    check_move,
    check_start,
    recorded,
)
from domain.booking.slots import end_of_day, is_slot, slots_on
from domain.deadlines.calendar import WorkCalendar
from domain.pack.opening_hours import read_hours
from domain.pack.services import Service
from domain.refusals import Refused

CALENDAR = WorkCalendar(
    version="1",
    zone="Asia/Shanghai",
    hours=["09:00-12:00", "14:00-18:00"],  # type: ignore[arg-type]
    years=(2026,),
    days_off=(date(2026, 10, 1),),
    days_on=(date(2026, 10, 10),),
)
HOURS = read_hours("Mo-Fr 08:30-10:00,14:00-14:50; PH off")
MONDAY, HOLIDAY, WORKED = date(2026, 3, 2), date(2026, 10, 1), date(2026, 10, 10)
NOW = datetime(2026, 3, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def service(**changes: Any) -> Service:
    values: dict[str, Any] = {
        "code": "insurance",
        "name": "社保",
        "name_en": "Insurance",
        "categories": ("0901",),
        "minutes": 40,
        "source": "illustrative",
    }
    return Service(**values | changes)


def booking(**changes: Any) -> Booking:
    starts = NOW + 2 * HOUR
    values: dict[str, Any] = {
        "id": "1",
        "number": "A",
        "city": "demo",
        "service": "insurance",
        "place": "centre",
        "starts_at": starts,
        "ends_at": starts + HOUR,
        "remind_at": starts - HOUR,
        "missed_at": end_of_day(starts, CALENDAR),
        "made_at": NOW,
    }
    return Booking(**values | changes)


def clocks(day: date, hours: str = "", **changes: Any) -> list[str]:
    opening = read_hours(hours) if hours else HOURS
    found = slots_on(day, opening, CALENDAR, service(**changes))
    return [at.astimezone(CALENDAR.tz).strftime("%H:%M") for at in found]


def refusal(act: Any, *args: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*args)
    return refused.value.code


def test_appointments_follow_each_other_while_it_is_open() -> None:
    assert clocks(MONDAY) == ["08:30", "09:10", "14:00"]
    assert clocks(MONDAY, minutes=50) == ["08:30", "14:00"]
    assert clocks(MONDAY, minutes=240) == []


def test_holidays_and_days_worked_instead_are_the_city_s() -> None:
    assert clocks(HOLIDAY) == []
    assert clocks(WORKED) == ["08:30", "09:10", "14:00"]
    assert clocks(date(2026, 3, 7)) == []


def test_a_place_that_never_closes_has_times_up_to_midnight() -> None:
    assert clocks(MONDAY, "24/7", minutes=240)[-1] == "20:00"


def test_no_other_moment_begins_an_appointment() -> None:
    begins = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    assert is_slot(begins, HOURS, CALENDAR, service())
    assert not is_slot(begins + timedelta(minutes=1), HOURS, CALENDAR, service())
    assert not is_slot(begins, None, CALENDAR, service())


@pytest.mark.parametrize(
    ("ahead", "code"),
    [
        (timedelta(0), "in_the_past"),
        (-DAY, "in_the_past"),
        (timedelta(minutes=59), "too_soon"),
        (15 * DAY, "too_far"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC) - NOW, "too_far"),
    ],
)
def test_a_time_that_cannot_be_booked(ahead: timedelta, code: str) -> None:
    assert refusal(check_start, NOW + ahead, service(), NOW) == code


def test_it_is_moved_as_often_as_the_city_allows_and_not_once_it_has_begun() -> None:
    check_move(booking(moves=1), service(moves=2), NOW)
    assert refusal(check_move, booking(moves=2), service(moves=2), NOW) == "move_cap"
    begun = NOW + 2 * HOUR
    assert refusal(check_move, booking(), service(), begun) == "appointment_over"
    gone = booking(state=BookingState.CANCELLED)
    assert refusal(check_ahead, gone, NOW) == "appointment_over"


def test_the_reminder_is_due_from_its_time_until_it_begins() -> None:
    one = booking()
    assert [one.is_reminding(NOW + n * HOUR) for n in (0, 1, 2)] == [False, True, False]
    assert not booking(state=BookingState.CANCELLED).is_reminding(NOW + HOUR)


def test_who_was_not_said_to_have_come_has_missed_it_at_the_end_of_the_day() -> None:
    midnight = datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert booking().state_at(midnight - HOUR) is BookingState.BOOKED
    assert booking().state_at(midnight) is BookingState.MISSED
    assert booking(state=BookingState.DONE).state_at(midnight) is BookingState.DONE


def test_staff_say_what_became_of_it_and_may_correct_it_for_a_week() -> None:
    one, after = booking(), NOW + DAY
    assert recorded(one, Visit.ARRIVED, NOW + 2 * HOUR) is BookingState.ARRIVED
    assert recorded(one, Visit.DONE, after) is BookingState.DONE
    assert recorded(one, Visit.EXCUSED, after) is BookingState.CANCELLED
    assert refusal(recorded, one, Visit.EXCUSED, NOW) == "not_missed"
    assert refusal(recorded, one, Visit.MISSED, NOW) == "appointment_not_yet"
    assert refusal(recorded, one, Visit.ARRIVED, NOW - 2 * DAY) == "appointment_not_yet"
    assert refusal(recorded, one, Visit.DONE, NOW + 8 * DAY) == "appointment_over"
    gone = booking(state=BookingState.CANCELLED)
    assert refusal(recorded, gone, Visit.ARRIVED, NOW + 2 * HOUR) == "appointment_over"
