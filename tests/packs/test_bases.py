"""Tests of what several cities have in common: where a base is found, and which are refused."""

import re
import shutil
from pathlib import Path

import pytest

from packs.registry import (
    PackError,
    PackFault,
    PackRegistry,
    UnknownCity,
    check_pack,
    default_root,
    load_pack,
    pack_contents,
    pack_version,
    write_contents,
)
from tests.packs.pack_folders import append, plain_pack, replace

CITY = "city.toml"


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    """Return a folder with `example`, which says all itself, moved into `_common` for the most."""
    return halved(tmp_path / "cities")


def halved(root: Path, city: str = "example") -> Path:
    """Write a pack that has everything but its id, names and division from the base `_common`."""
    folder = plain_pack(root, city)
    shutil.copytree(folder, root / "_common", dirs_exist_ok=True)
    text = (folder / CITY).read_text(encoding="utf-8")
    head, city_table, rest = re.split(r"(?ms)^(\[city\]\n.*?)(?=^\[)", text, maxsplit=1)
    own = re.findall(r"(?m)^(?:id|name|name_en|division) = .*\n", city_table)
    for line in own:
        city_table = city_table.replace(line, "")
    (root / "_common" / CITY).write_text(f"{head}{city_table}{rest}", encoding="utf-8")
    for file in folder.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    value = f'extends = "_common"\n\n[city]\n{"".join(own)}'
    (folder / CITY).write_text(value, encoding="utf-8")
    return root


def without_version(pack: object) -> dict[str, object]:
    return {**vars(pack), "version": ""}


def test_a_pack_has_what_it_does_not_say_from_its_base(cities: Path, tmp_path: Path) -> None:
    whole = plain_pack(tmp_path / "whole")
    assert check_pack(cities / "example") == []
    assert without_version(load_pack(cities / "example")) == without_version(load_pack(whole))


def test_a_changed_base_is_another_version_of_each_city_that_extends_it(cities: Path) -> None:
    halved(cities, "second")
    other = plain_pack(cities, "other")
    before = {city: load_pack(cities / city).version for city in ("example", "second", "other")}
    append(cities / "_common" / "units.csv", "# a remark")
    after = {city: load_pack(cities / city).version for city in before}
    assert [city for city in before if before[city] != after[city]] == ["example", "second"]
    assert pack_version(other) == before["other"]


def test_hidden_files_of_a_base_are_no_part_of_the_version(cities: Path) -> None:
    version = pack_version(cities / "example")
    (cities / "_common" / ".city.toml.swp").write_text("an editor's")
    assert pack_version(cities / "example") == version


def test_contents_can_be_written_elsewhere_and_are_the_same_pack(
    cities: Path, tmp_path: Path
) -> None:
    contents = pack_contents(cities / "example")
    assert {name for name in contents if not name.startswith("../_common/")} == {CITY}
    copy = tmp_path / "elsewhere" / "example"
    write_contents(contents, copy)
    shutil.rmtree(cities)
    assert pack_version(copy) == load_pack(copy).version
    assert check_pack(copy) == []


@pytest.mark.parametrize(
    "name",
    ["../other/city.toml", "../_b/../../city.toml", "/etc/city.toml", "a/../../b", "..", "../_b/"],
)
def test_contents_that_lead_out_of_the_pack_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError, match="leads out of the pack"):
        write_contents({name: b""}, tmp_path / "cities" / "example")
    assert not (tmp_path / "cities").exists()


def test_the_base_beside_the_pack_goes_before_the_one_that_is_shipped(tmp_path: Path) -> None:
    folder = tmp_path / "tongzhou"
    shutil.copytree(default_root() / "tongzhou", folder)
    assert load_pack(folder).version == load_pack(default_root() / "tongzhou").version
    shutil.copytree(default_root() / "_base", tmp_path / "_base")
    replace(tmp_path / "_base" / CITY, "call_backs = 3", "call_backs = 4")
    assert load_pack(folder).caps.call_backs == 4


def test_a_base_is_no_city(cities: Path) -> None:
    registry = PackRegistry(cities)
    assert registry.ids() == ["example"]
    for ask in (PackRegistry.get, PackRegistry.folder, PackRegistry.grid):
        with pytest.raises(UnknownCity):
            ask(registry, "_common")
    with pytest.raises(PackError, match="begins with _ is no city") as refused:
        load_pack(cities / "_common")
    assert refused.value.code == "pack_invalid"


def test_the_shipped_base_is_sound_and_every_shipped_city_extends_it() -> None:
    assert check_pack(default_root() / "_base") == []
    assert PackRegistry(default_root()).ids() == [
        "heping", "huangpu", "jinan", "langfang", "tongzhou",
    ]  # fmt: skip
    for city in PackRegistry(default_root()).ids():
        assert "../_base/city.toml" in pack_contents(default_root() / city)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ('"_nothing"', "there is no base '_nothing' beside the pack, and none that is shipped"),
        ('"example"', "the pack extends itself"),
        ('"tongzhou"', "the name of a base is _ and 1 to 31 letters, digits, _ or -"),
        ('"../_common"', "not '../_common'"),
        ('"_common/../_common"', "not '_common/../_common'"),
        ('"/etc"', "not '/etc'"),
        ('"."', "not '.'"),
        ('".."', "not '..'"),
        ('""', "not ''"),
        ('"_"', "not '_'"),
        ('"_common\\n"', r"not '_common\n'"),
        ("3", "not 3"),
        ('["_common"]', "not ['_common']"),
    ],
)
def test_a_base_that_cannot_be_is_the_only_problem_and_has_its_line(
    cities: Path, value: str, says: str
) -> None:
    replace(cities / "example" / CITY, 'extends = "_common"', f"# a remark\nextends = {value}")
    [problem] = check_pack(cities / "example")
    assert (problem.file, problem.line) == (CITY, 2)
    assert problem.message.startswith("extends: ")
    assert says in problem.message
    with pytest.raises(PackError) as refused:
        load_pack(cities / "example")
    assert refused.value.code == "pack_invalid"
    assert pack_version(cities / "example")  # what is there has a version all the same


def test_a_base_extends_nothing_so_there_are_neither_chains_nor_circles(cities: Path) -> None:
    shutil.copytree(cities / "_common", cities / "_further")
    base = cities / "_common" / CITY
    base.write_text('extends = "_further"\n' + base.read_text(encoding="utf-8"), encoding="utf-8")
    chain = "../_common/city.toml:1: extends: a base extends nothing itself, not '_further'"
    assert [str(one) for one in check_pack(cities / "example")] == [chain]
    other = cities / "_further" / CITY
    other.write_text('extends = "_common"\n' + other.read_text(encoding="utf-8"), encoding="utf-8")
    assert [str(one) for one in check_pack(cities / "example")] == [chain]
    assert [str(one) for one in check_pack(cities / "_further")] == [
        "city.toml:1: extends: a base extends nothing itself"
    ]


def test_what_is_wrong_in_a_base_is_told_with_its_file_and_line(cities: Path) -> None:
    base = cities / "_common"
    wrong = {
        CITY: replace(base / CITY, 'handle = "10wd"', 'handle = "10 wd"'),
        "units.csv": append(base / "units.csv", "sun,太阳,Sun,star,district,gov,,,,"),
        "calendar.csv": append(base / "calendar.csv", "2026-13-01,no,,"),
    }
    problems = check_pack(cities / "example")
    assert {(one.file, one.line) for one in problems} == {
        (f"../_common/{file}", line) for file, line in wrong.items()
    }
    # By itself a base is judged as far as its files go: its values are judged with a city's.
    assert {one.file for one in check_pack(base)} == {"units.csv", "calendar.csv"}


def test_a_base_that_is_not_toml_is_told_once(cities: Path) -> None:
    line = append(cities / "_common" / CITY, "[caps")
    [problem] = [one for one in check_pack(cities / "example") if "extends" not in one.message]
    assert (problem.file, problem.line) == ("../_common/city.toml", line)
    assert [(one.file, one.line) for one in check_pack(cities / "_common")] == [(CITY, line)]


def test_a_city_that_is_not_toml_still_finds_its_base(cities: Path) -> None:
    line = append(cities / "example" / CITY, "[caps")
    [problem] = check_pack(cities / "example")
    assert (problem.file, problem.line) == (CITY, line)


def test_a_check_of_what_the_base_says_names_the_place_where_it_stands(cities: Path) -> None:
    base = cities / "_common"
    late = replace(base / CITY, 'sign = "4wh" ', 'sign = "99wd" ')
    nobody = append(base / "responsibilities.csv", "9999,*,gov")
    messages = [str(one) for one in check_pack(cities / "example")]
    assert messages == [
        f"../_common/city.toml:{late}: general: sign 99wd is longer than handle 10wd",
        f"../_common/responsibilities.csv:{nobody}: no category matches '9999'",
    ]


def test_cells_may_stand_in_the_base(cities: Path) -> None:
    (cities / "_common" / "grids.geojson").write_text("{}")
    assert {one.file for one in check_pack(cities / "example")} == {"../_common/grids.geojson"}


@pytest.mark.parametrize("target", ["nowhere", "example/city.toml"])
def test_a_base_that_is_no_folder_is_not_replaced_by_the_shipped_one(
    tmp_path: Path, target: str
) -> None:
    root = halved(tmp_path / "cities")
    line = replace(root / "example" / CITY, "_common", "_base")
    (root / "_base").symlink_to(target)
    message = "extends: _base beside the pack is no folder"
    assert check_pack(root / "example") == [PackFault(CITY, line, message)]


def test_a_file_that_is_a_link_to_nowhere_is_not_replaced_by_the_bases(cities: Path) -> None:
    (cities / "example" / "units.csv").symlink_to("nowhere")
    message = "the file cannot be read: the link leads nowhere"
    assert check_pack(cities / "example") == [PackFault("units.csv", None, message)]


def test_a_base_without_a_city_file_is_the_only_thing_that_is_told(cities: Path) -> None:
    (cities / "_common" / CITY).unlink()
    message = "the base '_common' has no city.toml"
    assert check_pack(cities / "example") == [PackFault(CITY, 1, message)]
    assert PackFault(CITY, None, "the file is missing") in check_pack(cities / "_common")


def test_what_is_taken_out_twice_is_told(cities: Path) -> None:
    replace(cities / "example" / CITY, "[city]", 'without = ["desk", "desk"]\n\n[city]')
    faults = [str(one) for one in check_pack(cities / "example")]
    assert "city.toml:3: without: 'desk' is named twice" in faults
    assert not any("the base has no 'desk'" in one for one in faults)
