"""Tests that the board benchmark counts polls and statements correctly."""

import pytest
from rich.console import Console

from app.reporting import board_feed
from bench import board
from store.reporting.board_statements import STATEMENTS


async def test_every_viewer_gets_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_feed, "POLL_INTERVAL", 0.3)
    watched = await board.watched(viewers=10, ticks=4)
    assert watched.viewers == 10
    assert watched.ticks >= 3
    assert 0 < watched.median <= watched.p99 <= watched.worst
    # The board's and one of the sessions; polls at either end may be incomplete.
    assert STATEMENTS * 0.6 < watched.statements < (STATEMENTS + 1) * 1.7


@pytest.mark.parametrize(("p99", "verdict"), [(0.2, "within"), (1.2, "ABOVE")])
def test_the_table_says_whether_the_target_is_reached(p99: float, verdict: str) -> None:
    out = Console(record=True, width=100)
    board.show(out, board.Watched(200, 5, 0.1, p99, 1.3, 13.0, 900.0))
    assert f"{verdict} 1 s" in out.export_text()
