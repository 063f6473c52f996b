"""Tests of the shares of the tests, of which each day of a short run takes one."""

from datetime import date, timedelta

from tests.support.shares import in_share, shares

TODAY = date(2026, 11, 29)
NAMES = [f"tests/domain/test_clocks.py::test_{n}" for n in range(300)]


def test_the_shares_of_a_run_are_all_tests_and_no_test_twice() -> None:
    parts = shares(3, TODAY)
    taken = [name for part in parts for name in NAMES if in_share(name, part)]
    assert sorted(taken) == sorted(NAMES)
    assert all(60 < sum(in_share(name, part) for name in NAMES) < 140 for part in parts)


def test_after_three_days_every_test_was_on_each_of_the_three() -> None:
    first = [shares(3, TODAY + timedelta(days=n))[0] for n in range(3)]
    assert all(any(in_share(name, part) for part in first) for name in NAMES)
