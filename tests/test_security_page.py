"""The checklist of docs/reference/security.md is complete, and what is done has evidence."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.security_evidence import EVIDENCE

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


def test_every_row_that_is_done_has_evidence_and_no_other() -> None:
    """A row is done when something fails once it is not: see `tests/security_evidence.py`."""
    done = {".".join(row[:3]) for row in _rows() if row[5] == "done"}
    assert done - EVIDENCE.keys() == set(), "name a test that fails when it is untrue, or say open"
    assert EVIDENCE.keys() - done == set(), "evidence for what the page does not say is done"
    assert [number for number, names in EVIDENCE.items() if not names] == []


@pytest.mark.parametrize("evidence", sorted({one for each in EVIDENCE.values() for one in each}))
def test_the_evidence_exists(evidence: str) -> None:
    kind, _, rest = evidence.partition(":")
    if kind == "make":
        text = (ROOT / "Makefile").read_text(encoding="utf-8")
        [parts] = re.findall(r"^check: ([a-z ]+)##", text, re.MULTILINE)
        assert rest in parts.split(), "a part of `make check`"
    elif kind == "doc":
        path, _, heading = rest.partition("#")
        assert not heading or heading in _headings(path)
        assert (ROOT / "docs" / path).is_file()
    else:
        path, _, name = evidence.partition("::")
        assert name in _tests(path)


@cache
def _tests(path: str) -> set[str]:
    """Return the tests of a module: those that run, so none that is skipped in any case."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any("skip" in ast.unparse(each) for each in node.decorator_list)
    }


@cache
def _headings(path: str) -> set[str]:
    text = (ROOT / "docs" / path).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}
