"""Tests of `jiesu places` in a terminal: an import is whole or nothing, and twice is once."""

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

HEAD = "code,kind,name,area,hours"
ROWS = ("t1,toilet,一号公厕,990101001,24/7", "t2,toilet,二号公厕,990101001,Mo-Fr 08:00-18:00")


class Terminal:
    """A runner of `jiesu places` with one pack, which begins with the place centre-1."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "places.csv"

    def places(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ("places", *arguments))

    def write(self, *rows: str, encoding: str = "utf-8") -> str:
        self.file.write_text("\n".join((HEAD, *rows, "")), encoding=encoding)
        return str(self.file)

    def load(self, *arguments: str) -> Any:
        done = self.places("import", "example", str(self.file), *arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def codes(self, *arguments: str) -> list[str]:
        done = self.places("list", "example", *arguments, "--json")
        return [place["code"] for place in json.loads(done.stdout)]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    plain_pack(tmp_path / "cities")
    asyncio.run(upgrade(default_url(tmp_path / ".jiesu")))
    return Terminal(tmp_path)


def test_an_import_says_what_it_changed_and_twice_is_once(terminal: Terminal) -> None:
    terminal.write(*ROWS)
    first = terminal.load()
    assert (first["added"], first["removed"]) == (["t1", "t2"], [])
    again = terminal.load()
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], ["t1", "t2"])
    terminal.write(ROWS[0].replace("24/7", "Mo-Su 06:00-22:00"))
    changed = terminal.load()
    assert (changed["changed"], changed["unchanged"], changed["removed"]) == (["t1"], [], [])
    assert terminal.codes() == ["centre-1", "t1", "t2"]


def test_only_replace_removes(terminal: Terminal) -> None:
    terminal.write(*ROWS)
    terminal.load()
    terminal.write(ROWS[1])
    assert terminal.load("--replace", "--dry-run")["removed"] == ["centre-1", "t1"]
    assert terminal.codes() == ["centre-1", "t1", "t2"]
    assert terminal.load("--replace")["removed"] == ["centre-1", "t1"]
    assert terminal.codes() == ["t2"]


def test_a_file_with_a_fault_changes_nothing(terminal: Terminal) -> None:
    path = terminal.write(ROWS[0], "t3,palace,宫殿,990101001,24/7", "t4,toilet,四号,,24/7")
    for more in ((), ("--replace",), ("--dry-run",)):
        done = terminal.places("import", "example", path, *more)
        assert done.exit_code == 2
        lines = done.stderr.splitlines()
        assert lines[0] == "places.csv:3: the kind 'palace' is unknown"
        assert lines[1].startswith("places.csv:4: it has neither a point")
        assert lines[2] == "jiesu: nothing was imported: the file has 2 problem(s) (bad_places)"
    assert terminal.codes() == ["centre-1"]


def test_of_very_many_faults_the_first_are_said(terminal: Terminal) -> None:
    path = terminal.write(*(f"t{n},palace,宫殿,990101001," for n in range(150)))
    done = terminal.places("import", "example", path)
    assert done.exit_code == 2
    assert "and 50 more" in done.stderr and "the file has 150 problem(s)" in done.stderr


def test_a_table_of_an_older_spreadsheet_is_read(terminal: Terminal) -> None:
    path = terminal.write(*ROWS, encoding="gb18030")
    done = terminal.places("import", "example", path)
    assert done.exit_code == 0
    assert "read as gb18030; 2 added, 0 changed, 0 unchanged, 0 removed" in done.stdout
    assert "二号公厕" in terminal.places("list", "example").stdout
    refused = terminal.places("import", "example", path, "--encoding", "utf-8")
    assert refused.exit_code == 2 and "not UTF-8" in refused.stderr
    unknown = terminal.places("import", "example", path, "--encoding", "big5")
    assert unknown.exit_code == 2 and "unknown encoding 'big5'" in unknown.stderr


def test_the_list_is_narrowed_by_kind(terminal: Terminal) -> None:
    terminal.write(*ROWS)
    terminal.load()
    assert terminal.codes("--kind", "centre") == ["centre-1"]
    assert terminal.codes("--kind", "toilet") == ["t1", "t2"]


def test_what_cannot_be_done_is_said_in_a_line(terminal: Terminal, tmp_path: Path) -> None:
    path = terminal.write(*ROWS)
    for arguments in (("import", "nowhere", path), ("list", "nowhere")):
        done = terminal.places(*arguments)
        assert done.exit_code == 2 and "(unknown_city)" in done.stderr
    missing = terminal.places("import", "example", str(tmp_path / "none.csv"))
    assert missing.exit_code == 2 and "the file is missing" in missing.stderr


def test_a_city_without_kinds_takes_no_places(terminal: Terminal, tmp_path: Path) -> None:
    city = tmp_path / "cities" / "example" / "city.toml"
    text = city.read_text(encoding="utf-8")
    city.write_text(text[: text.index("[places]")], encoding="utf-8")
    (city.parent / "places.csv").unlink()
    done = terminal.places("import", "example", terminal.write(*ROWS))
    assert done.exit_code == 2
    assert "the city lists no kinds of places" in done.stderr
