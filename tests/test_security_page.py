"""The checklist of docs/reference/security.md is complete, and the names in it exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
STATES = {"done", "operator", "open", "not applicable"}

# The number of requirements of levels 1 and 2 in each chapter of ASVS 5.0.0.
CHAPTERS = dict(enumerate((27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7), start=1))


def _rows() -> list[tuple[str, ...]]:
    page = (ROOT / "docs" / "reference" / "security.md").read_text(encoding="utf-8")
    return [found.groups() for found in ROW.finditer(page)]


def test_every_requirement_is_answered_once() -> None:
    rows = _rows()
    assert max(Counter(row[:3] for row in rows).values()) == 1
    assert Counter(int(row[0]) for row in rows) == CHAPTERS
    assert Counter(row[3] for row in rows) == {"1": 70, "2": 183}
    assert {row[5] for row in rows} <= STATES


def test_what_shows_that_something_is_done_exists() -> None:
    missing = [
        (".".join(row[:3]), path)
        for row in _rows()
        for path in re.findall(r"`([a-z_]+/[a-z_./-]+\.(?:py|sh))`", row[6])
        if not (ROOT / path).exists()
    ]
    assert missing == []
