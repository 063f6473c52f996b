"""A new city pack, which extends `_base`: the files of `cli/skeleton` with the city's name."""

import re
from pathlib import Path
from string import Template

from packs.bases import is_base

_SKELETON = Path(__file__).parent / "skeleton"


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
    if is_base(city_id):
        raise BadSkeleton("bad_id", f"{city_id!r} is not an id: bases of cities begin with _")
    if not re.fullmatch(r"[0-9]{6}", division):
        raise BadSkeleton("bad_division", f"{division!r} is not a division code of six digits")
    if not re.fullmatch(r'[^"\\\x00-\x1f]{1,100}', name):
        raise BadSkeleton("bad_name", f"{name!r} is not a name: 1 to 100 characters, no quotes")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadSkeleton("folder_not_empty", f"{folder} is there already, and not empty")
    values = {"id": city_id, "name": name, "division": division}
    written = []
    for source in sorted(_SKELETON.rglob("*")):
        if source.is_file():
            path = folder / source.relative_to(_SKELETON)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(source.read_text(encoding="utf-8")).substitute(values)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
