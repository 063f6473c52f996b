"""Tests of services.toml: what a city may say of appointments, and what is refused."""

from pathlib import Path

import pytest

from packs.differences import differences
from packs.registry import check_pack, load_pack
from tests.packs.pack_folders import plain_pack, replace

FILE = "services.toml"


def faults(folder: Path) -> list[tuple[str, int | None, str]]:
    return [(one.file, one.line, one.message) for one in check_pack(folder)]


def test_a_city_without_the_file_books_nothing(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    (folder / FILE).unlink()
    assert check_pack(folder) == []
    assert load_pack(folder).services.services == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('places = ["centre-1"]', "", "it is done nowhere"),
        ('places = ["centre-1"]', 'categories = ["9999"]', "category '9999' is unknown"),
        ("minutes = 20", "minutes = 0", "has to be 5 or more"),
        ("minutes = 20", "minutes = 20\nat_once = 0", "has to be 1 or more"),
        ("minutes = 20", "minutes = 20\ndays_ahead = 400", "has to be 90 or less"),
        ("minutes = 20", 'minutes = 20\ndays_ahead = 2\nnotice = "2d"', "leaves no day"),
        ("minutes = 20", 'minutes = 20\nnotice = "2wd"', "calendar time"),
        ("minutes = 20", "minutes = 20\nwindows = 3", "windows"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = plain_pack(tmp_path)
    replace(folder / FILE, old, new)
    [(file, line, message)] = faults(folder)
    assert file == FILE
    assert line is not None
    assert said in message


def test_the_same_code_twice_and_people_kept_too_short_are_refused(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    text = (folder / FILE).read_text(encoding="utf-8")
    (folder / FILE).write_text(f'keep = "10d"\n{text}\n{text}', encoding="utf-8")
    said = [message for _, _, message in faults(folder)]
    assert len([one for one in said if "more than once" in one]) == 2
    assert len([one for one in said if "counted longer" in one]) == 1


def test_a_changed_service_is_told(tmp_path: Path) -> None:
    before = load_pack(plain_pack(tmp_path / "a"))
    folder = plain_pack(tmp_path / "b")
    replace(folder / FILE, "minutes = 20", "minutes = 30")
    [one] = differences(before, load_pack(folder))
    assert (one.file, one.row, one.change) == (FILE, "services.papers.minutes", "changed")
