"""Tests of the search's terms, texts and queries, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import folded
from domain.events import Event
from domain.facts.transitions import FACTS
from domain.search.query import MOST_WORDS, Restriction, Sought, parsed
from domain.search.terms import code_term, sought_terms, terms_of, words_in
from domain.search.texts import (
    LEFT_OUT,
    SEARCHED,
    RecordedFact,
    SearchField,
    folded_texts,
    texts_of,
)
from domain.ticket.erasure import WORDS

COMPLAINT = {"title": "路灯", "text": "路灯坏了", "place": {"address": "玉带河大街 8 号"}}


def test_chinese_is_indexed_by_pairs_and_other_scripts_by_words() -> None:
    assert list(terms_of("路灯坏了,3号楼😀water")) == [
        *"路灯坏了", "路灯", "灯坏", "坏了", "3", *"号楼", "号楼", "😀", "water"
    ]  # fmt: skip
    assert list(terms_of("\"'*()%_&|!:<->\\,。、")) == []


@given(text=st.text(), begin=st.integers(0, 50), size=st.integers(1, 20))
def test_every_part_of_a_chinese_text_has_its_terms(text: str, begin: int, size: int) -> None:
    plain = folded(f"{text}路灯坏了三号楼{text}")
    part = plain[begin : begin + size]
    terms = set(terms_of(plain))
    for term in sought_terms(part):
        if term.text.isascii() or not "\u4e00" <= term.text[0] <= "\u9fff":
            continue  # words of other scripts are found by their beginning
        assert any(one.startswith(term.text) if term.begins else one == term.text for one in terms)


@given(st.text())
def test_no_term_ends_what_is_written_around_it(text: str) -> None:
    for term in [*terms_of(folded(text)), *(one.text for one in sought_terms(folded(text)))]:
        assert term
        assert not set(term) & set(" \"'*\\&|!:()\n\ue000\ue001\ue002\ue003")


@pytest.mark.parametrize("code", ["market", "a.b-c_d", "U1"])
def test_a_code_is_one_term_of_its_kind(code: str) -> None:
    term = code_term("\ue000", code)
    assert not any(one.isascii() and not one.isalnum() for one in term)
    assert term != code_term("\ue001", code)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("路灯 坏了", ["路灯", "坏了"]),
        ('"路灯 坏了"', ["路灯坏了"]),
        ("“路灯　坏了” 三楼", ["路灯坏了", "三楼"]),
        ("路灯，坏了", ["路灯", "坏了"]),
        ("NEAR(路灯 坏了)", ["near", "路灯", "坏了"]),
        ('"路灯', ["路灯"]),
        ("路灯:坏了", ["路灯", "坏了"]),
        ("unknown:坏了", ["unknown", "坏了"]),
        ('" * % [ ]', []),
        ("", []),
    ],
)
def test_what_is_no_phrase_and_no_field_is_text(typed: str, words: list[str]) -> None:
    assert [word.text for word in parsed(typed).words] == words


def test_fields_are_named_in_both_languages() -> None:
    for typed in ("reply:已修 unit:water", "答复：已修 单位：water"):
        query = parsed(typed)
        assert query.words == (Sought("已修", SearchField.REPLY),)
        assert query.restrictions == ((Restriction.UNIT, "water"),)
    again = parsed("unit:河道").as_text(Restriction.UNIT)
    assert again.words == (Sought("河道"),)
    assert again.restrictions == ()


@given(st.text(max_size=3000))
def test_no_query_fails_and_words_are_bounded(typed: str) -> None:
    query = parsed(typed)
    assert len(query.words) <= MOST_WORDS
    assert all(word.text and list(words_in(word.text)) for word in query.words)


def test_every_fact_with_a_text_is_searched_or_left_out_on_purpose() -> None:
    kinds = {str(fact.model_fields["kind"].default): fact for fact in FACTS}
    assert set(SEARCHED) <= set(kinds)
    assert set(kinds) >= LEFT_OUT
    assert not set(SEARCHED) & LEFT_OUT
    known = set(SEARCHED) | LEFT_OUT
    with_words = {
        kind
        for kind, fact in kinds.items()
        if set(fact.model_fields) & (WORDS - {"files", "evidence"})
        or {"result", "minutes"} & set(fact.model_fields)
    }
    assert with_words - known == set()
    for kind, (_, paths) in SEARCHED.items():
        assert all(path.split(".")[0] in kinds[kind].model_fields for path in paths), kind
    assert "fact" in Event.model_fields


def test_the_systems_own_sentences_are_no_notes() -> None:
    note = {"reason": "约好周三", "because": []}
    ours = {"reason": "levels", "because": [{"code": "x"}]}
    facts = [
        RecordedFact("reassigned", False, note),
        RecordedFact("reassigned", True, {"reason": "系统"}),
        RecordedFact("level_raised", False, ours),
        RecordedFact("replied", True, {"text": "已修复"}),
        RecordedFact("handled", False, {"result": {"reply": "已修复"}}),
        RecordedFact("merged", False, {"reason": "并单"}),
        RecordedFact("facts_added", False, {"text": "路 灯还\n没亮"}),
    ]
    texts = folded_texts(texts_of(COMPLAINT, facts))
    assert texts == {
        SearchField.SAID: "路灯\n路灯坏了\n路灯还没亮",
        SearchField.PLACE: "玉带河大街8号",
        SearchField.REPLY: "已修复",
        SearchField.NOTE: "约好周三",
    }
