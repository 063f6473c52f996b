"""A TOML file of a pack laid over the same file of its base.

Tables are merged key by key, and lists whose entries have a `code` or an `id` entry by entry; of
everything else the pack's value replaces the base's. `without` names what the pack takes out of the
base first; an entry of the base with `offer = true` counts only in packs that name its code.
"""

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from packs.problems import Location, PackFault, Place
from packs.toml_tables import TomlText

WITHOUT = "without"
OFFER = "offer"
_KEYS = ("code", "id")

Table = dict[str, Any]
V = TypeVar("V")


class _Coded(Table):
    """A list of tables, each by its code."""


@dataclass(slots=True)
class _Tree:
    """A file's content with coded lists as tables. `lines`: by paths with codes for positions."""

    file: str
    content: Table
    lines: dict[Location, int]


@dataclass(slots=True)
class _Overlay:
    """The merging of two trees; `gone` has the paths of the base that do not count any more."""

    base: _Tree
    own: _Tree
    problems: list[PackFault]
    gone: set[Location] = field(default_factory=set)
    refused: set[Location] = field(default_factory=set)

    def merged(self, base: Table, own: Table, at: Location) -> Table:
        """Return `base` with everything that `own` says instead or in addition."""
        result = _Coded() if isinstance(base, _Coded) else Table()
        for key, value in base.items():
            where = (*at, key)
            if isinstance(base, _Coded) and value.pop(OFFER, False) is True and key not in own:
                self.gone.add(where)
            else:
                result[key] = self.value(value, own, key, where)
        result.update((key, value) for key, value in own.items() if key not in base)
        return result

    def value(self, base: object, own: Table, key: str, at: Location) -> object:
        """Return the value of a key of the base, as `own` has it."""
        if isinstance(base, dict) and type(own.get(key, base)) is type(base):
            return self.merged(base, own.get(key, {}), at)
        if key not in own:
            return base
        if _kind(base) != _kind(own[key]):
            message = f"{_written(at)}: {_kind(own[key])}, where the base has {_kind(base)}"
            self.problems.append(PackFault(self.own.file, _line(self.own.lines, at), message))
            self.refused.add(at)
            return base
        self.gone.add(at)
        return own[key]

    def take_out(self, paths: object) -> None:
        """Take what `without` names out of the base."""
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            self.blame(f"{WITHOUT}: a list of keys, such as 'ladder.hold'")
            return
        for path in [path for path, times in Counter(paths).items() if times > 1]:
            self.blame(f"{WITHOUT}: {path!r} is named twice")
        for path in dict.fromkeys(paths):
            location = _taken(self.base.content, path.split("."))
            if location is None:
                self.blame(f"{WITHOUT}: the base has no {path!r}")
            else:
                self.gone.add(location)

    def blame(self, message: str) -> None:
        self.problems.append(PackFault(self.own.file, self.own.lines.get((WITHOUT,)), message))

    def places(self) -> dict[Location, Place]:
        """Return where each part of the merged content stands."""
        values = {
            where: (self.base.file, line)
            for where, line in self.base.lines.items()
            if not _within(where, self.gone)
        }
        return values | {
            where: (self.own.file, line)
            for where, line in self.own.lines.items()
            if not _within(where, self.refused)
        }


def overlaid(
    base: TomlText, own: TomlText, problems: list[PackFault]
) -> tuple[Table, dict[Location, Place]]:
    """Return the content of `own` laid over `base`, and where each part of it stands.

    What contradicts the base is appended to `problems`.
    """
    merging = _Overlay(_tree(base), _tree(own), problems)
    if WITHOUT in merging.base.content:
        message = f"{WITHOUT}: a base extends nothing"
        problems.append(PackFault(base.file, base.lines.get((WITHOUT,)), message))
        del merging.base.content[WITHOUT]
    merging.take_out(merging.own.content.pop(WITHOUT, []))
    content = merging.merged(merging.base.content, merging.own.content, ())
    places = merging.places()
    return _listed(content, places)


def _tree(text: TomlText) -> _Tree:
    moved: dict[Location, Location] = {}
    content = _coded(copy.deepcopy(text.content), (), (), moved)
    return _Tree(text.file, content, _moved(text.lines, moved))


def _coded(table: Table, at: Location, to: Location, moved: dict[Location, Location]) -> Table:
    """Return a table with its coded lists as tables by code; `moved` gets their new paths."""
    result = Table()
    for key, value in table.items():
        if isinstance(value, dict):
            result[key] = _coded(value, (*at, key), (*to, key), moved)
        elif isinstance(value, list) and (name := _key_of(value)):
            result[key] = _Coded()
            for index, entry in enumerate(value):
                code = str(entry.get(name, ""))
                # A second entry of a code stays, so that the checks report it.
                code = code if code and code not in result[key] else f"{code}#{index}"
                result[key][code] = entry
                moved[(*at, key, index)] = (*to, key, code)
        else:
            result[key] = value
    return result


def _key_of(value: list[Any]) -> str | None:
    """Return the key that tells the entries of a list apart; None if they have none."""
    if not value or not all(isinstance(entry, dict) for entry in value):
        return None
    return next((key for key in _KEYS if any(key in entry for entry in value)), None)


def _listed(
    content: Table, places: Mapping[Location, Place]
) -> tuple[Table, dict[Location, Place]]:
    """Return the content with its coded lists as lists again, and the places by position."""
    moved: dict[Location, Location] = {}

    def plain(table: Table, at: Location, to: Location) -> Table:
        result = Table()
        for key, value in table.items():
            if isinstance(value, _Coded):
                result[key] = list(value.values())
                for index, code in enumerate(value):
                    moved[(*at, key, code)] = (*to, key, index)
            elif isinstance(value, dict):
                result[key] = plain(value, (*at, key), (*to, key))
            else:
                result[key] = value
        return result

    result = plain(content, (), ())
    return result, _moved(places, moved)


def _moved(by_path: Mapping[Location, V], moved: Mapping[Location, Location]) -> dict[Location, V]:
    result = {}
    for where, value in by_path.items():
        for length in range(len(where), 0, -1):
            if where[:length] in moved:
                where = (*moved[where[:length]], *where[length:])
                break
        result[where] = value
    return result


def _taken(table: Table, path: list[str], at: Location = ()) -> Location | None:
    """Take the key with that path out of the table; return its path, None if it has none."""
    # A code may have dots itself.
    for length in range(1, len(path) + 1):
        key = ".".join(path[:length])
        if key in table and length == len(path):
            del table[key]
            return (*at, key)
        inner = table.get(key)
        if isinstance(inner, dict) and (location := _taken(inner, path[length:], (*at, key))):
            return location
    return None


def _within(where: Location, paths: set[Location]) -> bool:
    return any(where[:length] in paths for length in range(1, len(where) + 1))


def _line(lines: Mapping[Location, int], at: Location) -> int | None:
    return next(
        (lines[at[:length]] for length in range(len(at), 0, -1) if at[:length] in lines), None
    )


def _written(at: Location) -> str:
    return ".".join(map(str, at))


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | _Coded():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"
