"""Tests that differences between two packs are named by file, row and field."""

import json
from pathlib import Path

import pytest

from packs.differences import ContentDifference, cell_differences, differences
from packs.registry import load_pack
from tests.packs.pack_folders import append, full_pack, plain_pack, replace
from tests.packs.test_bases import halved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a full pack, to be changed."""
    return full_pack(tmp_path / "after")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Return the same pack, to be compared with."""
    return full_pack(tmp_path / "before")


def compared(before: Path, after: Path) -> list[ContentDifference]:
    return differences(load_pack(before), load_pack(after))


def test_equal_packs_have_no_difference(before: Path, folder: Path) -> None:
    assert compared(before, folder) == []


def test_what_no_ticket_notices_is_no_difference(before: Path, folder: Path) -> None:
    append(folder / "calendar.csv", "# a remark")
    replace(folder / "city.toml", "merge = true ", "merge   =   true ")
    assert load_pack(before).version != load_pack(folder).version
    assert compared(before, folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "change", "fields"),
    [
        ("city.toml", 'handle = "10wd"', 'handle = "5wd"', "tiers.general.handle", "changed",
         {"": ("10wd", "5wd")}),
        ("city.toml", "reworks = 2 ", "reworks = 3 ", "caps.reworks", "changed", {"": (2, 3)}),
        ("city.toml", "merge = true ", "", "features.merge", "changed", {"": (True, False)}),
        ("city.toml", 'meet = "2h"     ', "# ", "limits.meet", "removed", {"": ("2h", None)}),
        ("city.toml", 'offset = "3d"', 'offset = "4d"', "ladder.rate.warn.offset", "changed",
         {"": ("3d", "4d")}),
        ("city.toml", '["7d", "30d"]', '["7d"]', "aftercare.revisits", "changed",
         {"": (["7d", "30d"], ["7d"])}),
        ("city.toml", '"110 police"', '"Police"', "reasons.refer.110.en", "changed",
         {"": ("110 police", "Police")}),
        ("city.toml", '["09:00-12:00", "14:00-18:00"]', '["09:00-17:00"]', "hours", "changed",
         {"": ("09:00-12:00|14:00-18:00", "09:00-17:00")}),
        ("units.csv", "水务局,Water Bureau", "水利局,Water Board", "water", "changed",
         {"name": ("水务局", "水利局"), "name_en": ("Water Bureau", "Water Board")}),
        ("categories.csv", ",stop=4wh|punish=7wd", ",stop=8wh", "0102", "changed",
         {"steps.stop.limit": ("4wh", "8wh"), "steps.punish.limit": ("7wd", None)}),
        ("categories.csv", "黑臭|污水|", "污水|", "0201", "changed",
         {"keywords": (["黑臭", "污水", "河水发臭"], ["污水", "河水发臭"])}),
        ("indicators.toml", 'counts = "t.resolved"', 'counts = "t.satisfied"', "resolution",
         "changed", {"counts": ("t.resolved", "t.satisfied")}),
        ("scoring.csv", "-1,lead", "-2,lead", "S03", "changed", {"points": (-1.0, -2.0)}),
        ("templates/en.toml", "{number} is closed. Thank you.", "Closed.", "closed", "changed",
         {"": ("{number} is closed. Thank you.", "Closed.")}),
        ("responsibilities.csv", "02*,*,water", "02*,*,gov", "02*,*,water", "removed", {}),
        ("responsibilities.csv", "02*,*,water", "02*,*,gov", "02*,*,gov", "added", {}),
    ],
)  # fmt: skip
def test_a_change_is_told_with_what_was_and_is(
    before: Path, folder: Path, file: str, old: str, new: str, row: str, change: str, fields: object
) -> None:
    replace(folder / file, old, new)
    value = "calendar.csv" if row == "hours" else file
    assert (value, row, change, fields) in [
        (one.file, one.row, one.change, dict(one.fields)) for one in compared(before, folder)
    ]


def test_rows_that_came_and_went_are_told(before: Path, folder: Path) -> None:
    append(folder / "units.csv", "gas,燃气公司,Gas Company,contractor,district,gov,,,,")
    append(folder / "categories.csv", "0203,停水,No water,general,停水,,,")
    (folder / "scoring.csv").unlink()
    assert [(one.file, one.row, one.change) for one in compared(before, folder)] == [
        ("units.csv", "gas", "added"),
        ("categories.csv", "0203", "added"),
        ("scoring.csv", "S01", "removed"),
        ("scoring.csv", "S02", "removed"),
        ("scoring.csv", "S03", "removed"),
    ]


def test_owners_that_are_asked_in_another_order_are_told(before: Path, folder: Path) -> None:
    path = folder / "responsibilities.csv"
    replace(path, "01*,*,city-management\n", "")
    append(path, "01*,*,city-management")
    (one,) = compared(before, folder)
    assert one.file == "responsibilities.csv"
    assert one.change == "changed"
    assert one.fields in ({"place": (2, 3)}, {"place": (3, 2)})


def test_days_are_told_in_years_that_both_have(before: Path, folder: Path) -> None:
    append(folder / "calendar.csv", "2026-03-03,no,flood,")
    append(folder / "calendar.csv", "2026-03-04,yes,flood,09:00-12:00")
    changes = {one.row: (one.change, one.fields[""]) for one in compared(before, folder)}
    assert changes == {
        "2026-03-03": ("added", (None, "off")),
        "2026-03-04": ("added", (None, "worked 09:00-12:00")),
    }


def test_a_newly_published_year_is_one_difference(before: Path, folder: Path) -> None:
    for path, years in ((before, "[2025]"), (folder, "[2025, 2026]")):
        text = (path / "city.toml").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("years = "))
        replace(path / "city.toml", line, f"years = {years}")
    (one,) = compared(before, folder)
    assert (one.row, one.fields) == ("years", {"": ("2025", "2025, 2026")})


def test_another_way_of_working_is_told_key_by_key(tmp_path: Path, folder: Path) -> None:
    content_differences = compared(plain_pack(tmp_path / "plain"), folder)
    assert (
        ContentDifference("city.toml", "features.merge", "changed", {"": (False, True)})
        in content_differences
    )
    assert (
        ContentDifference("city.toml", "caps.hold", "added", {"": (None, "180d")})
        in content_differences
    )
    assert (
        ContentDifference("city.toml", "joint.meet", "added", {"": (None, "2h")})
        in content_differences
    )


def test_packs_are_compared_as_they_come_out_wherever_it_is_said(
    tmp_path: Path, folder: Path
) -> None:
    whole = plain_pack(tmp_path / "whole")
    half = halved(tmp_path / "half") / "example"
    assert compared(whole, half) == []
    replace(half.parent / "_common" / "city.toml", 'handle = "10wd"', 'handle = "5wd"')
    (one,) = compared(whole, half)
    assert (one.row, one.fields) == ("tiers.general.handle", {"": ("10wd", "5wd")})


def test_cells_that_came_went_or_moved_are_told() -> None:
    def content(**corners: int) -> bytes:
        features = [
            {"properties": {"code": code}, "geometry": {"coordinates": [corner]}}
            for code, corner in corners.items()
        ]
        return json.dumps({"features": features}).encode()

    assert cell_differences(None, None) == []
    assert cell_differences(content(a=1, b=1, c=1), content(b=1, c=2, d=1)) == [
        ContentDifference("grids.geojson", "a", "removed"),
        ContentDifference("grids.geojson", "c", "changed"),
        ContentDifference("grids.geojson", "d", "added"),
    ]
