"""TOML files of a pack, with the line numbers of their parts."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from packs.problems import Location, PackFault, faults, read_text

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A TOML file as its model; `value` is None if it could not be read."""

    file: str
    value: M | None = None
    lines: Mapping[Location, int] = field(default_factory=dict)

    def line_of(self, *location: str | int) -> int | None:
        """Return the line of `location`, or of the nearest table or key around it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None

    def problem(self, location: Location, message: str) -> PackFault:
        """Return a problem at `location`."""
        return PackFault(self.file, self.line_of(*location), message)


def read_toml(folder: Path, name: str, model: type[M], problems: list[PackFault]) -> Document[M]:
    """Read the file `name` as `model`; append its faults to `problems`."""
    text = read_text(folder, name, problems)
    if text is None:
        return Document(name)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        problems.append(PackFault(name, int(at[1]) if at else None, str(error)))
        return Document(name)
    document: Document[M] = Document(name, None, toml_lines(text))
    try:
        return Document(name, model.model_validate(content), document.lines)
    except ValidationError as error:
        problems += [document.problem(location, message) for location, message in faults(error)]
        return document


_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_TABLES = re.compile(r"\s*\[\[([^\[\]]+)\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
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
