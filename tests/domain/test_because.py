"""Tests of the reasons that the system gives: their catalogue, and how readers are told them."""

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.commands.joint.raise_level import raised
from domain.commands.supervising.supervise import order
from domain.events import Fact
from domain.facts.handling import Signed
from domain.facts.intake import Assigned, Classified, TriageUnsure
from domain.facts.joint import LevelRaised
from domain.facts.machine_reasons import REASONS_OF, is_ours, note_of, order_in_words, reasons_of
from domain.facts.merging import Unmerged
from domain.facts.supervising import SupervisionOrdered
from domain.facts.verifying import ClosingRefuted, VerificationRequested
from domain.pack.names import names_of
from domain.ticket.assignment import Assignment, AssignmentPlan, HandlingResult
from domain.ticket.because import (
    CATALOGUE,
    Because,
    ParameterKind,
    ReasonCode,
    Value,
    because,
    in_words,
    sentence,
)
from domain.ticket.erasure import POINTERS, WORDS, without_words
from domain.ticket.minutes import Order
from domain.ticket.reasons_before import reason_before
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket
from tests.store.stories import START, complaint
from tests.support.cities import SHIPPED

SAMPLES: dict[ParameterKind, Value] = {
    ParameterKind.UNIT: "water",
    ParameterKind.CATEGORY: "0303",
    ParameterKind.AREA: "110112004",
    ParameterKind.CITY: "tongzhou",
    ParameterKind.CLOCK: "handle",
    ParameterKind.NUMBER: 4,
    ParameterKind.KEYWORDS: "路灯, 不亮",
    ParameterKind.CONDITION: "t.repeats >= 2",
    ParameterKind.ROW: "03*",
}
OLD_SENTENCES = {
    "named by the complainant": "登记时已选定该事项",
    "no keyword found": "未提及事项目录中的关键词",
    "keywords 污水, 井盖": "提及：污水, 井盖",
    "also 0701: 物业": "也可能属于0701：物业",
    "kept for a person": "受理员留待人工分类",
    "a report waits for a person": "举报件须人工确认被举报单位",
    "the filing condition does not hold: t.repeats >= 2": "未达立案条件：t.repeats >= 2",
    "chosen by hand": "人工分类",
    "named by hand": "已指定单位",
    "tongzhou/responsibilities.csv:2 (0303, 110112*, water)": (
        "tongzhou职责清单第 2 行：0303，110112*，water"
    ),
    "tongzhou/city.toml#city.fallback (nobody owns 7777 in 110112004)": (
        "tongzhou职责清单未列110112004“7777”的责任单位，由兜底单位承办"
    ),
    "tongzhou/city.toml#city.fallback (nobody owns 7777 in None)": (
        "街道不明，tongzhou职责清单未列“7777”的责任单位，由兜底单位承办"
    ),
    "not market: the report is about market-1": "举报对象为market-1，不派market",
    "severity 4": "催办、重复反映较多，严重程度达到 4 级",
    "sign_overdue": "sign超期",
    "parent_ended": "主单已结束，未作答复",
    "parent_answered": "主单已答复，不再并单",
}
"""The sentences recorded before there were codes, and what a reader in Chinese is told."""


def sample(code: ReasonCode) -> Because:
    kinds = CATALOGUE[code].parameters
    return because(code, **{name: SAMPLES[kind] for name, kind in kinds.items()})


# --- the catalogue --------------------------------------------------------------------------------


def test_the_catalogue_has_every_code_and_no_other() -> None:
    assert set(CATALOGUE) == set(ReasonCode)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words_in_both_languages_that_use_every_parameter(
    code: ReasonCode,
) -> None:
    words = CATALOGUE[code]
    for text in (words.sentence, words.english, words.chinese):
        assert text.strip() == text != ""
        assert set(re.findall(r"\{(\w+)\}", text)) == set(words.parameters)
    assert re.search(r"[\u4e00-\u9fff]", words.chinese)
    assert not re.search(r"[\u4e00-\u9fff]", words.sentence + words.english)


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_is_told_in_each_language_with_its_parameters(code: ReasonCode) -> None:
    reason = sample(code)
    for language in ("en", "zh"):
        text = in_words(reason, language)
        assert all(str(value) in text for value in reason.parameters.values())
        assert "{" not in text
    assert TypeAdapter(Because).validate_json(reason.model_dump_json()) == reason


def test_a_reason_takes_its_own_parameters_and_no_other() -> None:
    for wrong in ({}, {"severity": 4, "text": "?"}, {"text": "?"}):
        with pytest.raises(ValueError, match="severity"):
            because(ReasonCode.SEVERITY, **wrong)


def test_the_reason_of_a_newer_version_is_told_as_its_code_and_parameters() -> None:
    newer = Because(code="moon_phase", parameters={"phase": "full", "day": 3})
    assert in_words(newer, "zh") == in_words(newer, "en") == "moon_phase (phase full, day 3)"
    assert sentence([newer]) == "moon_phase (phase full, day 3)"
    assert in_words(Because(code="moon"), "zh") == "moon"
    assert in_words(Because(code="severity", parameters={"grade": 2}), "en") == "severity (grade 2)"
    more = Because(code="severity", parameters={"severity": 2, "since": "monday"})
    assert in_words(more, "en") == "Urged or reported often: severity 2"


@given(
    st.sampled_from([*ReasonCode, "newer", ""]),
    st.dictionaries(
        st.sampled_from(["keywords", "category", "condition", "severity", "{0}", ""]),
        st.text() | st.integers() | st.floats(),
    ),
    st.sampled_from(["zh", "en", "fr", ""]),
)
def test_any_reason_can_be_told(code: str, parameters: dict[str, Value], language: str) -> None:
    reason = Because(code=code, parameters=parameters)
    fact = Classified(category="1", tier="t", why="", because=[reason])
    name = in_words(reason, language, names_of(SHIPPED.get("tongzhou"), language))
    assert isinstance(name, str)
    assert reasons_of(fact, language) == [in_words(reason, language)]


def test_units_categories_streets_clocks_and_the_city_are_told_by_their_names() -> None:
    pack = SHIPPED.get("tongzhou")
    nobody = sample(ReasonCode.NOBODY_RESPONSIBLE)
    chinese = in_words(nobody, "zh", names_of(pack, "zh"))
    for name in (pack.city.name, pack.category("0303").name, "玉桥街道"):
        assert name in chinese
    accused = sample(ReasonCode.UNIT_ACCUSED)
    assert pack.unit("water").name_en in in_words(accused, "en", names_of(pack, "en"))
    late = sample(ReasonCode.OVERDUE)
    assert in_words(late, "zh", names_of(pack, "zh")) == "办理超期"
    assert in_words(late, "en", names_of(pack, "en")) == "Time ran out: Handling"
    gone = Because(code="unit_accused", parameters={"unit": "gone", "accused": "water"})
    assert "gone" in in_words(gone, "zh", names_of(pack, "zh"))


# --- what is recorded -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ReasonCode)
def test_no_parameter_has_the_name_of_something_that_is_erased(code: ReasonCode) -> None:
    assert not set(CATALOGUE[code].parameters) & (WORDS | POINTERS)
    items = [sample(code).model_dump()]
    assert without_words({"because": items}) == {"because": items}


def test_the_workflows_own_reason_has_a_code_beside_its_text() -> None:
    ticket = _with_a_lead(reason_codes=True)
    why = because(ReasonCode.OVERDUE, clock="sign")
    up = raised(ticket, why, [])
    assert isinstance(up, LevelRaised)
    assert (up.reason, up.because) == ("sign_overdue", [why])
    above_threshold = because(ReasonCode.SEVERITY, severity=4)
    ordered = order(ticket, above_threshold, [], escalated=True)
    assert isinstance(ordered, SupervisionOrdered)
    assert (ordered.text, ordered.because) == ("severity 4", [above_threshold])
    ordered.apply(ticket, START)
    assert ticket.orders[0].because == [above_threshold]


def test_a_ticket_from_before_the_codes_goes_on_without_them() -> None:
    """Its history, replayed, must give the events that were recorded."""
    ticket = _with_a_lead(reason_codes=False)
    up = raised(ticket, because(ReasonCode.OVERDUE, clock="sign"), [])
    assert isinstance(up, LevelRaised)
    assert (up.reason, up.because) == ("sign_overdue", [])


def test_a_persons_reason_has_no_code() -> None:
    up = raised(_with_a_lead(reason_codes=True), "跨两个街道", [])
    assert isinstance(up, LevelRaised)
    assert (up.reason, up.because, reasons_of(up, "zh")) == ("跨两个街道", [], [])
    assert not is_ours(up, "跨两个街道")


def _with_a_lead(*, reason_codes: bool) -> Ticket:
    ticket = Ticket.of(complaint())
    ticket.rules = Rules(pack="demo", pack_version="1", reason_codes=reason_codes)
    ticket.assignments = [
        Assignment(n=1, unit="street", above="gov", queue="units", why="", opened_at=START)
    ]
    return ticket


# --- what readers are told of an event ------------------------------------------------------------


def test_every_reason_belongs_to_a_kind_of_fact() -> None:
    assert set().union(*map(set, REASONS_OF.values())) == set(ReasonCode)
    assert set(REASONS_OF) <= set(get_args(get_args(Fact)[0]))


@pytest.mark.parametrize("text", OLD_SENTENCES)
def test_a_sentence_from_before_the_codes_is_told_in_chinese_too(text: str) -> None:
    reason = reason_before(text, set(ReasonCode))
    assert reason is not None
    assert (in_words(reason, "zh"), sentence([reason])) == (OLD_SENTENCES[text], text)


def test_the_old_sentences_cover_the_catalogue() -> None:
    codes = {
        found.code for text in OLD_SENTENCES if (found := reason_before(text, set(ReasonCode)))
    }
    since = {
        ReasonCode.CLOSING_CONDITION, ReasonCode.PARENT_APART, ReasonCode.ACCUSES,
        ReasonCode.EMERGENCY, ReasonCode.LEARNED, ReasonCode.LEARNED_UNSURE,
        ReasonCode.ON_BORDER, ReasonCode.POINT_OUTSIDE, ReasonCode.POINT_AGAINST_WORDS,
        ReasonCode.SEVERAL_PLACES, ReasonCode.PLACE_UNSURE,
    }  # fmt: skip
    assert codes == set(ReasonCode) - since


def test_an_old_event_is_told_by_its_text() -> None:
    two = "a report waits for a person; keywords 吃拿卡要"
    unsure = TriageUnsure(why=two)
    assert reasons_of(unsure, "zh") == ["举报件须人工确认被举报单位", "提及：吃拿卡要"]
    assert reasons_of(TriageUnsure(why="the stars"), "zh") == ["the stars"]
    plan = AssignmentPlan(
        assignment=1, unit="w", queue="units", why="not w: the report is about w-1"
    )
    lines = ["举报对象为w-1，不派w"]
    assert reasons_of(Assigned(**plan.model_dump()), "zh") == lines
    assert reasons_of(VerificationRequested(before="filing", share=plan), "zh") == lines
    assert reasons_of(Unmerged(reason="parent_ended"), "en") == [
        "The ticket it was merged into ended without an answer"
    ]
    assert reasons_of(Unmerged(reason="误并"), "en") == []
    automatic = Order(n=1, text="severity 2")
    assert order_in_words(automatic, "zh") == ("催办、重复反映较多，严重程度达到 2 级，自动督办")
    assert order_in_words(automatic, "en") == (
        "Urged or reported often: severity 2; ordered automatically"
    )
    assert order_in_words(Order(n=1, text="限三日办结"), "zh") == "限三日办结"


def test_a_result_refused_by_the_closing_condition_is_told_apart_from_a_verifiers_words() -> None:
    by_rule = ClosingRefuted(reason="size(r.evidence) > 0")
    assert reasons_of(by_rule, "zh") == ["未达结案条件：size(r.evidence) > 0"]
    assert is_ours(by_rule, "size(r.evidence) > 0")
    seen = ClosingRefuted(assignment=2, result=HandlingResult(reply="还黑着"), reason="还黑着")
    assert (reasons_of(seen, "zh"), is_ours(seen, "还黑着")) == ([], False)


def test_the_note_of_who_classified_is_told_beside_the_reason() -> None:
    by_hand = [because(ReasonCode.CLASSIFIED_BY_HAND)]
    noted = Classified(category="1", tier="t", why="听录音是污水", because=by_hand)
    assert (reasons_of(noted, "zh"), note_of(noted)) == (["人工分类"], "听录音是污水")
    plain = Classified(category="1", tier="t", why="chosen by hand", because=by_hand)
    assert note_of(plain) == ""


def test_a_fact_without_a_reason_of_the_system_tells_none() -> None:
    assert reasons_of(Signed(assignment=1), "zh") == []


def test_the_reference_lists_every_reason_with_its_parameters_and_words() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")
    for code, words in CATALOGUE.items():
        names = ", ".join(f"`{name}`" for name in words.parameters) or "—"
        assert f"| `{code}` | {names} | {words.english} | {words.chinese} |" in page
