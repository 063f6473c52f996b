"""Reading the files of a city pack, so that whatever is wrong with them has a file and a line."""

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, Field, ValidationError

from domain.calendar import OfficeSpans
from domain.catalogue import Category, Reasons, Responsibility, Unit, matches
from domain.clocks import ClockName
from domain.complaint import Code
from domain.pack import City
from domain.promises import Caps, Ladder, Limits, Part, Rating, Tier

CITY, UNITS, CATEGORIES = "city.toml", "units.csv", "categories.csv"
RESPONSIBILITIES, CALENDAR = "responsibilities.csv", "calendar.csv"

Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a pack. `line` counts from 1; None when the whole file is meant."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Row(Generic[M]):
    """A row of a CSV file, and the line it begins on."""

    line: int
    value: M


class CalendarSeed(Part):
    """`[calendar]`: office hours, and the years whose days off the State Council has published.

    `country` is a code of the `holidays` library, whose holidays and make-up days are the seed;
    without it there are only weekends and what calendar.csv says.
    """

    country: str | None = None
    years: tuple[int, ...] = Field(min_length=1)
    hours: OfficeSpans


class DayOverride(Part):
    """A row of calendar.csv: one day that is not what the seed says."""

    date: date
    working: bool
    note: str = ""


class CityFile(Part):
    """The whole of city.toml."""

    city: City
    calendar: CalendarSeed
    tiers: dict[Code, Tier] = Field(min_length=1)
    limits: Limits = Limits()
    ladder: dict[ClockName, Ladder] = Field(default_factory=dict)
    caps: Caps
    rating: Rating
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Draft:
    """A pack as far as its files could be read; `problems` says what could not.

    `codes` holds, per CSV file, the codes of all rows, the unreadable ones included: a reference
    to a row that has another fault is not a second fault.
    """

    folder: Path
    city: CityFile | None
    lines: Mapping[Location, int]
    units: list[Row[Unit]]
    categories: list[Row[Category]]
    responsibilities: list[Row[Responsibility]]
    overrides: list[Row[DayOverride]]
    codes: Mapping[str, frozenset[str]]
    problems: list[Problem]

    def whole(self, file: str) -> bool:
        """Whether all of `file` could be read."""
        return all(problem.file != file for problem in self.problems)

    def has(self, file: str, code: str) -> bool:
        """Whether `file` has a row of that code, as far as that can be told."""
        return code in self.codes[file] or not (self.codes[file] or self.whole(file))

    def has_match(self, file: str, pattern: str) -> bool:
        """Whether `file` has a row that `pattern` means, as far as that can be told."""
        return any(matches(pattern, code) for code in self.codes[file]) or not (
            self.codes[file] or self.whole(file)
        )

    def line_of(self, *location: str | int) -> int | None:
        """The line of city.toml where `location` stands, or what contains it."""
        return line_of(self.lines, location)


def read_draft(folder: Path) -> Draft:
    """Everything that can be read of the pack in `folder`; what cannot is in `problems`."""
    problems: list[Problem] = []
    codes: dict[str, frozenset[str]] = {}

    def rows(name: str, model: type[M]) -> list[Row[M]]:
        table = _read_table(folder / name, model, problems)
        codes[name] = frozenset(cells["code"] for _, cells in table if "code" in cells)
        read = (_read_row(name, line, cells, model, problems) for line, cells in table)
        return [row for row in read if row is not None]

    city, lines = _read_city(folder / CITY, problems)
    return Draft(
        folder=folder,
        city=city,
        lines=lines,
        units=rows(UNITS, Unit),
        categories=rows(CATEGORIES, Category),
        responsibilities=rows(RESPONSIBILITIES, Responsibility),
        overrides=rows(CALENDAR, DayOverride),
        codes=codes,
        problems=problems,
    )


def _read_city(
    path: Path, problems: list[Problem]
) -> tuple[CityFile | None, Mapping[Location, int]]:
    text = _read_text(path, problems)
    if text is None:
        return None, {}
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        problems.append(Problem(path.name, int(at[1]) if at else None, str(error)))
        return None, {}
    lines = toml_lines(text)
    try:
        return CityFile.model_validate(content), lines
    except ValidationError as error:
        problems += [
            Problem(path.name, line_of(lines, location), message)
            for location, message in _faults(error)
        ]
        return None, lines


Cells = dict[str, str]


def _read_table(
    path: Path, model: type[BaseModel], problems: list[Problem]
) -> list[tuple[int, Cells]]:
    """The rows of a CSV file that have the right shape, empty cells left out.

    Empty rows and rows that begin with "#" are for people.
    """
    text = _read_text(path, problems)
    if text is None:
        return []
    table: list[tuple[int, Cells]] = []
    header: list[str] | None = None
    reader, begins = csv.reader(io.StringIO(text, newline="")), 1
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        cells = [cell.strip() for cell in cells]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if header is None:
            header = cells
            faults = _header_faults(header, model)
            problems += [Problem(path.name, line, fault) for fault in faults]
            if faults:
                return []
        elif len(cells) != len(header):
            message = f"{len(cells)} cells where the header has {len(header)}"
            problems.append(Problem(path.name, line, message))
        else:
            table.append((line, {k: v for k, v in zip(header, cells, strict=True) if v}))
    if header is None:
        problems.append(Problem(path.name, None, "the header is missing"))
    return table


def _header_faults(header: list[str], model: type[BaseModel]) -> list[str]:
    columns = {name: field for name, field in model.model_fields.items() if name != "line"}
    return [
        *(f"unknown column {name!r}" for name in header if name not in columns),
        *(
            f"the column {name!r} is missing"
            for name, field in columns.items()
            if field.is_required() and name not in header
        ),
        *(f"the column {name!r} is there twice" for name in columns if header.count(name) > 1),
    ]


def _read_row(
    file: str, line: int, cells: Cells, model: type[M], problems: list[Problem]
) -> Row[M] | None:
    values: dict[str, object] = dict(cells)
    if "keywords" in cells:
        values["keywords"] = [word.strip() for word in cells["keywords"].split("|")]
    if "line" in model.model_fields:
        values["line"] = line
    try:
        return Row(line, model.model_validate(values))
    except ValidationError as error:
        problems += [Problem(file, line, message) for _, message in _faults(error)]
        return None


def _read_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")  # spreadsheets write the mark
    except FileNotFoundError:
        problems.append(Problem(path.name, None, "the file is missing"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(path.name, line, "not UTF-8: save the file as UTF-8"))
    return None


def _faults(error: ValidationError) -> Iterator[tuple[Location, str]]:
    for fault in error.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        given = fault["input"]
        if isinstance(given, str | int | float) and repr(given) not in message:
            message += f", not {given!r}"
        yield fault["loc"], f"{name}: {message}" if name else message


_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_TABLES = re.compile(r"\s*\[\[([^\[\]]+)\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


def toml_lines(text: str) -> dict[Location, int]:
    """Where the tables, keys and array items of a TOML text stand, by their path.

    The standard reader does not say. This one knows the plain style of packs: a table per line,
    a key per line, and in longer arrays an inline table per line.
    """
    lines: dict[Location, int] = {}
    counts: Counter[Location] = Counter()
    table: Location = ()
    key: Location = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLES.match(line):
            path = _path(match[1])
            table = key = (*path, counts[path])
            counts[path] += 1
            lines.setdefault(path, number)
        elif match := _TABLE.match(line):
            table = key = _path(match[1])
        elif match := _KEY.match(line):
            key = (*table, match[1])
        elif line.lstrip().startswith("{"):
            item = (*key, counts[key])
            counts[key] += 1
            lines.setdefault(item, number)
            continue
        else:
            continue
        lines.setdefault(key, number)
    return lines


def _path(text: str) -> Location:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def line_of(lines: Mapping[Location, int], location: Location) -> int | None:
    """The line of `location`, or of the nearest table or key around it."""
    for length in range(len(location), 0, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None
