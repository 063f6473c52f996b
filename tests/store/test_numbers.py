"""Tests that numbers can be read over the phone, and that a wrong digit is noticed."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from store.db.errors import BadNumber
from store.tickets.numbers import new_number, parse_number

DAY = date(2024, 11, 20)
made = st.builds(new_number, st.dates(date(2000, 1, 1), date(2099, 12, 31)))


def test_a_number_is_the_day_six_digits_and_a_check_digit() -> None:
    number = new_number(DAY)
    assert len(number) == 13
    assert number.isascii()
    assert number.isdigit()
    assert number.startswith("241120")


def test_numbers_of_a_day_differ() -> None:
    assert len({new_number(DAY) for _ in range(100)}) > 95


@given(made)
def test_a_number_parses_as_itself(number: str) -> None:
    assert parse_number(number) == number


@given(made, st.integers(0, 12), st.integers(1, 9))
def test_a_wrong_digit_is_noticed(number: str, place: int, by: int) -> None:
    wrong = str((int(number[place]) + by) % 10)
    with pytest.raises(BadNumber):
        parse_number(number[:place] + wrong + number[place + 1 :])


@given(made, st.integers(0, 11))
def test_two_swapped_neighbours_are_noticed(number: str, place: int) -> None:
    a, b = number[place], number[place + 1]
    assume(a != b)
    with pytest.raises(BadNumber):
        parse_number(number[:place] + b + a + number[place + 2 :])


def test_it_may_be_written_as_people_write() -> None:
    number = new_number(DAY)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    for written in (
        f" {number} ",
        f"{number[:6]}-{number[6:12]}-{number[12]}",
        f"{number[:6]} {number[6:]}",
        f"{number[:6]}\u3000{number[6:]}",
        f"{number[:6]}－{number[6:]}",
        wide,
    ):
        assert parse_number(written) == number


@pytest.mark.parametrize(
    "text",
    ["", "123", "24112000000000", "241120000000x", "２４", "٢٤١١٢٠٠٠٠٠٠٠٠", "1" * 41, "-" * 13],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadNumber) as refused:
        parse_number(text)
    assert refused.value.code == "bad_number"


@given(st.text())
def test_nothing_else_escapes(text: str) -> None:
    with suppress(BadNumber):
        assert len(parse_number(text)) == 13
