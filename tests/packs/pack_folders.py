"""Pack folders for tests: the skeleton of `jiesu city new`, and helpers that change it."""

import re
from pathlib import Path

from cli.city_new import write_skeleton


def plain_pack(root: Path, city: str = "example") -> Path:
    """Write a small pack, as `jiesu city new` does."""
    write_skeleton(root / city, city, "示例市", "990101")
    return root / city


def full_pack(root: Path, city: str = "example") -> Path:
    """Write the same pack with every optional part switched on."""
    folder = plain_pack(root, city)
    path = folder / "city.toml"
    text, count = re.subn(r"(?m)^# (?=[a-z_]+ = |  \{|\])", "", path.read_text(encoding="utf-8"))
    assert count > 40, "the skeleton does not say what is off in the way that is read here"
    path.write_text(text, encoding="utf-8")
    return folder


def replace(path: Path, old: str, new: str) -> int:
    """Replace the one `old` in a file by `new`; return its line number."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def append(path: Path, row: str) -> int:
    """Add a row at the end of a file; return its line number."""
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{row}\n", encoding="utf-8")
    return text.count("\n") + 1
