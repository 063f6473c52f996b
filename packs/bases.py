"""Bases: folders of what several cities have in common, which a pack names in `extends`.

The name of a base begins with "_", and it is no city. It is looked for beside the pack, then among
the packs that are shipped. A base extends nothing itself.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import domain
from packs.problems import PackFault, read_bytes, there
from packs.toml_tables import toml_lines

EXTENDS = "extends"
"""The key of city.toml that names the base."""

BESIDE = "../"
"""The beginning of the names of a base's files, as a pack has them: "../_base/city.toml"."""

_CITY = "city.toml"
_MARK = "_"
_NAME = re.compile(r"_[0-9A-Za-z_-]{1,31}")
_QUOTED = re.compile(rf"(?m)^\s*{EXTENDS}\s*=\s*[\"']([^\"'\n]*)[\"']")


class BadBase(Exception):
    """A base that cannot be extended; `problem` says why, with file and line."""

    def __init__(self, problem: PackFault) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class PackFiles:
    """The files of a pack and those of its base, each by its name in the folder."""

    folder: Path
    base: Path | None = None

    def own(self, name: str) -> Path:
        """Return the path of a file in the pack's own folder."""
        return self.folder / name

    def inherited(self, name: str) -> Path | None:
        """Return the path of the base's file; None if there is none."""
        path = self.base / name if self.base else None
        return path if path is not None and there(path) else None

    def path(self, name: str) -> Path:
        """Return the path of the file that counts: the pack's own, otherwise the base's."""
        own = self.own(name)
        return own if there(own) else self.inherited(name) or own

    def exists(self, name: str) -> bool:
        """Return whether the pack or its base has the file."""
        return there(self.path(name))

    def named(self, name: str) -> str:
        """Return the name of the file that counts, as problems give it."""
        own = there(self.own(name)) or self.inherited(name) is None
        return name if own else self.base_name(name)

    def base_name(self, name: str) -> str:
        """Return the name of the base's file, as problems give it."""
        return f"{BESIDE}{self.base.name}/{name}" if self.base else name


def default_root() -> Path:
    """Return the folder of the packs that are shipped: `cities` beside `domain`."""
    return Path(str(domain.__file__)).parent.parent / "cities"


def is_base(name: str) -> bool:
    """Return whether a folder of that name is a base, and so no city."""
    return name.startswith(_MARK)


def is_base_name(name: object) -> bool:
    """Return whether `extends` may have this value: one folder's name, and no path."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def pack_files(folder: Path) -> PackFiles:
    """Return the files of the pack in `folder`, and those of the base that it extends.

    Raises:
        BadBase: it names no base, one that is no folder, or one that extends another.
    """
    line, name = _extends(folder / _CITY)
    if line is None:
        return PackFiles(folder)
    beside = folder.resolve()
    if name == beside.name:
        raise BadBase(PackFault(_CITY, line, f"{EXTENDS}: the pack extends itself"))
    if not is_base_name(name):
        message = f"{EXTENDS}: the name of a base is _ and 1 to 31 letters, digits, _ or -"
        raise BadBase(PackFault(_CITY, line, f"{message}, not {name!r}"))
    paths = [root / str(name) for root in (beside.parent, default_root())]
    # A link that leads nowhere must not let the shipped base be taken instead.
    base = next((path for path in paths if there(path)), None)
    if base is not None and not base.is_dir():
        message = f"{EXTENDS}: {name} beside the pack is no folder"
        raise BadBase(PackFault(_CITY, line, message))
    if base is None:
        message = f"there is no base {name!r} beside the pack, and none that is shipped"
        raise BadBase(PackFault(_CITY, line, f"{EXTENDS}: {message}"))
    files = PackFiles(folder, base)
    further, another = _extends(base / _CITY)
    if further is not None:
        message = f"{EXTENDS}: a base extends nothing itself, not {another!r}"
        raise BadBase(PackFault(files.base_name(_CITY), further, message))
    return files


def line_of_extends(path: Path) -> int | None:
    """Return the line of a city.toml that names its base; None if it names none."""
    return _extends(path)[0]


def _extends(path: Path) -> tuple[int | None, object]:
    """Return the line and the value of `extends` in a city.toml; no line if it has none."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None, None
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError):
        # A fault elsewhere in the file must not make all that comes from the base a fault.
        written = _QUOTED.search(text)
        return (text[: written.start()].count("\n") + 1, written[1]) if written else (None, None)
    if EXTENDS not in content:
        return None, None
    return toml_lines(text).get((EXTENDS,), 1), content[EXTENDS]
