"""Tests of `jiesu search`: the same search as everywhere, and the filling of its index."""

from pathlib import Path

from cli.terminal import printable
from domain.ticket.complaint import Kind
from runtime.settings import Settings
from store.db.engine import Store
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal

CITY = "tongzhou"


async def test_tickets_are_found_as_an_operator_types_words(
    sqlite_store: Store, tmp_path: Path
) -> None:
    title = "[red]涵洞[/red]淤积\u202e"
    ticket = Story(complaint(city=CITY, title=title, text="电话13800001234"))
    report = Story(complaint(city=CITY, title="涵洞有人收钱", kind=Kind.REPORT))
    other = Story(complaint(city="jinan", title="涵洞"))
    await project(sqlite_store, ticket.whole(), report.whole(), other.whole())
    terminal = Terminal(Settings(home=tmp_path))
    got = await terminal.json("search", "tickets", CITY, "涵洞", "淤积")
    assert [row["number"] for row in got["rows"]] == [ticket.number]
    got = await terminal.json("search", "tickets", CITY, "涵洞")
    assert [row["number"] for row in got["rows"]] == [ticket.number]
    shown = await terminal.jiesu("search", "tickets", CITY, "涵洞")
    assert printable(ticket.ticket.complaint.title) in shown.out
    none = await terminal.jiesu("search", "tickets", CITY, "NEAR(")
    assert (none.code, none.out.strip()) == (0, "no tickets")
    phone = await terminal.jiesu("search", "tickets", CITY, "13800001234")
    assert phone.out.strip() == "no tickets"
    assert "personal numbers" in phone.err
    assert (await terminal.jiesu("search", "tickets", "nowhere", "涵洞")).code == 2
    assert (await terminal.jiesu("search", "tickets", CITY, "涵洞", "--cursor", "x")).code == 2


async def test_an_operator_fills_the_index(sqlite_store: Store, tmp_path: Path) -> None:
    await project(sqlite_store, *(Story(complaint(city=CITY, text="涵洞")).whole() for _ in "abc"))
    terminal = Terminal(Settings(home=tmp_path))
    assert (await terminal.jiesu("search", "rebuild")).out.strip() == "0 tickets indexed"
    again = await terminal.jiesu("search", "rebuild", "--anew")
    assert (again.code, again.out.strip()) == (0, "3 tickets indexed")
    got = await terminal.json("search", "tickets", CITY, "涵洞")
    assert len(got["rows"]) == 3
    assert got["texts"]["complete"]
