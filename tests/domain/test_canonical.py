"""Tests of the canonical form: what looks the same is the same, and blanks say nothing."""

import re
import sys
import unicodedata

import pytest

from domain.canonical import folded, says_nothing, substituted, typed_code, typed_number
from tests.support.notations import NOTHING, SHOWN_AS_NOTHING, notations


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
def test_what_nobody_sees_says_nothing(text: str) -> None:
    assert says_nothing(text)
    assert folded(text) == "" or unicodedata.category(folded(text)[0]) in ("Mn", "Me")


@pytest.mark.parametrize("text", ["路", "a", "1", "。", "👍", "€", "\u200b路\u200b", "ก", "½", "…"])
def test_what_somebody_sees_says_something(text: str) -> None:
    assert not says_nothing(text)


def test_every_character_that_unicode_counts_as_invisible_says_nothing() -> None:
    wrong = [
        ascii(one)
        for one in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(one) in ("Cf", "Cc", "Zs", "Zl", "Zp") and not says_nothing(one)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "written",
    ["路灯", "路\u200b灯", "路 灯", "\u2060路\ufe0f灯", "路　灯", "路\n灯", " 路\u00ad灯\ufeff"],
    ids=ascii,
)
def test_the_same_words_are_the_same_text(written: str) -> None:
    assert folded(written) == "路灯"


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("ＷＣ漏水", "wc漏水"),
        ("Straße", "STRASSE"),
        ("８号线", "8号线"),
        ("①号井", "1号井"),
        ("ﬁre  alarm", "FIRE ALARM"),
        ("é", "e\u0301"),
        ("iPhone 坏了", "iphone坏了"),
    ],
)
def test_width_case_and_composition_make_no_difference(written: str, same: str) -> None:
    assert folded(written) == folded(same)


def test_words_of_other_languages_stay_apart() -> None:
    assert folded("no  thing") == "no thing" != folded("nothing")


def test_folding_twice_changes_nothing() -> None:
    texts = [*NOTHING, *notations("13800138000"), *(f"路{one}灯 A" for one in SHOWN_AS_NOTHING)]
    texts += [chr(code) for code in range(0x3000)]
    assert [text for text in texts if folded(folded(text)) != folded(text)] == []


@pytest.mark.parametrize("written", notations("13800138000"), ids=ascii)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert typed_number(written) == "13800138000"


def test_a_code_keeps_its_capitals() -> None:
    assert typed_code("\u200bＷａｔｅｒ-０１ ") == "Water-01"


def test_what_is_not_found_stays_as_it_was_written() -> None:
    text = "\u200bＡ①\u202d１３８\u202c，ﬁ"
    assert substituted(text, re.compile("138"), lambda _: "X") == "\u200bＡ①\u202dX\u202c，ﬁ"
