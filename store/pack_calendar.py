"""A pack's working calendar: the holiday list of its country, with calendar.csv applied."""

import hashlib
from collections.abc import Iterator
from datetime import date

from domain.calendar import WorkCalendar
from store.pack_files import CALENDAR, CalendarSeed, CityFile, Draft
from store.pack_reading import Problem


def read_calendar(draft: Draft, city: CityFile) -> tuple[WorkCalendar, list[Problem]]:
    """The seed of the published years with calendar.csv applied, and what it is missing."""
    off, on, problems = set[date](), set[date](), list[Problem]()
    days = sorted(draft.overrides.values(), key=lambda day: day.date)
    for key, message in _seed(city.calendar, off, on, {day.date.year for day in days}):
        problems.append(draft.city.problem(("calendar", key), message))
    for day in days:
        (on if day.working else off).add(day.date)
        (off if day.working else on).discard(day.date)
    unversioned = WorkCalendar(
        version="",
        zone=city.city.zone,
        hours=city.calendar.hours,
        years=tuple(sorted(city.calendar.years)),
        days_off=tuple(sorted(off)),
        days_on=tuple(sorted(on)),
        hours_on={day.date: day.hours for day in days if day.hours},
    )
    # Not the pack's version: the same files with a newer holiday list are another calendar.
    version = hashlib.sha256(unversioned.model_dump_json().encode()).hexdigest()[:12]
    return unversioned.model_copy(update={"version": version}), problems


def _seed(
    seed: CalendarSeed, off: set[date], on: set[date], overridden: set[int]
) -> Iterator[tuple[str, str]]:
    """Fill `off` and `on` from the holiday list of the seed's country.

    Yields what is wrong: the key of `[calendar]` and a message.
    """
    if seed.country is None:
        return
    # It reads every country's calendar when imported: too slow for commands that load no pack.
    from holidays import country_holidays

    try:
        known = country_holidays(seed.country, years=seed.years)
    except NotImplementedError:
        yield "country", f"no holiday list for the country {seed.country!r}"
        return
    off.update(day for day in known if day.year in seed.years and day.weekday() < 5)
    on.update(day for day in known.weekend_workdays if day.year in seed.years)
    # The list computes the festivals of any year; the make-up days are there only once the State
    # Council has published them, and every list it published has some.
    for year in seed.years:
        if seed.country == "CN" and year not in overridden | {day.year for day in on}:
            message = f"the days of {year} are not in the holiday list: give them in {CALENDAR}"
            yield "years", message


def is_published(country: str, year: int) -> bool:
    """Whether the holiday list of a country has the make-up days of `year`, too."""
    from holidays import country_holidays

    return any(day.year == year for day in country_holidays(country, years=[year]).weekend_workdays)
