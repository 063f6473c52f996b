"""Tests that all unreadable parts of a pack are reported at once, with file and line."""

import re
from pathlib import Path

import pytest

from packs.message_templates import TEMPLATE_NAMES
from packs.registry import PackError, PackFault, check_pack, load_pack
from tests.packs.pack_folders import append, full_pack, replace

CITY, UNITS, OWNERS = "city.toml", "units.csv", "responsibilities.csv"
EN, GRIDS = "templates/en.toml", "grids.geojson"


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
        f"calendar.csv:{line + 1}: working: has to be true or false, not 'perhaps'",
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


DEEP = 3000
TOO_DEEP = "nested more than 64 levels deep"


@pytest.mark.parametrize(
    "row",
    [
        f"deep = {'[' * DEEP}{']' * DEEP}",
        f"deep = {'{a=' * DEEP}1{'}' * DEEP}",
        f"{'a.' * DEEP}a = 1",
        f"deep = {'[' * 70}{']' * 70}",
    ],
    ids=["lists", "tables", "dotted", "just_too_deep"],
)
@pytest.mark.parametrize("name", [CITY, EN, "indicators.toml", "phrases.toml"])
def test_what_is_nested_without_end_is_told_with_its_line(
    folder: Path, name: str, row: str
) -> None:
    path = folder / name
    path.write_text(f"# first\n{row}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert PackFault(name, 2, TOO_DEEP) in check_pack(folder)


def test_cells_nested_without_end_are_told_with_their_line(folder: Path) -> None:
    (folder / GRIDS).write_text(f'{{\n"type": {"[" * 100_000}', encoding="utf-8")
    assert check_pack(folder) == [PackFault(GRIDS, 2, TOO_DEEP)]


@pytest.mark.parametrize("name", [CITY, EN, GRIDS])
def test_a_number_of_thousands_of_digits_is_a_fault(folder: Path, name: str) -> None:
    long = "7" * 5000
    text = f'{{"type": {long}}}' if name == GRIDS else f"long = {long}\n"
    (folder / name).write_text(text, encoding="utf-8")
    assert any(
        one.file == name and "Exceeds the limit" in one.message for one in check_pack(folder)
    )


@pytest.mark.parametrize("name", [CITY, UNITS, "calendar.csv", "indicators.toml", EN, GRIDS])
@pytest.mark.parametrize(
    ("target", "says"),
    [("/dev/zero", "it is no regular file"), ("nowhere", "the link leads nowhere")],
)
@pytest.mark.timeout(20)
def test_a_file_that_is_no_regular_file_is_refused_unread(
    folder: Path, name: str, target: str, says: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)
    assert PackFault(name, None, f"the file cannot be read: {says}") in check_pack(folder)


@pytest.mark.parametrize(("between", "named"), [("\t", "tabs"), (";", "semicolons")])
@pytest.mark.parametrize("name", ["categories.csv", UNITS, OWNERS, "scoring.csv", "calendar.csv"])
def test_a_table_with_other_separators_is_told_once_and_nothing_that_follows_from_it(
    folder: Path, name: str, between: str, named: str
) -> None:
    path = folder / name
    rows = path.read_text(encoding="utf-8").splitlines()
    header = next(at for at, row in enumerate(rows, 1) if row and not row.startswith("#"))
    path.write_text("\n".join(rows).replace(",", between), encoding="utf-8")
    message = f"{named} between the columns: save the file with commas"
    assert check_pack(folder) == [PackFault(name, header, message)]


def test_a_table_that_breaks_off_blames_no_reference_to_its_rest(folder: Path) -> None:
    text = (folder / UNITS).read_text(encoding="utf-8")
    rows = text.splitlines(keepends=True)
    at = next(index for index, row in enumerate(rows) if row.startswith("code,")) + 1
    rows.insert(at, 'broken,"a"b\n')
    (folder / UNITS).write_text("".join(rows), encoding="utf-8")
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == (UNITS, at + 1)
    assert fault.message.startswith("not CSV: ")


def test_a_row_of_the_wrong_shape_blames_no_reference_to_it(folder: Path) -> None:
    line = replace(folder / UNITS, "Water Bureau,", "Water, Bureau,")
    message = "11 cells where the header has 10"
    assert check_pack(folder) == [PackFault(UNITS, line, message)]


def test_an_unread_city_blames_no_area(folder: Path) -> None:
    replace(folder / CITY, "[verify] ", "[verify ")
    assert {one.file for one in check_pack(folder)} == {CITY}
