"""Tests of messages with values, which are put into the reader's language when they are shown."""

import pytest

from domain.words import N_, clauses, listed, phrase

CHINESE = {
    "%(n)s tickets": "共 %(n)s 件",
    "of %(whom)s": "%(whom)s的",
    "%(text)s; %(part)s": "%(text)s；%(part)s",
    "%(text)s, %(item)s": "%(text)s、%(item)s",
}


def _say(message: str) -> str:
    return CHINESE[message]


def test_a_phrase_is_english_and_what_its_reader_speaks() -> None:
    count = phrase(N_("%(n)s tickets"), n=3)
    assert (count.text(), count.text(_say)) == ("3 tickets", "共 3 件")


def test_phrases_in_phrases_and_lists_are_translated_and_values_are_not() -> None:
    whose = phrase(N_("of %(whom)s"), whom=listed(["100% sure", phrase(N_("%(n)s tickets"), n=1)]))
    joined = clauses([phrase(N_("%(n)s tickets"), n=2), whose])
    assert joined.text() == "2 tickets; of 100% sure, 1 tickets"
    assert joined.text(_say) == "共 2 件；100% sure、共 1 件的"
    assert clauses([whose]) == whose


@pytest.mark.parametrize("values", [{}, {"m": 1}, {"n": 1, "m": 1}])
def test_a_phrase_has_just_the_values_of_its_placeholders(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is not filled by"):
        phrase(N_("%(n)s tickets"), **values)
