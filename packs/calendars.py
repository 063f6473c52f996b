"""A pack's working calendar: the holiday list of its country, with calendar.csv applied.

The published years are exactly those that city.toml names. The years near them are provisional:
the calendar has what the list knows beforehand (the festivals by the lunar calendar, and the days
the law gives instead of those that fall on a weekend) and the rows of calendar.csv.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

from domain.deadlines.calendar import WorkCalendar
from packs.parsed_pack import CALENDAR, CalendarSeed, CityFile, ParsedPack
from packs.problems import PackFault

_BEFORE, _AFTER = 3, 25
"""Years around the published ones whose festivals are looked up. The longest limit that a pack can
give (2,000 working days) is eight years; years further away have only the yearly festivals."""

_LEAST_MAKE_UP_DAYS, _ODD_DAYS = 3, 2
"""A yearly notice of the State Council has moved at least five working days so far (2007 to 2026),
and left at most two working days more or less than weekends and statutory holidays do."""


def read_calendar(parsed: ParsedPack, city: CityFile) -> tuple[WorkCalendar, list[PackFault]]:
    """Return the calendar of a pack, and the problems of its published years."""
    off, on, problems = set[date](), set[date](), list[PackFault]()
    days = sorted(parsed.overrides.values(), key=lambda day: day.date)
    seed = city.calendar
    try:
        yearly = _seed(seed, off, on)
    except NotImplementedError:
        message = f"no holiday list for the country {seed.country!r}"
        problems.append(parsed.city.problem(("calendar", "country"), message))
        yearly = ()
    unlisted = _unlisted(seed, on)
    for day in days:
        (on if day.working else off).add(day.date)
        (off if day.working else on).discard(day.date)
    calendar = WorkCalendar(
        version="",
        zone=city.city.zone,
        hours=seed.hours,
        years=tuple(sorted(set(seed.years))),
        days_off=tuple(sorted(off)),
        days_on=tuple(sorted(on)),
        hours_on={day.date: day.hours for day in days if day.hours},
        yearly=yearly,
    )
    # What calendar.csv lacks is not known where it could not be read.
    years = parsed.overrides.whole
    for message in (*_incomplete(calendar, unlisted), *_without_work(calendar)) if years else ():
        problems.append(parsed.city.problem(("calendar", "years"), message))
    return versioned(calendar), problems


def versioned(calendar: WorkCalendar) -> WorkCalendar:
    """Return `calendar` with the version that identifies its days and hours.

    It is not the pack's: the same files with a newer holiday list are another calendar.
    """
    unversioned = calendar.model_copy(update={"version": ""})
    digest = hashlib.sha256(unversioned.model_dump_json().encode()).hexdigest()
    return calendar.model_copy(update={"version": digest[:12]})


def with_years_of(calendar: WorkCalendar, older: WorkCalendar) -> WorkCalendar:
    """Return `calendar` with the published years that only `older` has.

    A year that a city no longer names stays as it was published, for the tickets of that time.
    """
    lost = older.published - calendar.published
    if not lost:
        return calendar

    def kept(own: Iterable[date], others: Iterable[date]) -> tuple[date, ...]:
        days = {day for day in own if day.year not in lost}
        return tuple(sorted(days | {day for day in others if day.year in lost}))

    hours = {day: spans for day, spans in calendar.hours_on.items() if day.year not in lost}
    hours |= {day: spans for day, spans in older.hours_on.items() if day.year in lost}
    return versioned(
        calendar.model_copy(
            update={
                "years": tuple(sorted(calendar.published | lost)),
                "days_off": kept(calendar.days_off, older.days_off),
                "days_on": kept(calendar.days_on, older.days_on),
                "hours_on": hours,
            }
        )
    )


def is_published(country: str, year: int) -> bool:
    """Return whether a country's holiday list has the make-up days of `year`, too."""
    from holidays import country_holidays

    return any(day.year == year for day in country_holidays(country, years=[year]).weekend_workdays)


def _seed(seed: CalendarSeed, off: set[date], on: set[date]) -> tuple[tuple[int, int], ...]:
    """Fill `off` and `on` from the seed country's holiday list; return its yearly festivals.

    Raises:
        NotImplementedError: there is no such list.
    """
    if seed.country is None:
        return ()
    # Its import reads every country's calendar: too slow for commands that load no pack.
    from holidays import country_holidays

    years = range(min(seed.years) - _BEFORE, max(seed.years) + _AFTER + 1)
    known = country_holidays(seed.country, years=years)
    off.update(day for day in known if day.year in years and day.weekday() < 5)
    on.update(day for day in known.weekend_workdays if day.year in years)
    festivals = country_holidays(seed.country, years=years, observed=False)
    newest = range(max(seed.years) + 1, years.stop)
    by_year = [{(day.month, day.day) for day in festivals if day.year == year} for year in newest]
    listed = [days for days in by_year if days]  # lists by the lunar calendar end at some year
    return tuple(sorted(set.intersection(*listed))) if listed else ()


def _unlisted(seed: CalendarSeed, on: set[date]) -> list[int]:
    """Return the published years whose notice is missing from the holiday list.

    The list computes the festivals of any year; it has the make-up days only once the State
    Council has published them, and every published notice has some.
    """
    if seed.country != "CN":
        return []
    return sorted(set(seed.years) - {day.year for day in on})


def _incomplete(calendar: WorkCalendar, unlisted: Iterable[int]) -> Iterator[str]:
    """Yield messages about `unlisted` years whose notice calendar.csv does not give in full.

    A single row does not make a year published: the notice moves working days to weekends, and
    leaves about as many working days as weekends and statutory holidays do.
    """
    for year in unlisted:
        made_up = sum(day.year == year and day.weekday() >= 5 for day in calendar.days_on)
        left, usual = len(calendar.year(year).days), _usual(year)
        if not made_up:
            yield f"the days of {year} are not in the holiday list: give them in {CALENDAR}"
        elif made_up < _LEAST_MAKE_UP_DAYS or abs(left - usual) > _ODD_DAYS:
            yield (
                f"{CALENDAR} does not give the whole notice of {year}: {made_up} make-up days and"
                f" {left} working days in all, where a notice leaves about {usual}"
            )


def _without_work(calendar: WorkCalendar) -> Iterator[str]:
    """Yield messages about published years with a month without work: a row must be wrong."""
    for year in calendar.years:
        idle = set(range(1, 13)) - {day.month for day in calendar.year(year).days}
        if idle:
            yield f"{year}-{min(idle):02} has no working day: look at its rows of {CALENDAR}"


def _usual(year: int) -> int:
    """Count the working days that weekends and the statutory holidays of China leave of `year`."""
    from holidays import country_holidays

    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    weekdays = sum(day.weekday() < 5 for day in map(date.fromordinal, range(first, last + 1)))
    statutory = country_holidays("CN", years=[year], observed=False)
    return weekdays - sum(day.year == year for day in statutory)
