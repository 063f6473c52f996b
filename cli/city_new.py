"""A new city pack: the files of `cli/skeleton` with the city's name filled in."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from packs.calendars import is_published

_SKELETON = Path(__file__).parent / "skeleton"
_YEARS_BACK = 5


class BadSkeleton(ValueError):
    """An invalid folder, id, name or division of a new pack."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def write_skeleton(folder: Path, city_id: str, name: str, division: str) -> list[Path]:
    """Write a small, valid pack into the new `folder`; return the files written.

    Raises:
        BadSkeleton: the folder is not empty, or the id, the name or the division is invalid.
    """
    if not re.fullmatch(r"[0-9A-Za-z_.-]{1,32}", city_id):
        raise BadSkeleton("bad_id", f"{city_id!r} is not an id: letters, digits, _ . - only")
    if not re.fullmatch(r"[0-9]{6}", division):
        raise BadSkeleton("bad_division", f"{division!r} is not a division code of six digits")
    if not re.fullmatch(r'[^"\\\x00-\x1f]{1,100}', name):
        raise BadSkeleton("bad_name", f"{name!r} is not a name: 1 to 100 characters, no quotes")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadSkeleton("folder_not_empty", f"{folder} is there already, and not empty")
    said = {"id": city_id, "name": name, "division": division, "years": _years()}
    written = []
    for source in sorted(_SKELETON.rglob("*")):
        if source.is_file():
            path = folder / source.relative_to(_SKELETON)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(source.read_text(encoding="utf-8")).substitute(said)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _years() -> str:
    """Return the newest years with published holidays, as city.toml writes them."""
    now = datetime.now(UTC).year
    years = [year for year in range(now - _YEARS_BACK, now + 2) if is_published("CN", year)]
    return ", ".join(map(str, years[-2:]))
