"""Tests that a limit or an escalation policy that nothing uses is reported with its line."""

from operator import attrgetter
from pathlib import Path

import pytest

from domain.deadlines.registry import DEADLINES
from packs.parsed_pack import read_parsed
from packs.registry import PackError, check_pack, load_pack
from tests.packs.pack_folders import full_pack, replace

CITY = "city.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a full pack."""
    return full_pack(tmp_path)


def turned(folder: Path, key: str, value: str) -> None:
    """Set the first line `key = …` of city.toml to `value`."""
    text = (folder / CITY).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
    replace(folder / CITY, line, f"{key} = {value}")


def unused_values(folder: Path) -> dict[str, list[str]]:
    """Return the reports of unused values, by the key of their line in city.toml."""
    lines = (folder / CITY).read_text(encoding="utf-8").splitlines()
    values: dict[str, list[str]] = {}
    for one in check_pack(folder):
        if one.file == CITY and one.line and "nothing uses" in one.message:
            key = lines[one.line - 1].partition("=")[0].strip()
            values.setdefault(key, []).append(one.message)
    return values


def test_every_setting_that_starts_a_clock_is_one_of_city_toml(folder: Path) -> None:
    city = read_parsed(folder).city.value
    assert city is not None
    for clock, spec in DEADLINES.items():
        assert bool(spec.needs) == bool(spec.unused), clock
        for setting in spec.needs:
            attrgetter(setting)(city)


def test_where_everything_is_on_everything_is_used(folder: Path) -> None:
    assert check_pack(folder) == []


@pytest.mark.parametrize(
    ("key", "value", "unused"),
    [
        ("holds", "0", {"review"}),
        ("ask_citizen", "false", {"citizen"}),
        ("appoint", "false", {"appointment"}),
        ("returns", "0", {"return_window", "arbitrate"}),
        ("revisits", "[]", {"revisit"}),
    ],
)
def test_what_is_turned_off_leaves_its_limits_and_ladders_behind(
    folder: Path, key: str, value: str, unused: set[str]
) -> None:
    turned(folder, key, value)
    assert set(unused_values(folder)) == unused


def test_no_unit_is_called_in_and_so_no_co_handler_has_a_limit(folder: Path) -> None:
    turned(folder, "co_handlers", "0")
    values = unused_values(folder)
    assert set(values) == {"meet", "sign", "contact", "handle"}
    assert "of co-handlers: caps.co_handlers" in values["sign"][0]
    assert all("caps.co_handlers" in message for message in values["meet"])


def test_an_answer_that_nobody_looks_at_first_needs_no_time(folder: Path) -> None:
    text = (folder / CITY).read_text(encoding="utf-8")
    closing = next(line for line in text.splitlines() if line.startswith("closing = "))
    replace(folder / CITY, closing, "")
    assert set(unused_values(folder)) == {"feedback"}
    # The limit, that of a tier, and the escalation policy.
    assert len(unused_values(folder)["feedback"]) == 3
    with pytest.raises(PackError, match="nothing uses feedback"):
        load_pack(folder)


def test_a_ladder_without_a_limit_is_never_climbed(folder: Path) -> None:
    text = (folder / CITY).read_text(encoding="utf-8")
    order = next(line for line in text.splitlines() if line.startswith('call_back = "'))
    replace(folder / CITY, order, "")
    assert any(
        "no limit is set for call_back: it never climbs" in str(p) for p in check_pack(folder)
    )


def test_before_triage_there_is_one_tier(folder: Path) -> None:
    text = (folder / CITY).read_text(encoding="utf-8")
    own = text.index("handle = ", text.index("[tiers.urgent]"))
    (folder / CITY).write_text(f'{text[:own]}triage = "5m"\n{text[own:]}', encoding="utf-8")
    assert unused_values(folder) == {
        "triage": ["nothing uses triage of urgent: before triage all are general"]
    }


def test_steps_have_limits_of_their_own(folder: Path) -> None:
    text = (folder / CITY).read_text(encoding="utf-8")
    limits = text.index("[limits]")
    end = text.index("\n", limits) + 1
    (folder / CITY).write_text(f'{text[:end]}step = "5wd"\n{text[end:]}', encoding="utf-8")
    assert unused_values(folder) == {"step": ["nothing uses a limit for step"]}
