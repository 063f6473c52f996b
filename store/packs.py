"""City packs on disk: load one, check one, keep those that are loaded.

Errors:
    PackError     `pack_invalid`  the pack has problems, each with file and line
    UnknownCity   `unknown_city`  there is no such pack
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import domain
from domain.calendar import WorkCalendar
from domain.pack import Pack
from store.pack_checks import CHECKS
from store.pack_files import CALENDAR, CITY, CalendarSeed, CityFile, Draft, Problem, read_draft

__all__ = [
    "PackError",
    "PackShelf",
    "Problem",
    "UnknownCity",
    "check_pack",
    "default_root",
    "load_pack",
]


class PackError(Exception):
    """A pack cannot be used; `problems` is everything that is wrong with it."""

    code = "pack_invalid"

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        listed = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the city pack {folder.name} has {len(problems)} problem(s):\n{listed}")
        self.problems = problems


class UnknownCity(KeyError):
    """No pack of that id on the shelf."""

    code = "unknown_city"

    def __init__(self, city: str, known: list[str]) -> None:
        super().__init__(city)
        self.city, self.known = city, known

    def __str__(self) -> str:  # KeyError's own shows only the quoted key
        return f"unknown city {self.city!r}; known: {', '.join(self.known) or 'none'}"


class PackShelf:
    """The packs under one folder, each loaded when first asked for and then kept.

    A changed file is seen by the next process: a pack never changes under a running one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packs: dict[str, Pack] = {}

    def ids(self) -> list[str]:
        """The ids of all cities, sorted. Their packs may still have problems."""
        return sorted(path.parent.name for path in self._root.glob(f"*/{CITY}"))

    def get(self, city_id: str) -> Pack:
        """The city's pack; UnknownCity if there is none, PackError if it has problems."""
        pack = self._packs.get(city_id)
        if pack is None:
            if city_id not in self.ids():  # an id from outside never becomes a path
                raise UnknownCity(city_id, self.ids())
            pack = self._packs[city_id] = load_pack(self._root / city_id)
        return pack


def default_root() -> Path:
    """The packs that are shipped: the folder `cities` beside `domain`."""
    return Path(str(domain.__file__)).parent.parent / "cities"


def check_pack(folder: Path) -> list[Problem]:
    """Everything that is wrong with the pack in `folder`; empty when it can be used."""
    return _read(folder)[1]


def load_pack(folder: Path) -> Pack:
    """The pack in `folder`, whole and checked; PackError with all its problems otherwise."""
    pack, problems = _read(folder)
    if pack is None:
        raise PackError(folder, problems)
    return pack


def pack_version(folder: Path) -> str:
    """The name of exactly this content: 12 hex digits of a hash over all names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("."):
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _read(folder: Path) -> tuple[Pack | None, list[Problem]]:
    draft = read_draft(folder)
    problems = [*draft.problems, *(problem for check in CHECKS for problem in check(draft))]
    if draft.city is None:
        return None, _sorted(problems)
    calendar, missing = _calendar(draft, draft.city)
    problems += missing
    if problems:
        return None, _sorted(problems)
    pack = Pack(
        version=pack_version(folder),
        calendar=calendar,
        units=tuple(row.value for row in draft.units),
        categories=tuple(row.value for row in draft.categories),
        responsibilities=tuple(row.value for row in draft.responsibilities),
        **{name: getattr(draft.city, name) for name in CityFile.model_fields if name != "calendar"},
    )
    return pack, []


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(set(problems), key=lambda problem: (problem.file, problem.line or 0))


def _calendar(draft: Draft, city: CityFile) -> tuple[WorkCalendar, list[Problem]]:
    """The seed of the published years with the overrides applied, and what it is missing."""
    off, on, problems = set[date](), set[date](), list[Problem]()
    overridden = {row.value.date.year for row in draft.overrides}
    for key, message in _seed(city.calendar, off, on, overridden):
        problems.append(Problem(CITY, draft.line_of("calendar", key), message))
    for row in draft.overrides:
        (on if row.value.working else off).add(row.value.date)
        (off if row.value.working else on).discard(row.value.date)
    unversioned = WorkCalendar(
        version="",
        zone=city.city.zone,
        hours=city.calendar.hours,
        years=tuple(sorted(city.calendar.years)),
        days_off=tuple(sorted(off)),
        days_on=tuple(sorted(on)),
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
