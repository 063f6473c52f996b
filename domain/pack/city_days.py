"""The days and months of a city as whole numbers, and moments as whole microseconds.

Sums over many tickets are kept by day and month. Whole numbers are compared in the same way by
every database.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND, _DAY = 1_000_000, 86_400
_MONTHS = 12


def micros(at: datetime) -> int:
    """Return the microseconds since 1970 at `at`."""
    passed = at - _EPOCH
    return (passed.days * _DAY + passed.seconds) * _SECOND + passed.microseconds


def moment(at: int) -> datetime:
    """Return the moment, in UTC, that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=at)


class CityDays:
    """The calendar of a zone. Days are `date.toordinal`, months are counted from the year 0."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.midnight = lru_cache(maxsize=20_000)(self._midnight)
        self.first_of = lru_cache(maxsize=2_000)(self._first_of)

    def date_of(self, at: int) -> date:
        """Return the city's date at `at`."""
        return moment(at).astimezone(self._zone).date()

    def month(self, at: int) -> int:
        """Return the city's month at `at`."""
        day = self.date_of(at)
        return day.year * _MONTHS + day.month - 1

    def known(self, at: int) -> int:
        """Return the day at whose end a change at `at` is seen by whoever looks at its end.

        It is the day that `at` lies in; a change exactly at midnight is seen at that midnight, and
        belongs to the day before.
        """
        return self.date_of(at - 1).toordinal()

    def night_within(self, since: int, until: int) -> bool:
        """Return whether any midnight lies in since ≤ t < until."""
        return self.midnight(self.known(since) + 1) < until

    def _midnight(self, day: int) -> int:
        begins = datetime.combine(date.fromordinal(day), time.min, self._zone)
        return micros(begins.astimezone(UTC))

    def _first_of(self, month: int) -> int:
        """Return when a month begins."""
        return self.midnight(date(month // _MONTHS, month % _MONTHS + 1, 1).toordinal())
