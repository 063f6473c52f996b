"""Tests of `jiesu sheets`: shown as computed, closed once, and then shown as they were closed."""

from datetime import UTC, datetime
from pathlib import Path

from domain.pack.periods import month_at
from packs.registry import PackRegistry, default_root
from runtime.settings import Settings
from store.db.engine import Store
from store.reporting import closed_months
from tests.support.assessed_city import a_line, closed_with, month_before
from tests.support.jiesu_command import Terminal

PACKS = PackRegistry(default_root())


async def test_a_month_is_computed_then_closed_once(sqlite_store: Store, tmp_path: Path) -> None:
    terminal, month = Terminal(Settings(home=tmp_path)), month_before(PACKS)
    told = await terminal.json("sheets", "show", "heping", month)
    assert (told["state"], told["objections_until"]) == ("ended", None)
    assert {one["total"] for one in told["sheets"]} == {100}
    done = await terminal.jiesu("sheets", "close", "heping", month)
    assert (done.code, done.err) == (0, "")
    assert f"heping {month} is closed" in done.out
    again = await terminal.jiesu("sheets", "close", "heping", month)
    assert (again.code, "month_closed" in again.err) == (1, True)
    kept = await closed_months.kept(sqlite_store, "heping", month)
    assert kept is not None
    assert kept.closed.closed_by == "operator"
    assert (await terminal.json("sheets", "show", "heping", month))["state"] == "closed"


async def test_a_closed_month_is_shown_with_its_lines(sqlite_store: Store, tmp_path: Path) -> None:
    month = month_before(PACKS)
    lines = (a_line("bike-1", "KH01", 1), a_line("bike-2", "KH03", -3, 2))
    await closed_with(sqlite_store, PACKS, month, *lines)
    terminal = Terminal(Settings(home=tmp_path))
    told = await terminal.json("sheets", "show", "heping", month)
    ranked = [(one["unit"], one["total"], one["lines"]) for one in told["sheets"]]
    assert ranked == [("bike-1", 101, None), ("bike-3", 100, None), ("bike-2", 97, None)]
    done = await terminal.jiesu("sheets", "show", "heping", month, "--unit", "bike-2")
    assert (done.code, done.err) == (0, "")
    for words in ("closed", "KH03", "-3", lines[1].number):
        assert words in done.out
    assert lines[0].number not in done.out


async def test_what_cannot_be_shown_or_closed_says_why(sqlite_store: Store, tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    running = month_at(PACKS.get("heping"), datetime.now(UTC))
    done = await terminal.jiesu("sheets", "close", "heping", running)
    assert (done.code, "month_not_over" in done.err) == (1, True)
    for arguments, why in (
        (("show", "tongzhou", running), "assesses no contractors"),
        (("show", "heping", "2026-13"), "no month"),
        (("show", "heping", "2999-01"), "not begun"),
        (("show", "heping", running, "--unit", "nobody"), "unknown_unit"),
        (("close", "nowhere", running), "unknown_city"),
    ):
        done = await terminal.jiesu("sheets", *arguments)
        assert (done.code, why in done.err) == (2, True), (arguments, done.err)
