"""Pack folders for tests: the skeleton of `jiesu city new`, and ways to break it."""

import re
from pathlib import Path

from cli.city_new import write_skeleton


def plain_pack(root: Path, city: str = "example") -> Path:
    """A small pack, as a city begins with."""
    write_skeleton(root / city, city, "示例市", "990101")
    return root / city


def full_pack(root: Path, city: str = "example") -> Path:
    """The same pack with everything on that the skeleton leaves off."""
    folder = plain_pack(root, city)
    path = folder / "city.toml"
    text, count = re.subn(r"(?m)^# (?=[a-z_]+ = |  \{|\])", "", path.read_text(encoding="utf-8"))
    assert count > 40, "the skeleton does not say what is off in the way that is read here"
    path.write_text(text, encoding="utf-8")
    return folder


def replace(path: Path, old: str, new: str) -> int:
    """Put `new` for the one `old` in a file; returns the line it stands on."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def append(path: Path, row: str) -> int:
    """Add a row at the end of a file; returns the line it begins on."""
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{row}\n", encoding="utf-8")
    return text.count("\n") + 1
