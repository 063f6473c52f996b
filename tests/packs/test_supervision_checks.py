"""Tests of supervision lists in a pack: posts with an area, and rules that can be judged."""

from pathlib import Path

import pytest

from packs.differences import differences
from packs.registry import check_pack, default_root, load_pack
from tests.packs.pack_folders import append, plain_pack, replace

CITY = "city.toml"
SECTION = """
[supervision]
deadline = "3wd"
revisits = ["7d", "31d"]

[[supervision.leaders]]
code = "west"
name = "西片包片领导"
name_en = "Leader of the west"
areas = ["990101"]
unit = "water"

[[supervision.rules]]
code = "red"
name = "红牌"
name_en = "Red card"
when = "t.red > 0"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pack = plain_pack(tmp_path)
    append(pack / CITY, SECTION)
    return pack


def test_leaders_and_rules_arrive(folder: Path) -> None:
    assert check_pack(folder) == []
    policy = load_pack(folder).supervision
    leader = policy.leader("west")
    assert leader is not None
    assert (leader.areas, leader.unit) == (("990101",), "water")
    assert policy.leader("east") is None
    assert [str(limit) for limit in policy.revisits] == ["7d", "31d"]


def test_jinan_has_leaders_and_the_other_cities_have_none() -> None:
    root = default_root()
    cities = {
        path.name
        for path in root.iterdir()
        if (path / CITY).exists()
        and not path.name.startswith("_")
        and load_pack(path).supervision.leaders
    }
    assert cities == {"jinan"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('areas = ["990101"]', "", "west: has no area: name areas or units"),
        ('areas = ["990101"]', 'areas = ["99"]', "the area 99 is not in the city"),
        ('unit = "water"', 'unit = "sun"', "the unit 'sun' is unknown"),
        ('areas = ["990101"]', 'units = ["moon"]', "the unit 'moon' is unknown"),
        ('when = "t.red > 0"', 'when = "t.crimson"', "red: when: 't' has no field 'crimson'"),
        ('revisits = ["7d", "31d"]', "revisits = []", "supervision.revisits"),
        ('revisits = ["7d", "31d"]', 'revisits = ["4wh"]', "a list counts whole days"),
        ('deadline = "3wd"', 'deadline = "2h"', "a list counts whole days"),
        ('deadline = "3wd"', 'dead = "2d"', "supervision.dead: there is no such key"),
    ],
)
def test_a_bad_one_is_refused_with_file_and_line(
    folder: Path, old: str, new: str, said: str
) -> None:
    replace(folder / CITY, old, new)
    faults = check_pack(folder)
    assert [fault.file for fault in faults if said in fault.message] == [CITY], faults
    assert all(fault.line for fault in faults)


def test_a_leader_named_twice_is_refused(folder: Path) -> None:
    again = SECTION.split("[[supervision.rules]]")[0].split("[[supervision.leaders]]")[1]
    append(folder / CITY, "[[supervision.leaders]]" + again)
    assert ["west is named twice" in str(fault) for fault in check_pack(folder)] == [True]


def test_a_change_is_told(folder: Path, tmp_path: Path) -> None:
    before = load_pack(folder)
    replace(folder / CITY, 'deadline = "3wd"', 'deadline = "2wd"')
    [one] = differences(before, load_pack(folder))
    assert (one.row, one.fields) == ("supervision.deadline", {"": ("3wd", "2wd")})
