"""Tests that the cost of durability is measured by rounds in turns."""

from rich.console import Console

from bench import durability
from store.db import backends


async def test_entries_are_made_both_ways_and_the_usual_one_is_left() -> None:
    usual = backends._sync_commits
    for way in ("synced", "unsynced"):
        assert await durability._entries(way, clients=4, seconds=0.2) > 1
    assert backends._sync_commits is usual


def test_the_table_shows_the_ratio_of_the_medians() -> None:
    rates = {"synced": [90.0, 80.0, 70.0], "unsynced": [100.0, 100.0, 200.0]}
    out = Console(record=True, width=100)
    durability.show(out, durability.DurabilityResult(rates, rates))
    assert "0.80" in out.export_text()
