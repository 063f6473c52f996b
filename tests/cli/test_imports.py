"""Tests of `jiesu import` and `jiesu export` in a terminal, while the engine is away."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.actors import Role
from store.db.engine import Store, default_url
from store.db.schema import upgrade
from store.identity import accounts
from tests.packs.pack_folders import plain_pack
from tests.support.engine import RING

MAP = """
source = "old"
[columns]
number = "no"
text = "text"
filed_at = "filed"
"""
ROWS = ("no,text,filed", "1,路灯不亮,2026-01-05", "2,,2026-01-06", "3,河水发臭,2026-01-07")


class Terminal:
    """A runner of `jiesu` with one pack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def jiesu(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    def hotline(self, *arguments: str) -> Result:
        (self.folder / "old.csv").write_text("\n".join(ROWS), encoding="utf-8")
        (self.folder / "map.toml").write_text(MAP, encoding="utf-8")
        return self.jiesu(
            "import", "hotline", "example", "old.csv", "--map", "map.toml", *arguments
        )


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    monkeypatch.setenv("JIESU_KEYS", RING.text())
    monkeypatch.setenv("JIESU_TEMPORAL_ADDRESS", "127.0.0.1:1")
    plain_pack(tmp_path / "cities")
    asyncio.run(upgrade(default_url(tmp_path / ".jiesu")))
    return Terminal(tmp_path)


def told(done: Result) -> Any:
    # Notes about the engine, which the command itself writes to standard error, come before it.
    return json.loads(done.stdout[done.stdout.index("{\n") :])


def test_a_file_is_imported_once_and_what_was_refused_can_be_mended(terminal: Terminal) -> None:
    dry = terminal.hotline("--dry-run", "--json")
    assert dry.exit_code == 1
    assert (told(dry)["taken"], told(dry)["refused"]) == (2, 1)
    assert not (terminal.folder / "old.refused.csv").exists()
    done = terminal.hotline("--json")
    assert done.exit_code == 1, done.output
    assert (told(done)["taken"], told(done)["waiting"]) == (2, 2)
    (fault,) = told(done)["faults"]
    assert (fault["row"], fault["column"], fault["code"]) == (3, "text", "missing")
    refused = terminal.folder / "old.refused.csv"
    refused.write_text(refused.read_text("utf-8-sig").replace("2,,", "2,公厕没有水,"), "utf-8")
    mended = terminal.jiesu(
        "import", "hotline", "example", str(refused), "--map", "map.toml", "--json"
    )
    assert mended.exit_code == 0, mended.output
    assert told(mended)["taken"] == 1
    again = terminal.hotline("--json")
    assert (told(again)["taken"], told(again)["known"]) == (0, 2)


def test_a_number_that_two_complaints_have_costs_neither(terminal: Terminal) -> None:
    """Exit code 0 says that every row is here: none is taken for another one by its number."""
    head, *_ = ROWS
    rows = [
        head,
        *(
            row.format("7", "2026-01-05")
            for row in ("{},路灯不亮,{}", "{},公厕没有水,{}", "{},路灯不亮,{}")
        ),
        *(f"2.02611E+19,{text},2026-01-05" for text in ("井盖破损", "垃圾满溢")),
    ]
    (terminal.folder / "map.toml").write_text(MAP, encoding="utf-8")
    (terminal.folder / "twice.csv").write_text("\n".join(rows), encoding="utf-8")
    done = terminal.jiesu(
        "import", "hotline", "example", "twice.csv", "--map", "map.toml", "--json"
    )
    assert done.exit_code == 1, done.output
    assert {name: told(done)[name] for name in ("taken", "known", "refused")} == {
        "taken": 1, "known": 1, "refused": 3,
    }  # fmt: skip
    faults = [(one["row"], one["code"]) for one in told(done)["faults"]]
    assert faults == [(3, "number_used"), (5, "bad_number"), (6, "bad_number"), (6, "number_used")]
    refused = terminal.folder / "twice.refused.csv"
    assert "公厕没有水" in refused.read_text("utf-8-sig")
    assert refused.stat().st_mode & 0o077 == 0, "phones and names are in it"


def test_what_cannot_be_used_takes_nothing(terminal: Terminal) -> None:
    terminal.hotline("--dry-run")
    (terminal.folder / "bad.toml").write_text("source = 1", encoding="utf-8")
    (terminal.folder / "none.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for arguments in (
        ("nowhere", "old.csv", "--map", "map.toml"),
        ("example", "missing.csv", "--map", "map.toml"),
        ("example", "none.csv", "--map", "map.toml"),
        ("example", "old.csv", "--map", "bad.toml"),
        ("example", "old.csv", "--map", "map.toml", "--refused", "old.csv"),
    ):
        done = terminal.jiesu("import", "hotline", *arguments)
        assert done.exit_code == 2, (arguments, done.output)


@pytest.mark.parametrize("words", [("open311",), ("--from", "open311"), ("--from=open311",)])
def test_both_spellings_reach_the_same_command(terminal: Terminal, words: tuple[str, ...]) -> None:
    done = terminal.jiesu("import", *words, "https://127.0.0.1:1/open311/v2", "--city", "example")
    assert (done.exit_code, "private_address" in done.output) == (2, True), done.output
    assert "JIESU_OUTBOUND_ALLOW" in done.output, "what to do is said"


def test_personal_data_are_exported_for_an_account_that_may(terminal: Terminal) -> None:
    async def make(name: str, role: Role) -> None:
        store = Store.open(default_url(terminal.folder / ".jiesu"))
        await accounts.create(store, name, role)
        await store.close()

    asyncio.run(make("chief", Role.SUPERVISOR))
    asyncio.run(make("desk", Role.DESK))
    done = terminal.jiesu("export", "example", "all.csv")
    assert done.exit_code == 0, done.output
    head = next(csv.reader(io.StringIO((terminal.folder / "all.csv").read_text("utf-8-sig"))))
    assert head[0] == "number"
    assert "phone" not in head
    asked = ("export", "example", "all.csv", "--personal", "--purpose", "回访")
    for account in ((), ("--account", "desk"), ("--account", "nobody")):
        assert terminal.jiesu(*asked, *account).exit_code == 2, account
    done = terminal.jiesu(*asked, "--account", "chief")
    assert done.exit_code == 0, done.output
    told_columns = (terminal.folder / "all.csv.dictionary.csv").read_text("utf-8-sig")
    assert "phone" in told_columns
    for form in ("xlsx", "parquet", "open311"):
        done = terminal.jiesu("export", "example", f"all.{form}", "--format", form)
        assert done.exit_code == 0, done.output
