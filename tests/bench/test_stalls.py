"""Tests that the stall benchmark stalls a real worker and reports losses and recoveries."""

import pytest
from rich.console import Console

from bench import stalls


@pytest.mark.timeout(240)
async def test_a_few_short_stalls_lose_nothing() -> None:
    found = await stalls.stalled(stalls=4, scale=0.1, minutes=1)
    assert found.stalls == 4
    assert found.commands > 10
    assert any(answer.endswith(" 200") for answer in found.answers)
    assert (found.lost, found.undead, found.broken) == ([], [], [])


def test_the_table_says_what_went_wrong() -> None:
    out = Console(record=True, width=120)
    stalls.show(out, stalls.StallsResult(stalls=10, commands=100))
    stalls.show(
        out, stalls.StallsResult(stalls=10, commands=100, undead=["sign on 1: 503 too_late"])
    )
    told = out.export_text()
    assert "right" in told
    assert "WRONG" in told
    assert "sign on 1: 503 too_late" in told
