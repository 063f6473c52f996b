"""Tests of sensors in a pack: what is taken, what is refused, and what a change tells."""

from pathlib import Path

import pytest

from packs.differences import differences
from packs.registry import check_pack, load_pack
from tests.packs.pack_folders import append, plain_pack, replace
from tests.support.cities import SHIPPED

KINDS, DEVICES = "sensors.toml", "devices.csv"


def test_huangpu_and_tongzhou_have_sensors_and_the_other_cities_have_none() -> None:
    outfalls = [one for one in SHIPPED.get("huangpu").devices if one.kind == "outfall"]
    assert len(outfalls) == 6
    personal = [kind.code for kind in SHIPPED.get("huangpu").sensors.kinds if kind.personal]
    assert personal == ["infrared", "sos"]
    assert [kind.leads for kind in SHIPPED.get("tongzhou").sensors.kinds] == [True]
    for city in ("heping", "jinan", "langfang"):
        assert SHIPPED.get(city).sensors.kinds == ()


def test_an_sos_and_an_outfall_run_on_the_emergency_clock() -> None:
    pack = SHIPPED.get("huangpu")
    tiers = {
        pack.category(rule.category).tier for kind in pack.sensors.kinds for rule in kind.alarms
    }
    assert tiers == {"emergency"}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (KINDS, 'category = "0101"', 'category = "9999"', "the category '9999' is unknown"),
        (KINDS, 'category = "0101"', 'category = "0101", kind = "report"', "accuses nobody"),
        (KINDS, "recovers = 1.5", "recovers = 2.5", "would still be an alarm"),
        (KINDS, 'interval = "15m"', 'interval = "15wh"', "interval"),
        (DEVICES, "water-1,water,", "water-1,fire,", "the kind 'fire' is unknown"),
        (DEVICES, "990101001", "110101001", "is not in this city"),
    ],
)
def test_a_bad_one_is_refused_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    folder = plain_pack(tmp_path)
    replace(folder / file, old, new)
    (problem,) = check_pack(folder)
    assert problem.file == file
    assert problem.line is not None
    assert said in problem.message


def test_a_code_twice_is_told(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    line = append(folder / DEVICES, "water-1,water,又一个,990101001,,,,illustrative")
    (problem,) = check_pack(folder)
    assert (problem.file, problem.line) == (DEVICES, line)
    assert "already on line" in problem.message


def test_devices_need_kinds(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    (folder / KINDS).unlink()
    (problem,) = check_pack(folder)
    assert "there are no kinds of devices" in problem.message


def test_a_city_without_sensors_is_sound(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    (folder / KINDS).unlink()
    (folder / DEVICES).unlink()
    assert check_pack(folder) == []
    assert load_pack(folder).sensors.kinds == ()


def test_changes_between_versions_are_told(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    before = load_pack(folder)
    replace(folder / KINDS, "above = 2.0", "above = 3.0")
    append(folder / DEVICES, "water-2,water,二号排口,990101001,,,,illustrative")
    told = [(one.file, one.row, one.change) for one in differences(before, load_pack(folder))]
    assert told == [(KINDS, "water", "changed"), (DEVICES, "water-2", "added")]
