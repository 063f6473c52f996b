"""Tests of projection numbers: of two tasks with the same versions, the later one counts."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.policy.record import projection_number

LENGTHS = st.integers(1, 2_000_000)
AGES = st.timedeltas(timedelta(0), timedelta(days=365 * 30))


@given(LENGTHS, AGES, AGES)
def test_a_longer_history_tells_later_however_long_it_took(
    length: int, age: timedelta, other: timedelta
) -> None:
    assert projection_number(length, age) < projection_number(length + 1, other)


@given(LENGTHS, AGES)
def test_a_task_that_is_done_again_tells_later_though_the_history_is_as_long(
    length: int, age: timedelta
) -> None:
    assert projection_number(length, age) < projection_number(
        length, age + timedelta(milliseconds=1)
    )


@given(LENGTHS, AGES)
def test_it_fits_into_the_store_and_exceeds_what_was_told_before_there_were_numbers(
    length: int, age: timedelta
) -> None:
    """In older code the number was only the length of the history."""
    assert 50_000_000 < projection_number(length, age) < 2**63


def test_a_clock_that_was_set_back_takes_nothing_from_the_length() -> None:
    assert projection_number(7, -timedelta(days=1)) == projection_number(7, timedelta(0))
    assert projection_number(7, timedelta(days=100_000)) < projection_number(8, timedelta(0))
