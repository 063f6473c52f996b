"""Tests of waiting times: open tickets count as what they are, and what is told comes true."""

import math

import pytest

from domain.insight.waiting import (
    STEPS,
    WaitSoFar,
    calibrated,
    coverage,
    late_probability,
    waiting_curve,
)
from tests.support.seeds import dice


def test_the_curve_is_that_of_kaplan_and_meier() -> None:
    """The remission times under 6-MP of E. A. Gehan (1965), as textbooks give their curve."""
    over = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    left = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = waiting_curve(
        [*(WaitSoFar(n, over=True) for n in over), *(WaitSoFar(n, over=False) for n in left)]
    )
    still = [round(1 - share, 3) for share in curve.shares]
    assert list(curve.hours) == [6, 7, 10, 13, 16, 22, 23]
    assert still == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert (curve.tickets, curve.over) == (21, 9)
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.8) is None
    assert curve.share_within(5) == 0
    assert curve.share_within(8) == pytest.approx(1 - 0.807, abs=0.001)


def test_open_tickets_make_it_longer_and_none_make_no_curve() -> None:
    ended = [WaitSoFar(n, over=True) for n in range(1, 11)]
    waiting = [WaitSoFar(20, over=False)] * 10
    assert waiting_curve(ended).quantile(0.5) == 5
    assert waiting_curve([*ended, *waiting]).quantile(0.5) == 10
    assert waiting_curve([*ended, *waiting]).quantile(0.8) is None
    assert waiting_curve([]).quantile(0.5) is None
    assert waiting_curve(waiting).over == 0


def test_the_curve_finds_the_true_quantiles_although_many_are_open() -> None:
    drawn = dice("waiting")
    some = []
    for _ in range(4000):
        took, seen = drawn.expovariate(1 / 100), drawn.uniform(50, 400)
        some.append(WaitSoFar(min(took, seen), over=took <= seen))
    found = waiting_curve(some).quantile(0.8)
    assert found == pytest.approx(-100 * math.log(0.2), rel=0.1)


def test_a_city_that_became_slower_is_told_longer_times() -> None:
    drawn = dice("calibrated")
    before = waiting_curve(WaitSoFar(drawn.expovariate(1 / 50), over=True) for _ in range(2000))
    recent = [WaitSoFar(drawn.expovariate(1 / 80), over=True) for _ in range(2000)]
    levels = calibrated([(before, one) for one in recent])
    told = before.quantile(levels[0.8])
    plain = before.quantile(0.8)
    assert plain is not None
    assert told is not None
    assert sum(one.hours <= plain for one in recent) / 2000 < 0.7
    assert sum(one.hours <= told for one in recent) / 2000 == pytest.approx(0.8, abs=0.03)


def test_without_recent_tickets_a_step_is_itself() -> None:
    assert calibrated([]) == {step: step for step in STEPS}


def test_a_statement_holds_within_the_error_of_what_happened() -> None:
    assert coverage(0.8, [True] * 8 + [False] * 2).holds
    assert not coverage(0.8, [True] * 50 + [False] * 50).holds
    assert not coverage(0.8, [True] * 1000).holds
    nothing = coverage(0.8, [])
    assert (nothing.error, nothing.holds) == (None, True)


def test_a_unit_with_more_open_work_is_probably_later() -> None:
    steps = [float(n) for n in range(10, 200, 10)]
    usual = late_probability(steps, 100, open_now=10, usual=10)
    assert usual == pytest.approx(0.5)
    assert late_probability(steps, 100, open_now=20, usual=10) == pytest.approx(0.75)
    assert late_probability(steps, 100, open_now=5, usual=10) == pytest.approx(0.05, abs=0.001)
    busy = late_probability(steps, 100, open_now=1000, usual=10)
    assert busy == late_probability(steps, 100, open_now=30, usual=10)
    assert late_probability(steps, 0, open_now=1, usual=1) == 1
    assert late_probability(steps, 100, open_now=99, usual=0) == usual


def test_what_is_not_known_is_not_made_small() -> None:
    known: list[float | None] = [10.0, 20.0, *([None] * 17)]
    assert late_probability(known, 1000, open_now=1, usual=1) == pytest.approx(0.9)
