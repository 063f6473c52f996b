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

Office hours are wall-clock times of the city's zone; single days, the half day before a festival,
may have their own. Where clocks change for summer time, office hours are counted as the wall clock
shows them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Annotated, Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from domain.limits import Limit, LimitUnit
from domain.model import Recorded

_NONE = timedelta(0)


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


class OfficeYear(NamedTuple):
    """A year as it is worked, by the wall clock and in order.

    `opens` and `closes` are its stretches of office hours; `worked[n]` is how much office time
    the first n of them have together.
    """

    days: tuple[date, ...]
    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]


class WorkCalendar(Recorded):
    """Which days and hours are worked. `version` names exactly these days and hours.

    `hours_on`: the office hours of single days that differ. A day off with hours stays a day off.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    zone: Zone
    hours: OfficeSpans
    years: tuple[int, ...]
    days_off: tuple[date, ...] = ()
    days_on: tuple[date, ...] = ()
    hours_on: dict[date, OfficeSpans] = Field(default_factory=dict)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with fields replaced; what was computed for the original is forgotten."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def hours_of(self, day: date) -> OfficeSpans:
        """The office hours of `day`, if it is worked."""
        return self.hours_on.get(day, self.hours)

    def year(self, year: int) -> OfficeYear:
        """How `year` is worked; CalendarNotPublished if it is not covered."""
        try:
            return self._years[year]
        except KeyError:
            raise CalendarNotPublished(year, self.version) from None

    # Laid out once: a ticket plans a dozen clocks, and a load test thousands a second.
    @cached_property
    def _years(self) -> dict[int, OfficeYear]:
        off, on = set(self.days_off), set(self.days_on)
        years = dict[int, OfficeYear]()
        for year in self.years:
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            every = map(date.fromordinal, range(first, last + 1))
            days = [day for day in every if day in on or (day.weekday() < 5 and day not in off)]
            spans = [(day, span) for day in days for span in self.hours_of(day)]
            opens = tuple(datetime.combine(day, span.opens) for day, span in spans)
            closes = tuple(datetime.combine(day, span.closes) for day, span in spans)
            lengths = (until - since for since, until in zip(opens, closes, strict=True))
            worked = tuple(accumulate(lengths, initial=_NONE))
            years[year] = OfficeYear(tuple(days), opens, closes, worked)
        return years


def is_working_day(calendar: WorkCalendar, day: date) -> bool:
    """Whether `day` is worked. CalendarNotPublished if its year is not covered."""
    days = calendar.year(day.year).days
    index = bisect_left(days, day)
    return index < len(days) and days[index] == day


def add_limit(calendar: WorkCalendar, start: datetime, limit: Limit) -> datetime:
    """The moment, in UTC, at which `limit` ends when it starts at `start` (see the module).

    ValueError if `start` is naive; CalendarNotPublished if a working limit leaves the years that
    `calendar` covers.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _wall(calendar, start).date()
        before = bisect_right(calendar.year(day.year).days, day)
        return _closing(calendar, day.year, before + limit.amount - 1)
    if limit.unit is LimitUnit.WORKING_HOURS:
        return add_office_time(calendar, start, limit.length)
    return _utc(start) + limit.length


def subtract_limit(calendar: WorkCalendar, end: datetime, limit: Limit) -> datetime:
    """The moment, in UTC, that lies `limit` before `end`: the mirror of `add_limit`.

    For working days it is when office hours end on the n-th working day before `end`'s day: the
    yellow card "1wd" before a due time leaves one whole working day. Errors as in `add_limit`.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _wall(calendar, end).date()
        before = bisect_left(calendar.year(day.year).days, day)
        return _closing(calendar, day.year, before - limit.amount)
    if limit.unit is LimitUnit.WORKING_HOURS:
        return subtract_office_time(calendar, end, limit.length)
    return _utc(end) - limit.length


def longer_than(calendar: WorkCalendar, start: datetime, one: Limit, cap: Limit) -> bool:
    """Whether `one` reaches further than `cap` when both start at `start`.

    Three working days reach further than "4d" over a weekend, and less far within a week. Errors
    as in `add_limit`; two limits of the same unit need no calendar.
    """
    if one.unit is cap.unit:
        return one.amount > cap.amount
    return add_limit(calendar, start, one) > add_limit(calendar, start, cap)


def add_office_time(calendar: WorkCalendar, start: datetime, amount: timedelta) -> datetime:
    """The first moment, in UTC, at which `amount` of office time has passed since `start`.

    Errors as in `add_limit`; `start` itself if `amount` is not positive.
    """
    if amount <= _NONE:
        return _utc(start)
    wall = _wall(calendar, start)
    number, year = wall.year, calendar.year(wall.year)
    since = _worked(year, wall) + amount
    while since > year.worked[-1]:
        since -= year.worked[-1]
        number += 1
        year = calendar.year(number)
    # Used up exactly when an office closes, it ends there, not when the office opens again.
    last = bisect_left(year.worked, since) - 1
    return _moment(calendar, year.opens[last] + (since - year.worked[last]))


def subtract_office_time(calendar: WorkCalendar, end: datetime, amount: timedelta) -> datetime:
    """The last moment, in UTC, from which `amount` of office time passes until `end`.

    Errors as in `add_limit`; `end` itself if `amount` is not positive.
    """
    if amount <= _NONE:
        return _utc(end)
    wall = _wall(calendar, end)
    number, year = wall.year, calendar.year(wall.year)
    since = _worked(year, wall) - amount
    while since < _NONE:
        number -= 1
        year = calendar.year(number)
        since += year.worked[-1]
    last = bisect_right(year.worked, since) - 1
    return _moment(calendar, year.opens[last] + (since - year.worked[last]))


def office_time(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """The office time between two moments, `start` not after `end`. Errors as in `add_limit`."""
    if _utc(start) > _utc(end):
        raise ValueError(f"{end} is before {start}")
    first, last = _wall(calendar, start), _wall(calendar, end)
    whole = (calendar.year(year).worked[-1] for year in range(first.year, last.year))
    until = _worked(calendar.year(last.year), last)
    return sum(whole, until) - _worked(calendar.year(first.year), first)


def _worked(year: OfficeYear, wall: datetime) -> timedelta:
    """The office time of `year` that is over at `wall`."""
    begun = bisect_left(year.opens, wall)
    if not begun:
        return _NONE
    return year.worked[begun] - max(year.closes[begun - 1] - wall, _NONE)


def _closing(calendar: WorkCalendar, year: int, index: int) -> datetime:
    """When a working day ends: number `index`, counted on from the first of `year` (0), or back."""
    while index >= len(calendar.year(year).days):
        index -= len(calendar.year(year).days)
        year += 1
    while index < 0:
        year -= 1
        index += len(calendar.year(year).days)
    day = calendar.year(year).days[index]
    return _moment(calendar, datetime.combine(day, calendar.hours_of(day)[-1].closes))


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _wall(calendar: WorkCalendar, moment: datetime) -> datetime:
    """What the city's wall clock shows at `moment`."""
    return _utc(moment).astimezone(calendar.tz).replace(tzinfo=None)


def _moment(calendar: WorkCalendar, wall: datetime) -> datetime:
    """The moment, in UTC, at which the city's wall clock shows `wall`."""
    return wall.replace(tzinfo=calendar.tz).astimezone(UTC)
