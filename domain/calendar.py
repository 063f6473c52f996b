"""A city's working calendar, and the arithmetic of due times on it.

The rules are those of ordinary Chinese administrative practice:

- Calendar time ("2h", "7d") simply elapses, through nights, weekends and holidays.
- Working days ("5wd"): the day of receipt is not counted (Civil Code, art. 201); the limit ends
  when office hours end on the n-th working day after it (art. 203). When within the day, or on
  which kind of day, the clock was started makes no difference.
- Working hours ("4wh"): counted from the moment of receipt (art. 201), minute by minute, inside
  office hours only. A limit that is used up exactly when an office closes ends there, not when
  it opens again.

Weekends are Saturday and Sunday; `days_off` are the holidays, `days_on` the make-up working days
(调休). The State Council publishes them year by year, so a calendar knows which years it has, and
a working limit that touches any other year is refused: `CalendarNotPublished`.

Office hours are wall-clock times of the city's zone. Where clocks change for summer time, office
hours are counted as the wall clock shows them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from domain.limits import Limit, LimitUnit
from domain.model import Recorded

_NONE = timedelta(0)
_DAY = timedelta(days=1)


class CalendarNotPublished(Exception):
    """Working time was asked for in a year whose calendar is not published. Never guessed."""

    code = "calendar_not_published"

    def __init__(self, year: int, version: str) -> None:
        super().__init__(f"the working calendar {version} does not cover {year}")
        self.year = year
        self.version = version


def _known_zone(key: str) -> str:
    try:
        ZoneInfo(key)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{key!r} is not a time zone of the IANA database") from error
    return key


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone's name in the IANA database, "Asia/Shanghai"."""


class OfficeSpan(Recorded):
    """One stretch of office hours, from `opens` to `closes` on the wall clock of the same day."""

    model_config = ConfigDict(frozen=True)

    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(f"office hours open at {self.opens} and close at {self.closes}")
        return self


def _read_span(value: object) -> object:
    if isinstance(value, str):
        opens, dash, closes = value.partition("-")
        if not dash:
            raise ValueError(f'{value!r} is not written like "09:00-12:00"')
        return {"opens": opens.strip(), "closes": closes.strip()}
    return value


def _in_order(hours: tuple[OfficeSpan, ...]) -> tuple[OfficeSpan, ...]:
    for earlier, later in pairwise(hours):
        if later.opens < earlier.closes:
            raise ValueError(f"office hours overlap at {later.opens}")
    return hours


OfficeSpans = Annotated[
    tuple[Annotated[OfficeSpan, BeforeValidator(_read_span)], ...],
    Field(min_length=1),
    AfterValidator(_in_order),
]
"""The office hours of a day, in order, none overlapping: ["09:00-12:00", "14:00-18:00"]."""


class WorkCalendar(Recorded):
    """Which days and hours are worked. `version` names exactly these days and hours."""

    model_config = ConfigDict(frozen=True)

    version: str
    zone: Zone
    hours: OfficeSpans
    years: tuple[int, ...]
    days_off: tuple[date, ...] = ()
    days_on: tuple[date, ...] = ()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with fields replaced; what was computed for the original is forgotten."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def day_length(self) -> timedelta:
        """Office hours of one working day."""
        return sum((closes - opens for opens, closes in self.spans), _NONE)

    @cached_property
    def spans(self) -> tuple[tuple[timedelta, timedelta], ...]:
        """Office hours as times since midnight."""
        return tuple((_since_midnight(s.opens), _since_midnight(s.closes)) for s in self.hours)

    def working_days(self, year: int) -> Sequence[date]:
        """The working days of `year`, in order; CalendarNotPublished if it is not covered."""
        try:
            return self._working_days[year]
        except KeyError:
            raise CalendarNotPublished(year, self.version) from None

    # Classified once: a ticket plans a dozen clocks, and a load test thousands a second.
    @cached_property
    def _working_days(self) -> dict[int, tuple[date, ...]]:
        off, on = set(self.days_off), set(self.days_on)
        return {
            year: tuple(
                day
                for day in _every_day(year)
                if day in on or (day.weekday() < 5 and day not in off)
            )
            for year in self.years
        }


def is_working_day(calendar: WorkCalendar, day: date) -> bool:
    """Whether `day` is worked. CalendarNotPublished if its year is not covered."""
    days = calendar.working_days(day.year)
    index = bisect_left(days, day)
    return index < len(days) and days[index] == day


def add_limit(calendar: WorkCalendar, start: datetime, limit: Limit) -> datetime:
    """The moment, in UTC, at which `limit` ends when it starts at `start` (see the module).

    ValueError if `start` is naive; CalendarNotPublished if a working limit leaves the years that
    `calendar` covers.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _local(calendar, start).date()
        days = calendar.working_days(day.year)
        return _closing(
            calendar, _day(calendar, day.year, bisect_right(days, day) + limit.amount - 1)
        )
    if limit.unit is LimitUnit.WORKING_HOURS:
        return add_office_time(calendar, start, limit.length)
    return _aware(start).astimezone(UTC) + limit.length


def subtract_limit(calendar: WorkCalendar, end: datetime, limit: Limit) -> datetime:
    """The moment, in UTC, that lies `limit` before `end`: the mirror of `add_limit`.

    For working days it is when office hours end on the n-th working day before `end`'s day: the
    yellow card "1wd" before a due time leaves one whole working day. Errors as in `add_limit`.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _local(calendar, end).date()
        days = calendar.working_days(day.year)
        return _closing(calendar, _day(calendar, day.year, bisect_left(days, day) - limit.amount))
    if limit.unit is LimitUnit.WORKING_HOURS:
        return subtract_office_time(calendar, end, limit.length)
    return _aware(end).astimezone(UTC) - limit.length


def add_office_time(calendar: WorkCalendar, start: datetime, amount: timedelta) -> datetime:
    """The first moment, in UTC, at which `amount` of office time has passed since `start`.

    Errors as in `add_limit`; `start` itself if `amount` is not positive.
    """
    local = _local(calendar, start)
    if amount <= _NONE:
        return local.astimezone(UTC)
    day = local.date()
    whole, rest = divmod(amount + _passed(calendar, local), calendar.day_length)
    if not rest:  # it ends when the office closes, not when it opens again
        whole, rest = whole - 1, calendar.day_length
    day = _day(calendar, day.year, bisect_left(calendar.working_days(day.year), day) + whole)
    for opens, closes in calendar.spans:
        if rest <= closes - opens:
            return _at(calendar, day, opens + rest)
        rest -= closes - opens
    raise AssertionError("the rest of a division is smaller than the divisor")


def subtract_office_time(calendar: WorkCalendar, end: datetime, amount: timedelta) -> datetime:
    """The last moment, in UTC, from which `amount` of office time passes until `end`.

    Errors as in `add_limit`; `end` itself if `amount` is not positive.
    """
    local = _local(calendar, end)
    if amount <= _NONE:
        return local.astimezone(UTC)
    day = local.date()
    # Counted from the morning of `day` (or, on a day off, of the next working day): zero or less
    # means that the moment lies on an earlier day.
    whole, rest = divmod(_passed(calendar, local) - amount, calendar.day_length)
    day = _day(calendar, day.year, bisect_left(calendar.working_days(day.year), day) + whole)
    for opens, closes in calendar.spans:
        if rest < closes - opens:
            return _at(calendar, day, opens + rest)
        rest -= closes - opens
    raise AssertionError("the rest of a division is smaller than the divisor")


def office_time(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """The office time between two moments, `start` not after `end`. Errors as in `add_limit`."""
    first, last = _local(calendar, start), _local(calendar, end)
    if first > last:
        raise ValueError(f"{end} is before {start}")
    whole = -bisect_left(calendar.working_days(first.year), first.date())
    for year in range(first.year, last.year):
        whole += len(calendar.working_days(year))
    whole += bisect_left(calendar.working_days(last.year), last.date())
    return whole * calendar.day_length - _passed(calendar, first) + _passed(calendar, last)


def _passed(calendar: WorkCalendar, local: datetime) -> timedelta:
    """The office time of `local`'s own day that is over at `local`; none on days off."""
    if not is_working_day(calendar, local.date()):
        return _NONE
    into = _since_midnight(local.time())
    return sum((min(into, c) - o for o, c in calendar.spans if into > o), _NONE)


def _day(calendar: WorkCalendar, year: int, index: int) -> date:
    """The working day number `index`, counted on from the first of `year` (0), or back."""
    days = calendar.working_days(year)
    while index >= len(days):
        index -= len(days)
        year += 1
        days = calendar.working_days(year)
    while index < 0:
        year -= 1
        days = calendar.working_days(year)
        index += len(days)
    return days[index]


def _closing(calendar: WorkCalendar, day: date) -> datetime:
    return _at(calendar, day, calendar.spans[-1][1])


def _at(calendar: WorkCalendar, day: date, into: timedelta) -> datetime:
    """The moment, in UTC, at `into` after midnight by the wall clock of `day`."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.tz)
    return (midnight + into).astimezone(UTC)


def _every_day(year: int) -> Iterator[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return map(date.fromordinal, range(first, last + 1))


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment


def _local(calendar: WorkCalendar, moment: datetime) -> datetime:
    return _aware(moment).astimezone(calendar.tz)


def _since_midnight(at: time) -> timedelta:
    return timedelta(
        hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
    )
