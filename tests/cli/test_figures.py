"""Tests of `jiesu city figures`, `scores` and `topics` in a terminal."""

import asyncio
import json
import shlex
import shutil
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import ConsoleDimensions
from typer.testing import CliRunner, Result

from cli.main import app
from cli.terminal import out
from domain.activity_io import Projection
from domain.ticket.complaint import Place
from packs.registry import default_root
from store.db.engine import Store, default_url
from tests.store.population import Busy
from tests.store.stories import complaint, project

STREET = "110112003"


class Desk:
    """A runner of `jiesu city` on a store with some tickets of November 2024."""

    def __init__(self, home: Path) -> None:
        self._url = default_url(home)
        self.numbers: dict[str, str] = {}

    def tell(self, name: str, *life: Projection) -> None:
        self.numbers[name] = life[0].ticket.complaint.number
        self.store(lambda store: project(store, list(life)))

    def store(self, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        async def working() -> None:
            store = Store.open(self._url)
            await work(store)
            await store.close()

        asyncio.run(working())

    def city(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["city", *arguments])

    def shown(self, *arguments: str) -> str:
        done = self.city(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.shown(*arguments, "--json"))


@pytest.fixture
def desk(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(default_root() / "tongzhou", tmp_path / "cities" / "tongzhou")
    home = tmp_path / ".jiesu"
    home.mkdir()
    shutil.copy(sqlite_template, home / "jiesu.db")
    monkeypatch.setenv("JIESU_CITIES", str(tmp_path / "cities"))
    monkeypatch.setenv("JIESU_HOME", str(home))
    opened = Desk(home)
    for name, unit, grade in (("good", STREET, 5), ("bad", "water", 1), ("mistaken", "water", 1)):
        one = Busy(complaint(city="tongzhou", place=Place(area=STREET)))
        life = [*one.answered_by(unit, grade=grade), one.watched()]
        if name == "mistaken":
            one.at += timedelta(days=20)
            life += one.excluded()
        opened.tell(name, *life)
    return opened


NOVEMBER = ("tongzhou", "--month", "2024-11")
SPAN = ("tongzhou", "--since", "2024-11-20", "--until", "2024-11-21")


def _line(shown: str, begins: str) -> list[str]:
    """Return the cells of the table row whose first cell is `begins`."""
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines()]
    return next(cells for cells in lines if cells and cells[0] == begins)


def test_figures_are_shown_before_and_after_exclusion(desk: Desk) -> None:
    shown = desk.shown("figures", *NOVEMBER)
    assert "2024-11-01 00:00 – 2024-12-01 00:00" in shown
    one_in_three = "33.33% (1/3)"
    assert _line(shown, "satisfaction")[2:] == [one_in_three, one_in_three, "3", "0", "0", "0"]
    later = desk.shown("figures", *NOVEMBER, "--as-of", "2025-01-01")
    assert _line(later, "satisfaction")[2:5] == [one_in_three, "50.00% (1/2)", "3"]
    assert ", as of 2025-01-01 00:00" in later
    empty = desk.shown("figures", "tongzhou", "--month", "2024-10")
    assert _line(empty, "satisfaction")[2:5] == ["–", "–", "0"]


def test_what_is_shown_is_said_as_json_too(desk: Desk) -> None:
    payload = desk.json("figures", *SPAN, "--units")
    satisfaction = next(one for one in payload["figures"] if one["id"] == "satisfaction")
    assert satisfaction["after"] == {"part": 1, "of": 3, "value": pytest.approx(1 / 3)}
    assert satisfaction["counts"] == "t.satisfied"
    assert (payload["city"], payload["broken"]) == ("tongzhou", [])
    values = {
        line["unit"]: line["figures"]["satisfaction"]["after"]["value"] for line in payload["units"]
    }
    assert values == {STREET: 1.0, "water": 0.0}


def test_units_stand_beside_each_other(desk: Desk) -> None:
    shown = desk.shown("figures", *NOVEMBER, "--units", "--sort", "satisfaction")
    assert _line(shown, STREET)[1:3] == ["北苑街道", "1"]
    assert "100.00% (1/1)" in _line(shown, STREET)
    assert shown.index(f"│ {STREET}") < shown.index("│ water")
    streets = desk.json("figures", *NOVEMBER, "--kind", "street")["units"]
    assert streets[0]["unit"] == STREET
    assert len(streets) > 10


def test_the_tickets_behind_a_figure_are_named_with_its_formula(desk: Desk) -> None:
    shown = desk.shown("figures", *NOVEMBER, "--tickets", "satisfaction", "--as-of", "2025-01-01")
    assert "the share of: t.satisfied" in shown
    assert _line(shown, desk.numbers["good"]) == [desk.numbers["good"], "yes", "", STREET]
    assert _line(shown, desk.numbers["mistaken"])[1:] == ["", "yes", "water"]
    payload = desk.json("figures", *NOVEMBER, "--tickets", "satisfaction")
    assert len(payload["figures"]) == 1
    assert {one["number"] for one in payload["figures"][0]["behind"]} == set(desk.numbers.values())


def test_points_are_shown_with_the_events_that_earned_them(desk: Desk) -> None:
    shown = desk.shown("scores", *NOVEMBER)
    assert shown.index(f"│ {STREET}") < shown.index("│ water")
    assert _line(shown, STREET)[2] == "street"
    payload = desk.json("scores", *NOVEMBER, "--unit", STREET)
    (unit,) = payload["units"]
    assert sum(one["points"] for one in payload["earned"]) == unit["points"]
    assert {one["number"] for one in payload["earned"]} == {desk.numbers["good"]}
    one = desk.shown("scores", *NOVEMBER, "--unit", "water", "--as-of", "2025-01-01")
    assert "1 excluded tickets are left out" in one
    assert f"│ {desk.numbers['mistaken']}" in one
    assert "(0.5)" in one
    lowest = desk.json("scores", *NOVEMBER, "--order", "lowest")["units"]
    assert [line["unit"] for line in lowest] == ["water", STREET]
    assert "nobody earned a point" in desk.shown("scores", "tongzhou", "--month", "2024-10")


def test_a_kind_of_units_is_assessed(desk: Desk) -> None:
    payload = desk.json("scores", *NOVEMBER, "--kind", "contractor")
    assert payload["units"]
    assert {line["kind"] for line in payload["units"]} == {"contractor"}


def test_common_problems_are_shown(desk: Desk) -> None:
    shown = desk.shown("topics", *NOVEMBER, "--least", "3")
    assert _line(shown, "lamp")[2:4] == ["北苑街道", "3"]
    (topic,) = desk.json("topics", *NOVEMBER, "--least", "2")["topics"]
    assert (topic["category"], topic["area"], topic["count"]) == ("lamp", STREET, 3)
    assert set(topic["numbers"]) == set(desk.numbers.values())
    assert "no common problems" in desk.shown("topics", *NOVEMBER)


def test_the_running_month_is_shown_as_far_as_it_has_come(desk: Desk) -> None:
    for command in ("figures", "scores", "topics"):
        assert desk.json(command, "tongzhou")["until"]


def test_a_narrow_terminal_cuts_no_word_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "size", ConsoleDimensions(60, 50))
    for arguments in (
        ("figures", *NOVEMBER, "--units"),
        ("scores", *NOVEMBER, "--unit", "water"),
        ("topics", *NOVEMBER, "--least", "2"),
        ("show", "tongzhou"),
        ("show", "tongzhou", "--unit", "water"),
    ):
        assert "…" not in desk.shown(*arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("figures atlantis", "(unknown_city)"),
        ("figures tongzhou --month 2024-13", "(bad_period)"),
        ("figures tongzhou --month 2999-01", "the period has not begun yet (bad_period)"),
        ("figures tongzhou --since yesterday", "'yesterday' is no date: 2026-03-01 (bad_period)"),
        ("figures tongzhou --until 2024-11-01", "--until needs a --since (bad_period)"),
        ("scores tongzhou --since 2024-11-02 --until 2024-11-01", "(bad_period)"),
        ("topics tongzhou --month 2024-11 --since 2024-11-01", "(bad_period)"),
        ("figures tongzhou --month 2024-11 --as-of 2024-11-02", "(bad_period)"),
        ("figures tongzhou --month 2024-11 --tickets luck", "(unknown_indicator)"),
        ("figures tongzhou --month 2024-11 --sort luck", "(unknown_indicator)"),
        ("figures tongzhou --month 2024-11 --pack 0123456789ab", "(unknown_pack_version)"),
        ("scores tongzhou --month 2024-11 --unit luck", "(unknown_unit)"),
    ],
)
def test_what_cannot_be_computed_is_said_in_a_line(desk: Desk, arguments: str, says: str) -> None:
    done = desk.city(*shlex.split(arguments))
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["figures", "scores", "topics"])
def test_every_command_explains_itself(desk: Desk, command: str) -> None:
    assert "Usage" in desk.shown(command, "--help")


def test_without_a_store_it_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".jiesu" / "jiesu.db").unlink()
    done = desk.city("figures", *NOVEMBER)
    assert (done.exit_code, "(schema_unusable)" in done.stderr) == (2, True)
