"""Tellings are numbered: of two tasks that told the same versions, the later one counts."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.recording import telling

LENGTHS = st.integers(1, 2_000_000)
AGES = st.timedeltas(timedelta(0), timedelta(days=365 * 30))


@given(LENGTHS, AGES, AGES)
def test_a_longer_history_tells_later_however_long_it_took(
    length: int, age: timedelta, other: timedelta
) -> None:
    assert telling(length, age) < telling(length + 1, other)


@given(LENGTHS, AGES)
def test_a_task_that_is_done_again_tells_later_though_the_history_is_as_long(
    length: int, age: timedelta
) -> None:
    assert telling(length, age) < telling(length, age + timedelta(milliseconds=1))


@given(LENGTHS, AGES)
def test_it_fits_into_the_store_and_exceeds_what_was_told_before_there_were_numbers(
    length: int, age: timedelta
) -> None:
    """Until then a telling was the length of the history alone."""
    assert 50_000_000 < telling(length, age) < 2**63


def test_a_clock_that_was_set_back_takes_nothing_from_the_length() -> None:
    assert telling(7, -timedelta(days=1)) == telling(7, timedelta(0))
    assert telling(7, timedelta(days=100_000)) < telling(8, timedelta(0))
