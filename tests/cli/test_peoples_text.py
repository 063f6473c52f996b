"""People's text in the terminal is shown as it was written: it is no markup, and nothing obeys it.

A walk over every command: those that print text of people print these, and every other is named.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace as with_changes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table
from typer.testing import CliRunner

from audit.compare import Difference
from audit.replay import Break, Replayed
from audit.verdicts import AuditVerdict
from cli import audit as audit_command
from cli import city_views, figure_views
from cli.lazy import load
from cli.main import COMMANDS, app
from cli.terminal import err, fail, one_line, out, print_json, printable, styled
from domain.actors import Role
from runtime.ports import free_port
from runtime.settings import Settings
from store.db import tables
from store.db.engine import Store
from store.db.schema import upgrade
from store.identity import accounts, sessions, tokens
from tests.packs.pack_folders import plain_pack, replace
from tests.store.stories import Story, complaint
from tests.support.jiesu_command import Terminal

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "[/]", "[red]红", "[/red]", "[link=https://example.org]看[/link]", "[bold", "[[", ":smile:",
    "\x1b[31m红\x1b[0m", "\x1b]0;标题\x07", "\x9b2J", "甲\x08\x08乙", "甲\r乙",
    "\u202e反", "\u2028行",
)  # fmt: skip
"""Texts that Rich takes for markup, and ones that terminals obey."""

FORGED = "甲\n2611210000001  agrees"
"""A line of output that people wrote."""

PRINTED = {
    "account list", "account sessions", "token list", "audit show", "audit state", "audit replay",
    "audit views", "city show", "city check", "city diff", "city law", "doctor",
    "city figures", "city scores", "city topics", "city recount", "places import", "places list",
    "promises list", "lists", "sheets show", "topics list", "topics show", "search tickets",
    "devices import", "devices list",
    "neighbours list",
    "webhooks list",
    "sources list",
    "import hotline", "import open311", "export", "report", "triage explain",
}  # fmt: skip
"""The commands that print text of people or of packs in lines and tables."""

NOT_PRINTED = {
    "simulate",
    "up", "api", "worker", "mail", "migrate", "demo", "version", "account create", "account change",
    "account disable", "account enable", "account password", "account totp", "account logout",
    "token create", "token revoke", "audit export", "audit exposures", "city new", "city replan",
    "city versions",
    "keys show", "keys rotate", "keys reseal", "privacy erase", "privacy retention",
    "triage train", "triage eval", "triage list", "triage use",
    "record ahead", "record follow", "record aside", "record settle", "rewards check",
    "patrols redraw", "sheets close", "topics rebuild", "search rebuild",
    "neighbours add", "neighbours rotate", "neighbours hurry", "neighbours end",
    "webhooks add", "webhooks rotate", "webhooks test",
    "webhooks pause", "webhooks resume", "webhooks replay", "webhooks remove",
    "waiting list", "waiting state", "waiting check",
    "sources add", "sources rotate", "sources remove",
    "mcp",
}  # fmt: skip
"""The others: they print what the operator typed, our own words, or JSON."""


def obeyed(text: str) -> str:
    """Return the characters of an output that a terminal obeys."""
    return "".join(re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text))


def check_shown(text: str, output: str) -> None:
    assert printable(text) in output, (text, output)
    assert obeyed(output) == "", output


def _commands() -> Iterator[str]:
    for name, entry in COMMANDS.items():
        yield from _below(name, load(name, entry))


def _below(name: str, command: Any) -> Iterator[str]:
    below = getattr(command, "commands", {})
    if not below:
        yield name
    for each, one in below.items():
        yield from _below(f"{name} {each}", one)


def test_every_command_is_known_to_print_peoples_text_or_none() -> None:
    assert set(_commands()) == PRINTED | NOT_PRINTED


def test_there_is_no_other_way_to_the_terminal() -> None:
    """A console of its own, or markup, would be a door beside the one helper."""
    wrong = []
    for path in sorted([*ROOT.glob("cli/*.py"), *ROOT.glob("demo/**/*.py")]):
        source = path.read_text(encoding="utf-8")
        made = ["Console", "print", *(["Text"] if "from rich.text import" in source else [])]
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            markup = any(word.arg in ("markup", "emoji") for word in node.keywords)
            if path.name != "terminal.py" and (
                name in made or name.endswith("from_markup") or markup
            ):
                wrong.append((path.name, node.lineno, name))
    assert wrong == []


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_the_console_takes_every_string_for_text(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for console in (out, err):
        console.print(text)
        console.print(styled(text, "bold"), one_line(text))
        table = Table("a", text, title=text)
        table.add_row(text, text)
        console.print(table)
    written = capsys.readouterr()
    for output in written:
        check_shown(text, output)
        assert output.count(printable(text)) >= 6, output


@pytest.mark.parametrize("text", [*HOSTILE, FORGED, "\ud800", "\u061c\u200f"], ids=ascii)
def test_json_says_the_same_and_is_obeyed_by_nothing(
    text: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    print_json({text: [text]})
    written = capsysbinary.readouterr().out.decode()
    assert json.loads(written) == {text: [text]}
    assert obeyed(written) == ""
    assert printable(written) == written


def test_a_failure_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for text in (*HOSTILE, FORGED):
        with pytest.raises(BaseException, match="2"):
            fail(text)
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1, said
        check_shown(text.replace("\n", "↵"), said)


@pytest.mark.parametrize("text", [*HOSTILE, FORGED], ids=ascii)
def test_the_audit_prints_it(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(complaint(title=text, text=text))
    told = [story.accepted(), story.classified(), story.assigned(text)]
    events = [event for one in told for event in one.events]
    ends = [Break(run=2, path=text, ended=text, began=text)]
    replayed = Replayed(story.ticket, events, [1] * len(events), 9, breaks=ends)
    audit_command._print_timeline(replayed)
    differs = [Difference(text, text, text)]
    verdict = AuditVerdict("2611210000002", problem=f"no_history: {text}")
    audit_command._print_verdicts(
        [verdict, with_changes(verdict, problem=None, differences=differs)]
    )
    output = capsys.readouterr().out
    assert obeyed(output) == ""
    assert one_line(text) in output
    assert "\n2611210000001" not in output, "nobody can write a verdict"


@pytest.fixture
async def terminal(tmp_path: Path) -> Terminal:
    settings = Settings(home=tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    await upgrade(settings.store)
    return Terminal(settings)


async def test_lists_of_accounts_tokens_sessions_and_views_print_it(terminal: Terminal) -> None:
    store, number = Store.open(terminal.settings.store), complaint().number
    now = datetime.now(UTC)
    for n, text in enumerate(HOSTILE):
        account = await accounts.create(store, f"person{n}", Role.DESK, display=text)
        await tokens.issue(store, Role.DESK, None, text)
        if n == 0:
            first = account
        await sessions.begin(store, first, now, timedelta(days=1), device=text)
        view = {
            "id": f"v{n}", "number": number, "at": now, "role": "desk", "unit": None, "actor": "a",
            "fields": "name", "purpose": text,
        }  # fmt: skip
        await store.change(tables.view_log.insert().values(view))
    await store.close()
    lists = ("account list", "account sessions person0", "token list", f"audit views {number}")
    for command in lists:
        done = await terminal.jiesu(*command.split())
        assert done.code == 0, done.err
        for text in HOSTILE:
            check_shown(text, done.out)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()], ids=ascii)
def test_texts_of_packs_are_printed(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    folder, other = plain_pack(tmp_path / "cities"), plain_pack(tmp_path / "cities", "other")
    replace(folder / "city.toml", 'name = "示例市"', f'name = "{text}"')
    replace(folder / "units.csv", "Water Bureau,bureau", f"Water {text},bureau")
    for command in (["show", "example"], ["diff", str(other), str(folder)]):
        done = CliRunner().invoke(app, ["city", *command])
        assert done.exit_code in (0, 1), done.output
        check_shown(text, done.output)
    replace(folder / "units.csv", f"Water {text},bureau", f"Water,{text}")
    done = CliRunner().invoke(app, ["city", "check", str(folder)])
    assert (done.exit_code, obeyed(done.output)) == (1, "")
    check_shown(text, done.output)


def test_the_views_of_figures_escape_nothing_twice() -> None:
    for module in (city_views, figure_views):
        assert not hasattr(module, "escape"), "the console shows every string as it is"
