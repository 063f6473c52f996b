"""Opening hours as people write them, and whether a place is open by a city's calendar.

The text is a part of what OpenStreetMap calls `opening_hours`:

    Mo-Fr 08:30-12:00,14:00-17:30; Sa 09:00-12:00; PH off
    24/7

Days that no rule names are closed. `PH` are the public holidays of the city's calendar, and count
before the day of the week. Where it is said, a weekend day that is worked instead (调休) counts as
well: on one that is usually closed, the hours of the first open day of the week apply. Without `PH`
a place keeps the same hours on every day, festivals included.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from domain.deadlines.calendar import (
    OfficeSpan,
    WorkCalendar,
    is_public_holiday,
    is_working_day,
)

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOLIDAYS, OFF, ALWAYS = "PH", "off", "24/7"

LONGEST = 200
"""The most characters of a text of opening hours."""

_AHEAD = 62
"""The days that are looked ahead: longer than any festival, and than most holidays of schools."""

_MIDNIGHT = time(0)
_WHOLE_DAY = (OfficeSpan(opens=_MIDNIGHT, closes=_MIDNIGHT),)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")

Spans = tuple[OfficeSpan, ...]
"""The stretches of a day at which a place is open, in order; none: it is closed."""


class BadHours(ValueError):
    """A text that is not written as opening hours are; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class HoursState:
    """A place that is open or closed at a moment.

    `changes_at`: when it closes, or opens again, in UTC; None if not within two months.
    """

    open: bool
    changes_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The opening hours of a place. `holidays`: None where the text does not say `PH`."""

    weekdays: tuple[Spans, ...]
    holidays: Spans | None = None
    always: bool = False

    def on(self, calendar: WorkCalendar, day: date) -> Spans:
        """Return the hours of a day."""
        own = self.weekdays[day.weekday()]
        if self.holidays is None:
            return own
        if is_public_holiday(calendar, day):
            return self.holidays
        if not own and day.weekday() >= 5 and is_working_day(calendar, day):
            return next((spans for spans in self.weekdays if spans), ())
        return own

    def state(self, calendar: WorkCalendar, at: datetime) -> HoursState:
        """Return whether the place is open at a moment, and until when that is so.

        Raises:
            OverflowError: outside the years of the calendar.
        """
        if self.always:
            return HoursState(True, None)
        today = at.astimezone(calendar.tz).date()
        last = today + timedelta(days=_AHEAD)
        for opens, closes in self._stretches(calendar, today, last):
            if closes <= at:
                continue
            if opens > at:
                return HoursState(False, opens)
            over = closes.astimezone(calendar.tz).date() > last
            return HoursState(True, None if over else closes)
        return HoursState(False, None)

    def _stretches(
        self, calendar: WorkCalendar, first: date, last: date
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches from day to day in UTC; those that meet at midnight are one."""
        open_since: datetime | None = None
        until: datetime | None = None
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            for span in self.on(calendar, day):
                opens, closes = (
                    moment.replace(tzinfo=calendar.tz).astimezone(UTC) for moment in span.on(day)
                )
                if open_since is not None and until is not None and until < opens:
                    yield open_since, until
                    open_since = None
                open_since, until = open_since or opens, closes
        if open_since is not None and until is not None:
            yield open_since, until

    def __str__(self) -> str:
        """Return the text that is read as the same hours, in one way of writing."""
        if self.always:
            return ALWAYS
        rules = [
            f"{_named(run)} {_written(spans)}" for run, spans in alike_days(self.weekdays) if spans
        ]
        if self.holidays is not None:
            rules.append(f"{HOLIDAYS} {_written(self.holidays)}")
        return "; ".join(rules)


def alike_days(weekdays: Sequence[Spans]) -> list[tuple[Sequence[int], Spans]]:
    """Return runs of days of the week with the same hours, Monday 0; and their hours."""
    runs = groupby(range(len(DAYS)), key=lambda day: weekdays[day])
    return [(tuple(run), spans) for spans, run in runs]


@lru_cache(maxsize=4096)
def read_hours(text: str) -> OpeningHours:
    """Read opening hours.

    Raises:
        BadHours: what of the text is not as it has to be.
    """
    plain = unicodedata.normalize("NFKC", text).replace("–", "-").replace("—", "-").strip()
    if plain == ALWAYS:
        return OpeningHours((_WHOLE_DAY,) * len(DAYS), always=True)
    said: dict[str, Spans] = {}
    for rule in plain.split(";"):
        names, spans = _rule(" ".join(rule.split()))
        for name in names:
            if name in said:
                raise BadHours(f"{name} is said twice")
            said[name] = spans
    if not any(said.values()):
        raise BadHours("it is never open")
    return OpeningHours(tuple(said.get(day, ()) for day in DAYS), said.get(HOLIDAYS))


def _rule(rule: str) -> tuple[list[str], Spans]:
    """Read one rule: the days that it names, and their hours."""
    if not rule:
        raise BadHours("a rule is empty: one semicolon stands between two rules")
    if ALWAYS in rule:
        raise BadHours(f"{ALWAYS} stands alone")
    at = re.search(r"[0-9]|\boff\b", rule)
    days, hours = (rule[: at.start()], rule[at.start() :]) if at else (rule, "")
    if not days.strip():
        raise BadHours(f"{rule!r} names no days: Mo-Su {rule}")
    names = [name for part in days.split(",") for name in _days(part.strip(), rule)]
    if not hours:
        raise BadHours(f"{rule!r} has no hours: {rule} 08:30-17:30, or {rule} {OFF}")
    if hours.strip() == OFF:
        return names, ()
    spans = tuple(_span(part.strip()) for part in hours.split(","))
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes or earlier.closes == _MIDNIGHT:
            raise BadHours(f"{earlier} and {later} overlap, or are not in order")
    return names, spans


def _days(part: str, rule: str) -> list[str]:
    if part == HOLIDAYS:
        return [HOLIDAYS]
    first, dash, last = (name.strip() for name in part.partition("-"))
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise BadHours(f"{name or rule!r} is no day: {', '.join(DAYS)} or {HOLIDAYS}")
    begins = DAYS.index(first)
    ends = DAYS.index(last) if dash else begins
    length = (ends - begins) % len(DAYS)  # Sa-Mo goes over the end of the week
    return [DAYS[(begins + n) % len(DAYS)] for n in range(length + 1)]


def _span(text: str) -> OfficeSpan:
    opens, dash, closes = (part.strip() for part in text.partition("-"))
    for one in (opens, closes):
        if not dash or not _TIME.fullmatch(one):
            raise BadHours(f"{text!r} is not written like 08:30-12:00")
    if opens == "24:00" or (closes != "24:00" and closes <= opens):
        message = f"{text}: it ends before it begins; over midnight write"
        raise BadHours(f"{message} {opens}-24:00, and the rest on the next day")
    return OfficeSpan(
        opens=time.fromisoformat(opens),
        closes=_MIDNIGHT if closes == "24:00" else time.fromisoformat(closes),
    )


def _named(run: Sequence[int]) -> str:
    first, last = DAYS[run[0]], DAYS[run[-1]]
    return first if len(run) == 1 else f"{first}-{last}"


def _written(spans: Spans) -> str:
    return ",".join(map(str, spans)) or OFF


def _in_one_way(text: str) -> str:
    return str(read_hours(text)) if text else ""


HoursText = Annotated[str, StringConstraints(max_length=LONGEST), AfterValidator(_in_one_way)]
"""A text of opening hours, in one way of writing; empty where nobody knows them."""
