"""Tests of the table that leads from what a city must do to the tests that show it."""

from pathlib import Path

import pytest

from packs.registry import PackRegistry, default_root
from scripts.five_cities import PAGE, CityLines, Line, cities, marked, page, problems


def test_every_line_of_every_city_has_a_test_or_is_pending() -> None:
    assert problems(cities(), marked()) == []


def test_the_page_in_the_docs_is_up_to_date() -> None:
    said = PAGE.read_text(encoding="utf-8")
    assert said == page(cities(), marked()), "run python -m scripts.five_cities"


def test_the_cities_are_the_shipped_ones() -> None:
    known = cities()
    assert sorted(city.id for city in known) == sorted(PackRegistry(default_root()).ids())
    assert all(len(city.lines) >= 10 for city in known)


MARKED = """
import pytest

@pytest.mark.must_work("here", "shown")
@pytest.mark.must_work("here", "not-a-line")
async def test_it(): ...
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Line("here", "missing", "…"), "here/missing has no test"),
        (
            Line("here", "shown", "…", pending=True),
            "here/shown is pending, and tests/test_it.py::test_it shows it",
        ),
    ],
)
def test_what_is_missing_or_no_longer_pending_is_named(
    tmp_path: Path, line: Line, said: str
) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(MARKED, encoding="utf-8")
    wrong = problems([CityLines("here", "Here", (line,))], marked(folder))
    assert said in wrong
    assert "tests/test_it.py::test_it shows here/not-a-line, which is no line" in wrong


def test_the_page_links_each_line_to_its_tests(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(MARKED, encoding="utf-8")
    lines = (Line("here", "shown", "It works"), Line("here", "later", "To come", pending=True))
    written = page([CityLines("here", "Here", lines)], marked(folder))
    assert "| It works | `shown` | [test_it](../../tests/test_it.py) |" in written
    assert "| To come | `later` | **pending** |" in written
