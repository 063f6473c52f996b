"""Tests of the error of a share, against published values and by trying it many times."""

import random
from math import comb

import pytest

from domain.uncertainty import interval


@pytest.mark.parametrize(
    ("part", "of", "low", "high"),
    [
        # Newcombe (1998), table I, method 3: score without continuity correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_bounds_are_those_that_were_published(
    part: int, of: int, low: float, high: float
) -> None:
    found = interval(part, of)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_is_known_without_cases() -> None:
    assert interval(0, 0) is None


@pytest.mark.parametrize(("part", "of"), [(-1, 3), (4, 3), (0, -1)])
def test_what_is_no_share_is_refused(part: int, of: int) -> None:
    with pytest.raises(ValueError, match="part"):
        interval(part, of)


def test_it_holds_the_true_share_about_as_often_as_it_says() -> None:
    """Exactly, over all outcomes of a draw: a Wilson interval covers 93 in 100 at least."""
    for of in (20, 50, 200):
        for true in (0.1, 0.5, 0.93):
            held = 0.0
            for part in range(of + 1):
                found = interval(part, of)
                assert found is not None
                if found.low <= true <= found.high:
                    held += comb(of, part) * true**part * (1 - true) ** (of - part)
            assert 0.91 < held < 0.99, (of, true, held)


def test_more_cases_say_more() -> None:
    dice = random.Random()
    of = dice.randrange(10, 1000)
    part = dice.randrange(of + 1)
    few, many = interval(part, of), interval(part * 4, of * 4)
    assert few is not None
    assert many is not None
    assert 0 <= few.low <= part / of <= few.high <= 1
    assert many.high - many.low < few.high - few.low
