"""City packs on disk: load one, check one, keep those that are loaded.

Errors:
    PackError     `pack_invalid`  the pack has problems, each with file and line
    UnknownCity   `unknown_city`  there is no such pack
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import domain
from domain.pack.pack import Pack
from domain.pack.phrases import Phrases
from packs.calendars import read_calendar
from packs.checks.all_checks import CHECKS
from packs.parsed_pack import CITY, GRIDS, CityFile, Draft, read_draft
from packs.problems import Problem

# It draws in a geometry library: too slow for commands that ask for no cell.
if TYPE_CHECKING:
    from packs.grids import Grid

__all__ = [
    "PackError",
    "PackShelf",
    "Problem",
    "UnknownCity",
    "check_pack",
    "default_root",
    "load_pack",
    "pack_contents",
    "pack_version",
    "reload_pack",
    "version_of",
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
        self._grids: dict[str, Grid | None] = {}

    def ids(self) -> list[str]:
        """The ids of all cities, sorted. Their packs may still have problems."""
        return sorted(path.parent.name for path in self._root.glob(f"*/{CITY}"))

    def folder(self, city_id: str) -> Path:
        """Where the city's pack lies; UnknownCity if there is none."""
        if city_id not in self.ids():  # an id from outside never becomes a path
            raise UnknownCity(city_id, self.ids())
        return self._root / city_id

    def get(self, city_id: str) -> Pack:
        """The city's pack; UnknownCity if there is none, PackError if it has problems."""
        pack = self._packs.get(city_id)
        if pack is None:
            pack = self._packs[city_id] = load_pack(self.folder(city_id))
        return pack

    def grid(self, city_id: str) -> "Grid | None":
        """The city's grid cells, None where its pack draws none. Errors as in `get`."""
        if city_id not in self._grids:
            self.get(city_id)  # checks the cells
            self._grids[city_id] = _grid(self.folder(city_id) / GRIDS)
        return self._grids[city_id]


def _grid(path: Path) -> "Grid | None":
    from packs.grids import Grid

    return Grid.read(path) if path.exists() else None


def default_root() -> Path:
    """The packs that are shipped: the folder `cities` beside `domain`."""
    return Path(str(domain.__file__)).parent.parent / "cities"


def check_pack(folder: Path) -> list[Problem]:
    """Everything that is wrong with the pack in `folder`; empty when it can be used."""
    draft = read_draft(folder)
    return _sorted([*_checked(draft), *_assembled(draft)[1]])


def load_pack(folder: Path) -> Pack:
    """The pack in `folder`, whole and checked; PackError with all its problems otherwise."""
    draft = read_draft(folder)
    pack, problems = _assembled(draft)
    problems += _checked(draft)
    if pack is None or problems:
        raise PackError(folder, _sorted(problems))
    return pack


def reload_pack(folder: Path) -> Pack:
    """A pack that was loaded before, by this version or an older one; PackError if unreadable.

    What was good enough when tickets were accepted under it is not judged again: a check that was
    added since must not strand them.
    """
    pack, problems = _assembled(read_draft(folder))
    if pack is None:
        raise PackError(folder, _sorted(problems))
    return pack


def pack_contents(folder: Path) -> dict[str, bytes]:
    """Every file of a pack, by its name within the folder; without those that begin with a dot."""
    names = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in sorted(names.items(), key=lambda pair: pair[0].as_posix())
        if not any(part.startswith(".") for part in name.parts)
    }


def pack_version(folder: Path) -> str:
    """The name of exactly this content: 12 hex digits of a hash over all names and bytes."""
    return version_of(pack_contents(folder))


def version_of(contents: dict[str, bytes]) -> str:
    """The version of a pack with these files; see `pack_version`."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _checked(draft: Draft) -> list[Problem]:
    """What the parts of a pack are not to each other."""
    return [problem for check in CHECKS for problem in check(draft)]


def _assembled(draft: Draft) -> tuple[Pack | None, list[Problem]]:
    """The pack, None unless all of it could be read, and what could not or is missing."""
    problems = list(draft.problems)
    city, figures = draft.city.value, draft.indicators.value
    if city is None:
        return None, problems
    calendar, missing = read_calendar(draft, city)
    if problems:
        return None, problems + missing
    pack = Pack(
        version=pack_version(draft.folder),
        calendar=calendar,
        units=draft.units.values(),
        categories=draft.categories.values(),
        responsibilities=draft.responsibilities.values(),
        indicators=figures.indicators if figures else (),
        scoring=draft.scoring.values(),
        phrases=draft.phrases.value or Phrases(),
        messages={
            language: document.value.root
            for language, document in draft.messages.items()
            if document.value
        },
        **{name: getattr(city, name) for name in CityFile.model_fields if name != "calendar"},
    )
    return pack, missing


def _sorted(problems: list[Problem]) -> list[Problem]:
    once = dict.fromkeys(problems)
    return sorted(once, key=lambda problem: (problem.file, problem.line or 0))
