"""Tests that loads are bounded and count only completed tickets."""

import asyncio
import json
import time

import pytest

from bench.load import Failed, LoadResult, closed_loop, open_loop, percentile


async def _quick() -> float:
    await asyncio.sleep(0.01)
    return 0.01


async def _failing() -> float:
    raise Failed("sign: 503 engine_unavailable")


async def test_a_closed_loop_never_begins_more_than_it_may() -> None:
    outcome = await closed_loop([_quick] * 3, seconds=10, most=7)
    assert outcome.lived == 7
    assert outcome.seconds < 10


async def test_a_closed_loop_brings_to_an_end_what_has_begun() -> None:
    begun = ended = 0

    async def slow() -> float:
        nonlocal begun, ended
        begun += 1
        await asyncio.sleep(0.1)
        ended += 1
        return 0.1

    outcome = await closed_loop([slow] * 4, seconds=0.15, most=100)
    assert begun == ended == outcome.lived >= 4
    assert outcome.seconds >= 0.15


async def test_an_open_loop_does_not_wait_for_earlier_ones() -> None:
    async def stuck() -> float:
        await asyncio.sleep(0.3)
        return 0.3

    begun = time.perf_counter()
    outcome = await open_loop(stuck, per_second=50, seconds=0.2)
    assert outcome.lived == 10
    assert time.perf_counter() - begun < 10 * 0.3


async def test_what_failed_is_named_and_not_counted() -> None:
    outcome = await closed_loop([_failing], seconds=10, most=2)
    assert outcome.lived == 0
    assert outcome.accept_ms == []
    assert outcome.failures == {"sign: 503 engine_unavailable": 2}


def test_an_outcome_survives_the_way_to_another_process() -> None:
    outcome = LoadResult(lived=2, seconds=1.5, cpu=0.2, accept_ms=[3.0, 4.0])
    outcome.failures["rating: 409 not_now"] += 1
    assert LoadResult.of(json.loads(json.dumps(outcome.as_dict()))) == outcome
    assert outcome.rate == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50.0), (99, 99.0), (100, 100.0), (1, 1.0), (0, 1.0)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_nothing_measured_is_nothing() -> None:
    assert percentile([], 99) == 0.0
