"""The days of a working calendar that differ from the normal week, each with its source."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from domain.deadlines.calendar import WorkCalendar, is_working_day
from packs.calendars import is_published
from packs.parsed_pack import CITY, read_parsed

_LANGUAGES = {"zh": "zh_CN", "en": "en_US"}


class DayKind(StrEnum):
    """The ways in which a day differs from the normal week."""

    HOLIDAY = "holiday"  # a day off on what would be a working day
    MAKE_UP = "make_up"  # worked on what would be a weekend (调休)
    HOURS = "hours"  # worked at hours of its own


@dataclass(frozen=True)
class SpecialDay:
    """A day that differs. `source`: the row of calendar.csv, or the country's holiday list; `why`:
    its text, by language. `hours`: as written in a pack, if the day has its own."""

    day: date
    kind: DayKind
    source: str
    why: dict[str, str]
    hours: str = ""


@dataclass(frozen=True)
class CalendarYear:
    """A year of a working calendar.

    `provisional`: it is not published; plans use what is known beforehand.
    `next_year`: whether the year after it is published as well; `published`: whether the holiday
    list has that next year's notice, so that it only has to be named in city.toml.
    """

    year: int
    working_days: int
    special: list[SpecialDay]
    provisional: bool
    next_year: bool
    published: bool


def calendar_year(calendar: WorkCalendar, folder: Path, year: int) -> CalendarYear:
    """Return a year of the calendar in use, with the source of each special day in the pack."""
    worked = calendar.year(year).days
    parsed = read_parsed(folder)
    seed = parsed.city.value.calendar if parsed.city.value else None
    country = seed.country if seed else None
    names = {language: _names(country, year, code) for language, code in _LANGUAGES.items()}
    rows = {row.value.date: row for row in parsed.overrides.rows}
    off = {day for day in calendar.days_off if day.year == year and day.weekday() < 5}
    if year not in calendar.published:
        yearly = (date(year, month, day) for month, day in calendar.yearly)
        off |= {day for day in yearly if day.weekday() < 5 and not is_working_day(calendar, day)}
    on = {day for day in calendar.days_on if day.year == year and day.weekday() >= 5}
    own = {day for day in calendar.hours_on if day.year == year and is_working_day(calendar, day)}
    special = []
    for day in sorted(off | on | own):
        kind = DayKind.HOLIDAY if day in off else DayKind.MAKE_UP if day in on else DayKind.HOURS
        row = rows.get(day)
        why = {language: named.get(day, "") for language, named in names.items()}
        if row is not None:
            why = dict.fromkeys(_LANGUAGES, row.value.note)
        spans = calendar.hours_on.get(day, ()) if kind is not DayKind.HOLIDAY else ()
        hours = "|".join(map(str, spans))
        listed = f"{CITY} [calendar] {country or ''}".rstrip()
        source = f"{row.file}:{row.line}" if row is not None else listed
        special.append(SpecialDay(day, kind, source, why, hours))
    following = year + 1
    return CalendarYear(
        year=year,
        working_days=len(worked),
        special=special,
        provisional=year not in calendar.published,
        next_year=following in calendar.published,
        published=country is not None and is_published(country, following),
    )


def _names(country: str | None, year: int, language: str) -> dict[date, str]:
    """Return the names of the country's days off; empty if it has no holiday list."""
    if country is None:
        return {}
    # Its import reads every country's calendar: too slow for callers that need none.
    from holidays import country_holidays

    try:
        return dict(country_holidays(country, years=[year], language=language))
    except NotImplementedError:
        return {}
