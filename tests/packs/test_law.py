"""Tests of what a city's rules rest on: every rule has its clause or none, and keeps to it."""

from pathlib import Path

import pytest

from packs.law import rules_of
from packs.parsed_pack import read_parsed
from packs.registry import check_pack, default_root
from tests.packs.pack_folders import full_pack, plain_pack, replace

LAW = "law.toml"
CITIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return plain_pack(tmp_path)


def _rests_on(folder: Path) -> dict[str, list[str]]:
    parsed = read_parsed(folder)
    assert parsed.city.value
    assert parsed.law.value
    return {
        rule.key: [f"{document.code} {clause.code}" for document, clause in rule.clauses]
        for rule in rules_of(parsed.city.value, parsed.law.value)
    }


def test_each_rule_has_its_clause_or_is_illustrative(folder: Path) -> None:
    rests = _rests_on(folder)
    assert rests["tiers.general.handle"] == ["rules-2024 9"]
    assert {key for key, clauses in rests.items() if clauses} == {"tiers.general.handle"}
    assert {"limits.sign", "caps.reworks", "ladder.handle.due", "reports.unit"} <= rests.keys()
    assert not {"city.name", "tiers.general.name", "calendar.years"} & rests.keys()


def test_every_rule_is_listed_with_every_part_switched_on(tmp_path: Path) -> None:
    rests = _rests_on(full_pack(tmp_path))
    assert {"features.raise_level", "caps.hold", "aftercare.revisits", "verify.filing"} <= set(
        rests
    )
    assert len(rests) == len(set(rests)) > 60


def _demanding(folder: Path, demand: str) -> int:
    """Have a clause demand this; return the line."""
    return replace(folder / LAW, '{ "tiers.general.handle" = "10wd" }', f"{{ {demand} }}")


@pytest.mark.parametrize(
    "demand",
    [
        '"tiers.general.handle" = "11wd"',  # the city is quicker
        '"tiers.general.handle" = true',
        '"ladder.handle" = true',
        '"city.fallback" = true',
        '"reasons.returns" = true',
        '"caps.reworks" = 2',
    ],
)
def test_a_clause_that_is_kept_to_is_no_fault(folder: Path, demand: str) -> None:
    _demanding(folder, demand)
    assert check_pack(folder) == []


@pytest.mark.parametrize(
    ("demand", "why"),
    [
        ('"tiers.general.handle" = "9wd"', "10wd is longer than 9wd"),
        ('"tiers.general.handle" = "9d"', "10wd cannot be compared with 9d"),
        ('"tiers.general.handle" = false', "it is on"),
        ('"tiers.generale.handle" = "10wd"', "the key is not set"),
        ('"tiers.general.handle.warn" = "10wd"', "the key is not set"),
        ('"caps.reworks" = 3', "it is 2"),
        ('"caps.reworks" = "3d"', "2 cannot be compared with 3d"),
        ('"ladder.handle.public" = true', "the key is not set"),
        ('"features.intervene" = true', "the key is not set"),
    ],
)
def test_a_rule_that_departs_from_its_clause_is_reported(
    folder: Path, demand: str, why: str
) -> None:
    line = _demanding(folder, demand)
    key = demand.split('"')[1]
    assert [str(fault) for fault in check_pack(folder)] == [f"{LAW}:{line}: {key}: {why}"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('code = "10"', 'code = "9"', "9 is named twice"),
        ('"tiers.general.handle" = "10wd"', '"handle" = "10wd"', "keys.handle"),
        ('"tiers.general.handle" = "10wd"', '"tiers.general.handle" = "soon"', "not a limit"),
        ('"tiers.general.handle" = "10wd"', '"tiers.general.handle" = 1.5', "keys.tiers"),
        ('en = "The first unit leads."', 'en = ""', "clauses.1.en"),
        ("text = true", "read = true", "there is no such key"),
    ],
)
def test_what_is_written_wrongly_is_reported(folder: Path, old: str, new: str, says: str) -> None:
    replace(folder / LAW, old, new)
    faults = check_pack(folder)
    assert faults
    assert all(fault.file == LAW and says in str(fault) for fault in faults), faults


@pytest.mark.parametrize("city", CITIES)
def test_each_city_says_what_it_rests_on(city: str) -> None:
    rests = _rests_on(default_root() / city)
    assert any(clauses for clauses in rests.values())
    assert rests["rating.grades"] == ["gbf-2019-51 grades"]
    holds_councils = {"council.vote", "council.quorum", "council.majority"} <= rests.keys()
    assert holds_councils == (city in ("jinan", "langfang"))
    assert holds_councils or not any(key.startswith("council") for key in rests)


def test_a_city_without_a_law_has_rules_that_rest_on_nothing(folder: Path) -> None:
    (folder / LAW).unlink()
    assert check_pack(folder) == []


def test_a_pack_that_runs_fast_is_not_measured(folder: Path) -> None:
    _demanding(folder, '"tiers.general.handle" = "1wd"')
    assert len(check_pack(folder)) == 1
    replace(folder / "city.toml", "clock_scale = 1.0 ", "clock_scale = 0.5 ")
    assert check_pack(folder) == []
