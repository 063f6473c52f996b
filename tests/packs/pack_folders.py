"""Pack folders for tests: a small pack that extends no base, and helpers that change it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from packs.calendars import is_published

_WHOLE = Path(__file__).parent / "whole_pack"
_YEARS_BACK = 5


def plain_pack(root: Path, city: str = "example") -> Path:
    """Write a small pack that says everything itself."""
    fields = {"id": city, "name": "示例市", "division": "990101", "years": _years()}
    for source in sorted(_WHOLE.rglob("*")):
        if source.is_file():
            path = root / city / source.relative_to(_WHOLE)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(source.read_text(encoding="utf-8")).substitute(fields)
            path.write_text(text, encoding="utf-8")
    return root / city


def _years() -> str:
    """Return the newest years with published holidays, as city.toml writes them."""
    now = datetime.now(UTC).year
    years = [year for year in range(now - _YEARS_BACK, now + 2) if is_published("CN", year)]
    return ", ".join(map(str, years[-2:]))


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
