"""Tests that all unreadable parts of a pack are reported at once, with file and line."""

import re
from pathlib import Path

import pytest

from packs.message_templates import TEMPLATE_NAMES
from packs.registry import PackError, PackFault, check_pack, load_pack
from tests.packs.pack_folders import append, full_pack, replace

CITY, UNITS, OWNERS = "city.toml", "units.csv", "responsibilities.csv"
EN = "templates/en.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a valid full pack, to be changed."""
    return full_pack(tmp_path)


def test_a_rung_written_as_a_table_is_told_by_its_line(folder: Path) -> None:
    path = folder / CITY
    replace(path, 'decide = [\n  { kind = "due", tells = ["dispatcher", "supervisor"] },\n]\n', "")
    append(path, '[[ladder.decide]]\nkind = "due"\n[[ladder.decide]]\nkind = "notice"')
    line = append(path, 'offset = "soon"')
    assert [str(problem) for problem in check_pack(folder)] == [
        f"city.toml:{line}: ladder.decide.1.offset: 'soon' is not a limit: write a whole number"
        " from 1 to 99999 and a unit, s m h d for calendar time, wh wd for working time"
        " (30m, 7d, 5wd)"
    ]


def test_a_text_of_several_lines_does_not_shift_the_lines_after_it(folder: Path) -> None:
    path = folder / EN
    replace(path, '"Our answer to {number}: {text}"', '"""\nOur\nanswer = {number}\n[x]\n{text}"""')
    line = replace(path, "{number} is closed", "{nobody} is closed")
    (problem,) = check_pack(folder)
    assert (problem.file, problem.line) == (EN, line)


def test_a_year_the_holiday_list_does_not_know_is_refused(folder: Path) -> None:
    path = folder / CITY
    text = re.sub(r"years = \[.*?\]", "years = [2090]", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("years = ")].count("\n") + 1
    message = "the days of 2090 are not in the holiday list: give them in calendar.csv"
    assert check_pack(folder) == [PackFault(CITY, line, message)]
    append(folder / "calendar.csv", "2090-01-08,yes,make-up day,")
    [problem] = check_pack(folder)  # one row does not make a year published
    assert problem.line == line
    assert problem.message.startswith("calendar.csv does not give the whole notice of 2090: 1 ")


def test_days_that_cannot_be_are_told(folder: Path) -> None:
    line = append(folder / "calendar.csv", "2031-05-01,yes,,")
    append(folder / "calendar.csv", "2026-05-01,perhaps,,")
    append(folder / "calendar.csv", "2026-05-02,no,,09:00-12:00")
    append(folder / "calendar.csv", "2026-05-03,yes,,12:00-09:00")
    append(folder / "calendar.csv", "2026-05-04,yes,,morning")
    messages = [str(problem) for problem in check_pack(folder)]
    assert messages[:3] == [
        f"calendar.csv:{line}: 2031 is not near the published years, 2025 to 2026",
        f"calendar.csv:{line + 1}: working: Input should be a valid boolean,"
        " unable to interpret input, not 'perhaps'",
        f"calendar.csv:{line + 2}: a day off has no office hours",
    ]
    assert messages[3].startswith(f"calendar.csv:{line + 3}: hours.0: office hours open at 12:00")
    assert messages[4].startswith(
        f"calendar.csv:{line + 4}: hours.0: 'morning' is not written like"
    )


def test_all_problems_are_told_at_once(folder: Path) -> None:
    one = replace(folder / UNITS, "Water Bureau,bureau", "Water Bureau,office")
    two = replace(folder / OWNERS, "01*,*,city-management", "01*,*,sun")
    three = replace(folder / CITY, "reworks = 2 ", "reworks = -1 ")
    four = replace(folder / EN, "{number} is closed", "{nobody} is closed")
    with pytest.raises(PackError) as refused:
        load_pack(folder)
    pairs = [(problem.file, problem.line) for problem in refused.value.problems]
    assert pairs == [(CITY, three), (OWNERS, two), (EN, four), (UNITS, one)]
    assert refused.value.code == "pack_invalid"
    assert f"responsibilities.csv:{two}: the unit 'sun' is unknown" in str(refused.value)


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "calendar.csv").unlink()
    (folder / CITY).unlink()
    assert [str(problem) for problem in check_pack(folder)] == [
        "calendar.csv: the file is missing",
        "city.toml: the file is missing",
    ]


def test_messages_are_in_every_language_or_in_none(folder: Path) -> None:
    (folder / EN).unlink()
    assert [str(one) for one in check_pack(folder)] == ["templates/en.toml: the file is missing"]


def test_every_missing_message_is_told(folder: Path) -> None:
    (folder / EN).write_text("# nothing yet\n")
    messages = [str(problem) for problem in check_pack(folder)]
    assert messages == [f"{EN}: the message {name!r} is missing" for name in TEMPLATE_NAMES]


def test_an_empty_file_has_no_header(folder: Path) -> None:
    (folder / "calendar.csv").write_text("# nothing yet\n")
    assert [str(p) for p in check_pack(folder)] == ["calendar.csv: the header is missing"]


def test_a_file_that_is_a_folder_is_told(folder: Path) -> None:
    (folder / "calendar.csv").unlink()
    (folder / "calendar.csv").mkdir()
    assert str(check_pack(folder)[0]).startswith("calendar.csv: the file cannot be read: ")
