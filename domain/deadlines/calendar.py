"""A city's working calendar, and the computation of due times with it.

The rules are those of ordinary Chinese administrative practice:

- Calendar time ("2h", "7d") simply elapses, through nights, weekends and holidays.
- Working days ("5wd"): the day of receipt is not counted (Civil Code, art. 201); the limit ends
  when office hours end on the n-th working day after it (art. 203). The time and the kind of the
  day on which the clock was started make no difference.
- Working hours ("4wh"): counted from the moment of receipt (art. 201), minute by minute, inside
  office hours only. A limit that is used up exactly when an office closes ends there, not when
  it opens again.

Weekends are Saturday and Sunday; `days_off` are the holidays, `days_on` the make-up working days
(调休). The State Council publishes them year by year: `years` are those it has published. Every
other year is provisional: it is computed from what is known of it beforehand, which is weekends,
the festivals, and the days that the city itself has set. A plan is therefore always possible;
`firm` says whether it rests on published years alone.

Office hours are wall-clock times of the city's zone; single days, the half day before a festival,
may have their own. Hours that end at midnight ("24:00") belong to the day that ends. Across changes
to summer time, office hours are counted by the wall clock.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Annotated, Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from domain.deadlines.limits import Limit, LimitUnit
from domain.model import Recorded

_NONE = timedelta(0)
_DAY = timedelta(days=1)
_MIDNIGHT = time(0)

_MOST_LAID_OUT = 100
"""The most years kept in memory, some 100 kB each. Limits of ordinary length need three."""


def _known_zone(key: str) -> str:
    try:
        ZoneInfo(key)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{key!r} is not a time zone of the IANA database") from error
    return key


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone's name in the IANA database, "Asia/Shanghai"."""


class OfficeSpan(Recorded):
    """One stretch of office hours, from `opens` to `closes` on the wall clock of the same day.

    `closes` at 00:00 is the midnight that ends the day; it is written "24:00". `str()` gives the
    span as a pack writes it.
    """

    model_config = ConfigDict(frozen=True)

    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes and self.closes != _MIDNIGHT:
            raise ValueError(f"office hours open at {self.opens} and close at {self.closes}")
        return self

    def __str__(self) -> str:
        closes = "24:00" if self.closes == _MIDNIGHT else f"{self.closes:%H:%M}"
        return f"{self.opens:%H:%M}-{closes}"

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return its opening and closing on `day`, by the wall clock."""
        ends = day + _DAY if self.closes == _MIDNIGHT else day
        return datetime.combine(day, self.opens), datetime.combine(ends, self.closes)


def _read_span(value: object) -> object:
    if isinstance(value, str):
        opens, dash, closes = (part.strip() for part in value.partition("-"))
        if not dash:
            raise ValueError(f'{value!r} is not written like "09:00-12:00"')
        if closes in ("00:00", "00:00:00"):
            raise ValueError(f'{value!r}: the midnight that ends a day is written "24:00"')
        return {"opens": opens, "closes": "00:00" if closes == "24:00" else closes}
    return value


def _in_order(hours: tuple[OfficeSpan, ...]) -> tuple[OfficeSpan, ...]:
    for earlier, later in pairwise(hours):
        if later.opens < earlier.closes or earlier.closes == _MIDNIGHT:
            raise ValueError(f"office hours overlap at {later.opens}")
    return hours


OfficeSpans = Annotated[
    tuple[Annotated[OfficeSpan, BeforeValidator(_read_span)], ...],
    Field(min_length=1),
    AfterValidator(_in_order),
]
"""The office hours of a day, in order, none overlapping: ["09:00-12:00", "14:00-18:00"]."""


class OfficeYear(NamedTuple):
    """The working days and office hours of a year, by the wall clock and in order.

    `opens` and `closes` are its stretches of office hours; `worked[n]` is the office time of the
    first n of them together.
    """

    days: tuple[date, ...]
    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]


class WorkCalendar(Recorded):
    """The days and hours that are worked. `version` names exactly these days and hours.

    `years`: those whose days off and make-up days are published; `days_off` and `days_on` also have
    the known days of years near them. `yearly`: festivals that fall on the same day (month, day) of
    every year, off in years that are not published unless `days_on` says otherwise. `hours_on`: the
    office hours of single days that differ. A day off with hours stays a day off.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    zone: Zone
    hours: OfficeSpans
    years: tuple[int, ...]
    days_off: tuple[date, ...] = ()
    days_on: tuple[date, ...] = ()
    hours_on: dict[date, OfficeSpans] = Field(default_factory=dict)
    yearly: tuple[tuple[int, int], ...] = ()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with fields replaced and without the original's cached values."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def published(self) -> frozenset[int]:
        """The published years; every other one is provisional."""
        return frozenset(self.years)

    def firm(self, start: datetime, end: datetime) -> bool:
        """Return whether all years from that of `start` to that of `end` are published."""
        return any(first <= start and end <= last for first, last in self._firm)

    def hours_of(self, day: date) -> OfficeSpans:
        """Return the office hours of `day`, if it is worked."""
        return self.hours_on.get(day, self.hours)

    def year(self, year: int) -> OfficeYear:
        """Return the working days and hours of `year`; OverflowError outside the years 1 to 9999.

        Computed once and cached: a ticket plans a dozen clocks.
        """
        laid = self._laid_out.get(year)
        if laid is None:
            laid = self._lay_out(year)
            if len(self._laid_out) >= _MOST_LAID_OUT:
                self._laid_out.clear()
            self._laid_out[year] = laid
        return laid

    def _lay_out(self, year: int) -> OfficeYear:
        if not MINYEAR <= year <= MAXYEAR:
            raise OverflowError(f"no calendar reaches the year {year}")
        off, on = self._days
        yearly = frozenset[tuple[int, int]]() if year in self.published else frozenset(self.yearly)
        days = [
            day
            for day in _all_days(year)
            if day in on
            or (day.weekday() < 5 and day not in off and (day.month, day.day) not in yearly)
        ]
        spans = [span.on(day) for day in days for span in self.hours_of(day)]
        worked = accumulate((closes - opens for opens, closes in spans), initial=_NONE)
        return OfficeYear(
            days=tuple(days),
            opens=tuple(opens for opens, _ in spans),
            closes=tuple(closes for _, closes in spans),
            worked=tuple(worked),
        )

    @cached_property
    def _laid_out(self) -> dict[int, OfficeYear]:
        return {}

    @cached_property
    def _days(self) -> tuple[frozenset[date], frozenset[date]]:
        """`days_off` and `days_on` as sets."""
        return frozenset(self.days_off), frozenset(self.days_on)

    @cached_property
    def _firm(self) -> list[tuple[datetime, datetime]]:
        """The stretches of published years, each from its beginning to its end, in UTC."""
        stretches: list[tuple[int, int]] = []
        for year in sorted(self.published):
            if stretches and stretches[-1][1] == year:
                stretches[-1] = (stretches[-1][0], year + 1)
            else:
                stretches.append((year, year + 1))
        return [
            (
                datetime(first, 1, 1, tzinfo=self.tz).astimezone(UTC),
                datetime(after, 1, 1, tzinfo=self.tz).astimezone(UTC),
            )
            for first, after in stretches
        ]


def is_working_day(calendar: WorkCalendar, day: date) -> bool:
    """Return whether `day` is a working day, as far as is known."""
    days = calendar.year(day.year).days
    index = bisect_left(days, day)
    return index < len(days) and days[index] == day


def is_public_holiday(calendar: WorkCalendar, day: date) -> bool:
    """Return whether `day` is off because of a festival, as far as is known.

    A weekend that runs into days off belongs to the festival, as in the State Council's notices;
    one that is worked instead does not.
    """
    if is_working_day(calendar, day):
        return False
    if day.weekday() < 5:
        return True
    return any(_runs_into_holiday(calendar, day, step) for step in (-_DAY, _DAY))


def _runs_into_holiday(calendar: WorkCalendar, day: date, step: timedelta) -> bool:
    while day.weekday() >= 5:
        if is_working_day(calendar, day):
            return False
        day += step
    return not is_working_day(calendar, day)


def add_limit(calendar: WorkCalendar, start: datetime, limit: Limit) -> datetime:
    """Return the moment, in UTC, at which a `limit` from `start` ends (see the module).

    ValueError if `start` is naive; OverflowError if it ends after the year 9999.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _day(calendar, start)
        before = bisect_right(calendar.year(day.year).days, day)
        return _closing(calendar, day.year, before + limit.amount - 1)
    if limit.unit is LimitUnit.WORKING_HOURS:
        return add_office_time(calendar, start, limit.length)
    return _utc(start) + limit.length


def subtract_limit(calendar: WorkCalendar, end: datetime, limit: Limit) -> datetime:
    """Return the moment, in UTC, that lies `limit` before `end`: the inverse of `add_limit`.

    For working days it is when office hours end on the n-th working day before `end`'s day: the
    yellow card "1wd" before a due time leaves one whole working day. Errors as in `add_limit`.
    """
    if limit.unit is LimitUnit.WORKING_DAYS:
        day = _day(calendar, end)
        before = bisect_left(calendar.year(day.year).days, day)
        return _closing(calendar, day.year, before - limit.amount)
    if limit.unit is LimitUnit.WORKING_HOURS:
        return subtract_office_time(calendar, end, limit.length)
    return _utc(end) - limit.length


def longer_than(calendar: WorkCalendar, start: datetime, one: Limit, cap: Limit) -> bool:
    """Return whether `one` reaches further than `cap` when both start at `start`.

    Three working days reach further than "4d" over a weekend, and less far within a week. Errors
    as in `add_limit`; two limits of the same unit need no calendar.
    """
    if one.unit is cap.unit:
        return one.amount > cap.amount
    return add_limit(calendar, start, one) > add_limit(calendar, start, cap)


def add_office_time(calendar: WorkCalendar, start: datetime, amount: timedelta) -> datetime:
    """Return the first moment, in UTC, at which `amount` of office time has passed since `start`.

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
    # An amount used up exactly at closing time ends then, not at the next opening.
    last = bisect_left(year.worked, since) - 1
    return _moment(calendar, year.opens[last] + (since - year.worked[last]))


def subtract_office_time(calendar: WorkCalendar, end: datetime, amount: timedelta) -> datetime:
    """Return the last moment, in UTC, from which `amount` of office time passes until `end`.

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
    """Return the office time from `start` to `end`, not before it. Errors as in `add_limit`."""
    if _utc(start) > _utc(end):
        raise ValueError(f"{end} is before {start}")
    first, last = _wall(calendar, start), _wall(calendar, end)
    whole = (calendar.year(year).worked[-1] for year in range(first.year, last.year))
    until = _worked(calendar.year(last.year), last)
    return sum(whole, until) - _worked(calendar.year(first.year), first)


def working_days(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """Count the working days after the day of `start`, up to that of `end`, not before it."""
    first, last = _day(calendar, start), _day(calendar, end)
    whole = sum(len(calendar.year(year).days) for year in range(first.year, last.year))
    until = bisect_right(calendar.year(last.year).days, last)
    return whole + until - bisect_right(calendar.year(first.year).days, first)


def changed_days(
    old: WorkCalendar, new: WorkCalendar, start: datetime, end: datetime
) -> list[date]:
    """Return the days from `start` to `end` that `new` works otherwise than `old`, in order.

    With all days of a year that only `new` has published. Errors as in `add_limit`.
    """
    first, last = _wall(new, start).date(), _wall(new, end).date()
    changed: set[date] = set()
    for year in range(first.year, last.year + 1):
        before, after = old.year(year), new.year(year)
        if year in new.published - old.published:
            changed.update(_all_days(year))
        elif before != after:
            changed.update(set(before.days) ^ set(after.days))
            changed.update(day for day in before.days if old.hours_of(day) != new.hours_of(day))
    return sorted(day for day in changed if first <= day <= last)


def _all_days(year: int) -> Iterator[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return map(date.fromordinal, range(first, last + 1))


def closes_at(calendar: WorkCalendar, moment: datetime) -> bool:
    """Return whether a working day ends at `moment`, when its office closes."""
    day = _day(calendar, moment)
    if not is_working_day(calendar, day):
        return False
    return calendar.hours_of(day)[-1].on(day)[1] == _wall(calendar, moment)


def next_closing(calendar: WorkCalendar, moment: datetime) -> datetime:
    """Return the end, in UTC, of the first working day that has not ended at `moment`."""
    day = _wall(calendar, moment).date()
    days = calendar.year(day.year).days
    closing = _closing(calendar, day.year, bisect_left(days, day))
    if closing > _utc(moment):
        return closing
    return _closing(calendar, day.year, bisect_right(days, day))


def _worked(year: OfficeYear, wall: datetime) -> timedelta:
    """Return the office time of `year` that has passed at `wall`."""
    begun = bisect_left(year.opens, wall)
    if not begun:
        return _NONE
    return year.worked[begun] - max(year.closes[begun - 1] - wall, _NONE)


def _closing(calendar: WorkCalendar, year: int, index: int) -> datetime:
    """Return the end of working day `index`, counted from the first of `year` (0), or back."""
    while index >= len(calendar.year(year).days):
        index -= len(calendar.year(year).days)
        year += 1
    while index < 0:
        year -= 1
        index += len(calendar.year(year).days)
    day = calendar.year(year).days[index]
    return _moment(calendar, calendar.hours_of(day)[-1].on(day)[1])


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _wall(calendar: WorkCalendar, moment: datetime) -> datetime:
    """Return the city's wall-clock time at `moment`."""
    return _utc(moment).astimezone(calendar.tz).replace(tzinfo=None)


def _day(calendar: WorkCalendar, moment: datetime) -> date:
    """Return the day of `moment` by the city's wall clock.

    The midnight at which an office closes belongs to the day that it ends.
    """
    wall = _wall(calendar, moment)
    if wall.time() == _MIDNIGHT:
        before = wall.date() - _DAY
        if calendar.hours_of(before)[-1].closes == _MIDNIGHT and is_working_day(calendar, before):
            return before
    return wall.date()


def _moment(calendar: WorkCalendar, wall: datetime) -> datetime:
    """Return the moment, in UTC, at which the city's wall clock shows `wall`."""
    return wall.replace(tzinfo=calendar.tz).astimezone(UTC)
