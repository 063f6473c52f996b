"""Tests of contractors in a pack: units of that kind, and criteria that can be judged."""

from pathlib import Path

import pytest

from packs.differences import differences
from packs.registry import check_pack, default_root, load_pack
from tests.packs.pack_folders import plain_pack, replace

CITY, CRITERIA = "city.toml", "assessment.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return plain_pack(tmp_path)


def test_contractors_and_criteria_arrive(folder: Path) -> None:
    assert check_pack(folder) == []
    pack = load_pack(folder)
    assert (pack.contractors.units, pack.contractors.publish) == (("bikes",), True)
    assert [(one.code, one.points, one.to) for one in pack.assessment] == [
        ("K1", 1.0, "unit"),
        ("K2", -2.0, "before"),
    ]


def test_heping_assesses_its_bike_companies_and_no_other_city_does() -> None:
    root = default_root()
    packs = [
        load_pack(path)
        for path in root.iterdir()
        if (path / CITY).exists() and not path.name.startswith("_")
    ]
    units = {pack.city.id: pack.contractors.units for pack in packs if pack.contractors.units}
    assert units == {"heping": ("bike-1", "bike-2", "bike-3")}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (CITY, 'units = ["bikes"]', 'units = ["cars"]', "the unit 'cars' is unknown"),
        (CITY, 'units = ["bikes"]', 'units = ["water"]', "water is no unit of the kind contractor"),
        (CITY, 'units = ["bikes"]', 'units = ["bikes", "bikes"]', "bikes is named twice"),
        (CITY, "publish = true", 'objection = "4wh"', "a list counts whole days"),
        (CRITERIA, "K2,点位", "K1,点位", "K1 is already on line"),
        (CRITERIA, "a.on_time,1", "a.in_time,1", "when: 'a' has no field 'in_time'"),
        (CRITERIA, "classified,", "clasified,", "nothing that happens is called 'clasified'"),
        (CRITERIA, "-2,before", "-2,after", "to: has to be"),
        (CRITERIA, "before,illustrative", "before,", "source: is missing"),
    ],
)
def test_a_bad_one_is_refused_with_file_and_line(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    replace(folder / file, old, new)
    faults = check_pack(folder)
    found = [fault for fault in faults if said in fault.message]
    assert [fault.file for fault in found] == [file], faults
    assert all(fault.line for fault in found)


def test_criteria_and_contractors_need_each_other(folder: Path) -> None:
    replace(folder / CITY, 'units = ["bikes"]', "units = []")
    assert ["nobody is assessed" in str(fault) for fault in check_pack(folder)] == [True]
    replace(folder / CITY, "units = []", 'units = ["bikes"]')
    (folder / CRITERIA).unlink()
    assert ["has no criterion" in str(fault) for fault in check_pack(folder)] == [True]


def test_a_changed_criterion_is_told(folder: Path) -> None:
    before = load_pack(folder)
    replace(folder / CRITERIA, "-2,before", "-3,before")
    [one] = differences(before, load_pack(folder))
    assert (one.file, one.row, one.fields) == (CRITERIA, "K2", {"points": (-2.0, -3.0)})
