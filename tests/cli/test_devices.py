"""Tests of `jiesu devices` in a terminal: an import is whole or nothing, and personal data stay."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from store.db.engine import default_url
from store.db.schema import upgrade
from tests.packs.pack_folders import plain_pack
from tests.support.engine import RING

HEAD = "code,kind,name,area,address,resident,phone"
ROWS = (
    "water-2,water,二号排口,990101001,第二路 2 号,,",
    "home-1,home,陈伯家,990101001,第一路 8 号 302,陈伯,13800002222",
)
AT_HOME = """
[[kinds]]
code = "home"
name = "一键呼叫"
name_en = "SOS button"
personal = true
source = "illustrative"

[[kinds.alarms]]
code = "pressed"
name = "紧急呼叫"
name_en = "SOS"
above = 0.5
category = "0101"
title = "紧急呼叫"
"""


class Terminal:
    """A runner of `jiesu devices` with one pack, which begins with the device water-1."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "devices.csv"

    def devices(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ("devices", *arguments))

    def write(self, *rows: str) -> str:
        self.file.write_text("\n".join((HEAD, *rows, "")), encoding="utf-8")
        return str(self.file)

    def load(self, *arguments: str) -> Any:
        done = self.devices("import", "example", str(self.file), *arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def codes(self) -> list[str]:
        done = self.devices("list", "example", "--json")
        assert done.exit_code == 0, done.output
        return [device["code"] for device in json.loads(done.stdout)]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    monkeypatch.setenv("JIESU_KEYS", RING.text())
    sensors = plain_pack(tmp_path / "cities") / "sensors.toml"
    sensors.write_text(sensors.read_text(encoding="utf-8") + AT_HOME, encoding="utf-8")
    asyncio.run(upgrade(default_url(tmp_path / ".jiesu")))
    return Terminal(tmp_path)


def test_an_import_says_what_it_changed_and_only_replace_removes(terminal: Terminal) -> None:
    terminal.write(*ROWS)
    assert terminal.load("--dry-run")["added"] == ["home-1", "water-2"]
    assert terminal.codes() == ["water-1"]
    assert terminal.load()["added"] == ["home-1", "water-2"]
    assert terminal.load()["unchanged"] == ["home-1", "water-2"]
    terminal.write(ROWS[0].replace("二号", "三号"))
    assert terminal.load()["changed"] == ["water-2"]
    assert terminal.codes() == ["home-1", "water-1", "water-2"]
    assert terminal.load("--replace")["removed"] == ["home-1"]
    assert terminal.codes() == ["water-1", "water-2"]


def test_the_list_does_not_say_where_a_device_at_a_home_stands(terminal: Terminal) -> None:
    terminal.write(*ROWS)
    terminal.load()
    done = terminal.devices("list", "example")
    assert "二号排口" in done.stdout and "home-1" in done.stdout
    for personal in ("陈伯", "第一路 8 号", "13800002222"):
        assert personal not in done.stdout


def test_a_file_with_a_fault_changes_nothing(terminal: Terminal) -> None:
    path = terminal.write(ROWS[0], "x,palace,宫殿,990101001,,,")
    done = terminal.devices("import", "example", path)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert lines[0] == "devices.csv:3: the kind 'palace' is unknown"
    assert lines[1] == "jiesu: nothing was imported: the file has 1 problem(s) (bad_devices)"
    assert terminal.codes() == ["water-1"]


def test_a_pack_names_no_device_at_a_home(terminal: Terminal, tmp_path: Path) -> None:
    own = tmp_path / "cities" / "example" / "devices.csv"
    own.write_text("\n".join((HEAD, ROWS[1], "")), encoding="utf-8")
    done = CliRunner().invoke(app, ("city", "check", str(own.parent)))
    assert done.exit_code == 1
    assert "is personal data: import it with `jiesu devices import`" in done.output


def test_what_cannot_be_done_is_said_in_a_line(terminal: Terminal) -> None:
    path = terminal.write(*ROWS)
    for arguments in (("import", "nowhere", path), ("list", "nowhere")):
        done = terminal.devices(*arguments)
        assert done.exit_code == 2 and "(unknown_city)" in done.stderr
