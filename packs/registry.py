"""City packs on disk: loading, checking and caching them.

Errors:
    PackError     `pack_invalid`  the pack has problems, each with file and line
    UnknownCity   `unknown_city`  there is no such pack
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from domain.pack.directory import ListedPlace
from domain.pack.pack import Pack
from domain.pack.patrols import Patrols
from domain.pack.phrases import Phrases
from domain.pack.sensors import Sensors
from domain.pack.services import Services
from packs.bases import BESIDE, BadBase, default_root, is_base, is_base_name, pack_files
from packs.calendars import read_calendar
from packs.checks.all_checks import CHECKS
from packs.listed_places import rules_of
from packs.parsed_pack import CITY, GRIDS, CityFile, ParsedPack, read_base, read_parsed
from packs.problems import PackFault

# It imports a geometry library: too slow for commands that need no cells.
if TYPE_CHECKING:
    from packs.grids import Grid

__all__ = [
    "PackError",
    "PackFault",
    "PackRegistry",
    "UnknownCity",
    "check_pack",
    "content_of",
    "default_root",
    "load_pack",
    "pack_contents",
    "pack_version",
    "reload_pack",
    "version_of",
    "write_contents",
]


class PackError(Exception):
    """A pack that cannot be used; `problems` lists all its faults."""

    code = "pack_invalid"

    def __init__(self, folder: Path, problems: list[PackFault]) -> None:
        listed = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the city pack {folder.name} has {len(problems)} problem(s):\n{listed}")
        self.problems = problems


class UnknownCity(KeyError):
    """A city id for which the registry has no pack."""

    code = "unknown_city"

    def __init__(self, city: str, known: list[str]) -> None:
        super().__init__(city)
        self.city, self.known = city, known

    def __str__(self) -> str:  # KeyError's own shows only the quoted key
        return f"unknown city {self.city!r}; known: {', '.join(self.known) or 'none'}"


class PackRegistry:
    """The registry of the packs in one folder, each loaded on first use and then cached.

    Changed files are read by the next process only: a pack never changes in a running one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packs: dict[str, Pack] = {}
        self._grids: dict[str, Grid | None] = {}
        self._places: dict[str, tuple[ListedPlace, ...]] = {}

    def ids(self) -> list[str]:
        """Return the ids of all cities, sorted. Their packs may still have problems."""
        names = (path.parent.name for path in self._root.glob(f"*/{CITY}"))
        return sorted(name for name in names if not is_base(name))

    def folder(self, city_id: str) -> Path:
        """Return the folder of the city's pack; UnknownCity if there is none."""
        if city_id not in self.ids():  # an unchecked id must not become part of a path
            raise UnknownCity(city_id, self.ids())
        return self._root / city_id

    def get(self, city_id: str) -> Pack:
        """Return the city's pack; UnknownCity if there is none, PackError if it has problems."""
        pack = self._packs.get(city_id)
        if pack is None:
            pack = self._packs[city_id] = load_pack(self.folder(city_id))
        return pack

    def load_all(self) -> None:
        """Load the packs of all cities; PackError for the first that has problems."""
        for city_id in self.ids():
            self.get(city_id)

    def grid(self, city_id: str) -> "Grid | None":
        """Return the city's grid cells; None if its pack has none. Errors as in `get`."""
        if city_id not in self._grids:
            self.get(city_id)  # checks the cells
            self._grids[city_id] = _grid(self.folder(city_id))
        return self._grids[city_id]

    def places(self, city_id: str) -> tuple[ListedPlace, ...]:
        """Return the places that the city's pack begins with. Errors as in `get`."""
        if city_id not in self._places:
            pack, grid = self.get(city_id), self.grid(city_id)
            rules = rules_of(pack, grid)
            self._places[city_id] = tuple(row.listed(rules.area_of(row)) for row in pack.directory)
        return self._places[city_id]


def _grid(folder: Path) -> "Grid | None":
    from packs.grids import Grid

    try:
        path = pack_files(folder).path(GRIDS)
    except BadBase as error:  # since the pack was loaded
        raise PackError(folder, [error.problem]) from error
    return Grid.read(path) if path.exists() else None


def check_pack(folder: Path) -> list[PackFault]:
    """Return all problems of the pack in `folder`; empty if it can be used.

    Of a base, which is no city, those of its files by themselves.
    """
    if is_base(folder.resolve().name):
        return _sorted(read_base(folder))
    parsed = read_parsed(folder)
    return _sorted(_all_problems(parsed, _assembled(parsed)[1]))


def load_pack(folder: Path) -> Pack:
    """Load and check the pack in `folder`; PackError with all its problems if it has any."""
    parsed = read_parsed(folder)
    pack, problems = _assembled(parsed)
    problems = _all_problems(parsed, problems)
    if pack is None or problems:
        raise PackError(folder, _sorted(problems))
    return pack


def reload_pack(folder: Path) -> Pack:
    """Load a pack that was loaded before, by any version; PackError if it cannot be read.

    The pack is not checked again: a check that was added since must not make the tickets that were
    accepted under it unusable.
    """
    parsed = read_parsed(folder)
    pack, problems = _assembled(parsed)
    if pack is None:
        raise PackError(folder, _sorted([parsed.placed(problem) for problem in problems]))
    return pack


def pack_contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a pack by its path from the folder, except hidden files and folders.

    The files of its base are among them: "../_base/city.toml".
    """
    paths = _files_in(folder, "")
    try:
        base = pack_files(folder).base
    except BadBase:
        base = None
    if base is not None:
        paths |= _files_in(base, f"{BESIDE}{base.name}/")
    return {name: path.read_bytes() for name, path in sorted(paths.items())}


def _files_in(folder: Path, prefix: str) -> dict[str, Path]:
    names = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        f"{prefix}{name.as_posix()}": path
        for name, path in names.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def content_of(contents: dict[str, bytes], name: str) -> bytes | None:
    """Return the file that counts among a pack's contents: its own, otherwise the base's."""
    inherited = (content for path, content in contents.items() if _in_base(path) == name)
    return contents[name] if name in contents else next(inherited, None)


def write_contents(contents: dict[str, bytes], folder: Path) -> None:
    """Write a pack's contents into `folder`, and those of its base beside it.

    Raises:
        PackError: a name leads out of the two folders.
    """
    for name, content in contents.items():
        inside = _in_base(name) or name
        if inside.startswith("/") or ".." in inside.split("/"):
            raise PackError(folder, [PackFault(name, None, "the name leads out of the pack")])
        path = folder.parent / name.removeprefix(BESIDE) if inside != name else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _in_base(name: str) -> str | None:
    """Return the path in the base of a file of the base; None of a file of the pack itself."""
    if not name.startswith(BESIDE):
        return None
    base, _, rest = name.removeprefix(BESIDE).partition("/")
    return rest if rest and is_base_name(base) else None


def pack_version(folder: Path) -> str:
    """Return the version of this content: 12 hex digits of a hash over all names and bytes."""
    return version_of(pack_contents(folder))


def version_of(contents: dict[str, bytes]) -> str:
    """Return the version of a pack with these files; see `pack_version`."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _all_problems(parsed: ParsedPack, problems: list[PackFault]) -> list[PackFault]:
    """Return the problems found in assembling and those of the consistency checks.

    Of a base without city.toml nothing else is said: everything that it was to give is missing.
    """
    base = parsed.files.base
    if base is not None and parsed.files.inherited(CITY) is None:
        return [PackFault(CITY, parsed.extends_line, f"the base {base.name!r} has no {CITY}")]
    checked = [problem for check in CHECKS for problem in check(parsed)]
    return [parsed.placed(problem) for problem in (*checked, *problems)]


def _assembled(parsed: ParsedPack) -> tuple[Pack | None, list[PackFault]]:
    """Return the pack, or None unless all of it could be read, and the problems found."""
    problems = list(parsed.problems)
    city, figures = parsed.city.value, parsed.indicators.value
    if city is None:
        return None, problems
    calendar, missing = read_calendar(parsed, city)
    if problems:
        return None, problems + missing
    pack = Pack(
        version=pack_version(parsed.folder),
        calendar=calendar,
        units=parsed.units.values(),
        categories=parsed.categories.values(),
        responsibilities=parsed.responsibilities.values(),
        indicators=figures.indicators if figures else (),
        scoring=parsed.scoring.values(),
        reward_rules=parsed.rewards.values(),
        prizes=parsed.prizes.values(),
        assessment=parsed.assessment.values(),
        phrases=parsed.phrases.value or Phrases(),
        directory=parsed.places.values(),
        known_places=parsed.known.values(),
        patrols=parsed.patrols.value or Patrols(),
        sensors=parsed.sensors.value or Sensors(),
        devices=parsed.devices.values(),
        services=parsed.services.value or Services(),
        messages={
            language: document.value.root
            for language, document in parsed.messages.items()
            if document.value
        },
        **{name: getattr(city, name) for name in CityFile.model_fields if name != "calendar"},
    )
    return pack, missing


def _sorted(problems: list[PackFault]) -> list[PackFault]:
    once = dict.fromkeys(problems)
    return sorted(once, key=lambda problem: (problem.file, problem.line or 0))
