"""Tests of the checks of the known places of a pack."""

from pathlib import Path

import pytest

from packs.registry import check_pack, load_pack
from tests.packs.pack_folders import append, plain_pack


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("estate-1,第二小区,,estate,990101001,,,", "estate-1 is already on line 2"),
        (
            "e2,第二小区,,estate,330101001,,,",
            "the parent '330101001' is not in the division 990101",
        ),
        ("e2,,,estate,990101001,,,", "name: is missing"),
        ("e2,第二小区,,castle,990101001,,,", "kind"),
        ("e2,第二小区,,estate,990101001,39.9,,", "lat and lon belong together"),
        ("e2,第二小区,,estate,990101001,39.9,116.6,utm", "crs"),
        ("e2,第二小区,,estate,990101001,nan,116.6,", "lat"),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    folder = plain_pack(tmp_path)
    line = append(folder / "gazetteer.csv", row)
    faults = check_pack(folder)
    assert [(one.file, one.line) for one in faults] == [("gazetteer.csv", line)]
    assert message in faults[0].message


def test_places_of_one_name_are_two_places(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    append(folder / "gazetteer.csv", "e2,第一小区,一区|小一区,estate,990101002,,,bd09")
    assert [place.code for place in load_pack(folder).known_places] == ["estate-1", "e2"]
    assert load_pack(folder).known_places[1].aliases == ("一区", "小一区")
