"""The times that can be booked at a place: by its opening hours and the city's calendar."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from domain.deadlines.calendar import WorkCalendar
from domain.pack.opening_hours import OpeningHours
from domain.pack.services import Service


def slots_on(
    day: date, hours: OpeningHours, calendar: WorkCalendar, service: Service
) -> Iterator[datetime]:
    """Yield when appointments begin on a day, in UTC and in order: one after the other, and each
    over before the place closes."""
    length = timedelta(minutes=service.minutes)
    for span in hours.on(calendar, day):
        opens, closes = span.on(day)
        start = opens
        while start + length <= closes:
            yield start.replace(tzinfo=calendar.tz).astimezone(UTC)
            start += length


def day_of(at: datetime, calendar: WorkCalendar) -> date:
    """Return the day of a moment by the city's clocks.

    Raises:
        OverflowError: there is no such day.
    """
    return at.astimezone(calendar.tz).date()


def is_slot(
    at: datetime, hours: OpeningHours | None, calendar: WorkCalendar, service: Service
) -> bool:
    """Return whether an appointment can begin at a moment at all."""
    return hours is not None and at in slots_on(day_of(at, calendar), hours, calendar, service)


def end_of_day(at: datetime, calendar: WorkCalendar) -> datetime:
    """Return the midnight, in UTC, that ends the day of a moment."""
    after = day_of(at, calendar) + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=calendar.tz).astimezone(UTC)
