"""Periods of figures: a month, or a range of days, in a city's own time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.pack.pack import Pack


@dataclass(frozen=True)
class Period:
    """The moments since <= t < until."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError("a period ends after it has begun")

    def __contains__(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at < self.until

    def so_far(self, now: datetime) -> "Period":
        """Return the part that is over by `now`.

        Raises:
            ValueError: it has not begun.
        """
        if self.since > now:
            raise ValueError("the period has not begun yet")
        return Period(self.since, min(self.until, now))


def month_of(pack: Pack, month: str) -> Period:
    """Return a calendar month of the city, "2026-11"; ValueError when it is not one."""
    first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    begins = beginning_of(pack, first)
    return Period(begins, beginning_of(pack, (first + timedelta(days=31)).replace(day=1)))


def days_of(pack: Pack, since: date, until: date) -> Period:
    """Return the period from the beginning of one day of the city to that of another.

    Raises:
        ValueError: the other day comes before, or is in no year of a city's records.
    """
    return Period(beginning_of(pack, since), beginning_of(pack, until))


def beginning_of(pack: Pack, day: date) -> datetime:
    """Return when a day of the city begins; ValueError outside the years 2000 to 2999."""
    if not 2000 <= day.year < 3000:
        raise ValueError(f"{day} is in no year of a city's records")
    # In UTC, so that the difference of two moments is the elapsed time.
    return datetime.combine(day, time.min, ZoneInfo(pack.city.zone)).astimezone(UTC)


def month_at(pack: Pack, at: datetime) -> str:
    """Return the month in which `at` lies in the city, "2026-11"."""
    return f"{at.astimezone(ZoneInfo(pack.city.zone)):%Y-%m}"
