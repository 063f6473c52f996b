"""TOML files of a pack, with the line numbers of their parts."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from packs.problems import (
    DEEPEST,
    TOO_DEEP,
    Location,
    PackFault,
    Place,
    deep_line,
    faults,
    read_text,
)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class TomlText:
    """A TOML file as it is written: its content, and the lines of its parts."""

    file: str
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)

    def places(self) -> dict[Location, Place]:
        """Return where each part of the content stands."""
        return {where: (self.file, line) for where, line in self.lines.items()}


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A TOML file as its model; `value` is None if it could not be read.

    `places`: where each part of it stands; a part may come from the file of a base.
    """

    file: str
    value: M | None = None
    places: Mapping[Location, Place] = field(default_factory=dict)

    def place_of(self, *location: str | int) -> Place | None:
        """Return the place of `location`, or of the nearest table or key around it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.places:
                return self.places[location[:length]]
        return None

    def problem(self, location: Location, message: str) -> PackFault:
        """Return a problem at `location`."""
        file, line = self.place_of(*location) or (self.file, None)
        return PackFault(file, line, message)


def parse_toml(path: Path, name: str, problems: list[PackFault]) -> TomlText | None:
    """Parse the file `path`; None, and a fault of the file `name`, if it cannot be parsed."""
    text = read_text(path, name, problems)
    if text is None:
        return None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        problems.append(PackFault(name, int(at[1]) if at else None, str(error)))
        return None
    except ValueError as error:  # a number of thousands of digits
        problems.append(PackFault(name, None, f"not TOML: {error}"))
        return None
    except RecursionError:
        problems.append(PackFault(name, deep_line(text), TOO_DEEP))
        return None
    lines = toml_lines(text)
    if too_deep(content):
        longest = max(lines, key=len, default=())
        line = lines.get(longest) if len(longest) > DEEPEST else deep_line(text)
        problems.append(PackFault(name, line, TOO_DEEP))
        return None
    return TomlText(name, content, lines)


def too_deep(content: object) -> bool:
    """Return whether tables and lists lie inside each other by more levels than are read."""
    level: list[object] = [content]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(outer, dict | list) for outer in level)


def as_document(
    file: str,
    content: Mapping[str, object],
    places: Mapping[Location, Place],
    model: type[M],
    problems: list[PackFault],
) -> Document[M]:
    """Return parsed content as `model`; append its faults to `problems`."""
    document: Document[M] = Document(file, None, places)
    try:
        return Document(file, model.model_validate(content), places)
    except ValidationError as error:
        problems += [document.problem(location, message) for location, message in faults(error)]
        return document


_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_TABLES = re.compile(r"\s*\[\[([^\[\]]+)\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+(?:\.[\w-]+)*)\s*=""")
_QUOTES = re.compile(r'"""|\'\'\'')


def toml_lines(text: str) -> dict[Location, int]:
    """Return the lines of the tables, keys and array items of a TOML text, by their path.

    `tomllib` does not give them. This parser knows the plain style of packs: a table per line,
    a key per line, and in longer arrays an inline table per line.
    """
    lines: dict[Location, int] = {}
    counts: Counter[Location] = Counter()
    table: Location = ()
    key: Location = ()
    quoted = False
    for number, line in enumerate(text.splitlines(), 1):
        inside, quoted = quoted, quoted ^ (len(_QUOTES.findall(line)) % 2 == 1)
        if inside:
            continue
        if match := _TABLES.match(line):
            path = _inside(_path(match[1]), counts)
            table = key = (*path, counts[path])
            counts[path] += 1
            lines.setdefault(path, number)
        elif match := _TABLE.match(line):
            table = key = _inside(_path(match[1]), counts)
        elif match := _KEY.match(line):
            key = (*table, *_path(match[1]))
        elif line.lstrip().startswith("{"):
            item = (*key, counts[key])
            counts[key] += 1
            lines.setdefault(item, number)
            continue
        else:
            continue
        lines.setdefault(key, number)
    return lines


def _inside(path: Location, counts: Counter[Location]) -> Location:
    """Return the path of a table, where those around it are lists in their last entry."""
    at: Location = ()
    for part in path[:-1]:
        at = (*at, part)
        if counts[at]:
            at = (*at, counts[at] - 1)
    return (*at, *path[-1:])


def _path(text: str) -> Location:
    if text[0] in "\"'":
        return (text[1:-1],)
    return tuple(part.strip().strip("\"'") for part in text.split("."))
