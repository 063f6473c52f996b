"""Tests of `jiesu rewards check`: exit code 1 and a sentence for whatever does not add up."""

from pathlib import Path

from sqlalchemy import text

from runtime.settings import Settings
from store.db.engine import Store
from store.rewards import grants
from tests.store.rewarding import a_report, judging
from tests.support.jiesu_command import Terminal


async def _granted(store: Store, city: str) -> str:
    ticket = await a_report(store, city=city)
    await grants.judge(store, judging(ticket))
    return ticket.complaint.number


async def test_a_whole_ledger_is_said_to_be_whole(sqlite_store: Store, tmp_path: Path) -> None:
    await _granted(sqlite_store, "jinan")
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("rewards", "check", "jinan")
    assert (done.code, done.err) == (0, "")
    assert "10 points granted" in done.out
    assert "no faults" in done.out
    assert await terminal.json("rewards", "check", "jinan") == {
        "city": "jinan", "faults": [], "granted": 10, "citizens": 10, "held": 0, "pledged": 0,
        "handed_out": 0,
    }  # fmt: skip


async def test_a_ledger_that_was_changed_past_us_is_found(
    sqlite_store: Store, tmp_path: Path
) -> None:
    number = await _granted(sqlite_store, "jinan")
    await sqlite_store.change(text("DROP TRIGGER reward_posting_no_update"))
    await sqlite_store.change(text("UPDATE reward_posting SET amount = 90 WHERE amount = 10"))
    done = await Terminal(Settings(home=tmp_path)).jiesu("rewards", "check", "jinan")
    assert done.code == 1
    assert f"grant/{number}: its postings add up to 80" in done.out


async def test_an_unknown_city_is_no_fault_of_the_ledger(
    sqlite_store: Store, tmp_path: Path
) -> None:
    done = await Terminal(Settings(home=tmp_path)).jiesu("rewards", "check", "nowhere")
    assert (done.code, "no city nowhere" in done.err) == (2, True)
