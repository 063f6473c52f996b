"""Tests that the stall benchmark stalls a real worker and reports losses and recoveries."""

import pytest
from rich.console import Console

from bench import stalls


@pytest.mark.timeout(240)
async def test_a_few_short_stalls_lose_nothing() -> None:
    result = await stalls.stalled(stalls=4, scale=0.1, minutes=1)
    assert result.stalls == 4
    assert result.commands > 10
    assert any(answer.endswith(" 200") for answer in result.answers)
    assert (result.lost, result.undead, result.broken) == ([], [], [])


def test_the_table_says_what_went_wrong() -> None:
    out = Console(record=True, width=120)
    stalls.show(out, stalls.StallsResult(stalls=10, commands=100))
    stalls.show(
        out, stalls.StallsResult(stalls=10, commands=100, undead=["sign on 1: 503 too_late"])
    )
    text = out.export_text()
    assert "right" in text
    assert "WRONG" in text
    assert "sign on 1: 503 too_late" in text
