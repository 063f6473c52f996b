"""Tests of the conditions of packs: the allowed language, and a result for all that compiles."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.pack.condition_vocabulary import EventCase, ResultCase, ShareCase, TicketFacts
from packs.conditions import (
    LONGEST,
    OF_EVENTS,
    OF_RESULTS,
    OF_TICKETS,
    ConditionError,
    compile_condition,
)


def holds(text: str, **fields: Any) -> bool:
    """Return whether a condition holds for a ticket with these fields."""
    return compile_condition(text, OF_TICKETS).holds(t=TicketFacts(**fields).model_dump())


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("true", {}, True),
        ("t.open", {"open": True}, True),
        ("!t.open", {"open": True}, False),
        ("t.tier == 'urgent' && t.returns > 1", {"tier": "urgent", "returns": 2}, True),
        ("t.tier == 'urgent' && t.returns > 1", {"tier": "urgent", "returns": 1}, False),
        ("t.rated || t.asked", {"asked": True}, True),
        ('t.tier in ["urgent", "utility"]', {"tier": "utility"}, True),
        ("t.grade in [4, 5]", {"grade": 3}, False),
        ("t.grade == -1", {}, True),
        ("t.hours >= 0 && t.hours < 24", {"hours": 23.5}, True),
        ("t.hours < 24.5", {"hours": 24}, True),
        ("t.hours + 1.5 > 2.0", {"hours": 1}, True),
        ("t.yellow + t.red > 2", {"yellow": 2, "red": 1}, True),
        ("t.yellow - t.red == -(1)", {"yellow": 0, "red": 1}, True),
        ("(t.open ? t.red : t.yellow) > 0", {"open": False, "yellow": 1}, True),
        ("t.area.startsWith('110112') && !t.area.endsWith('9')", {"area": "110112001"}, True),
        ("t.category.contains('03')", {"category": "0303"}, True),
        ("size(t.tier) == 2 && t.tier.size() < 3", {"tier": "紧急"}, True),
        ("t.open == t.due", {"open": True, "due": False}, False),
        ("t.area >= '2'", {"area": "110112"}, False),
        ("t.unit\n  == 'water'", {"unit": "water"}, True),
        ("t.unit == 'it\\'s'", {"unit": "it's"}, True),
    ],
)
def test_a_condition_says_whether_it_holds(
    text: str, fields: dict[str, Any], expected: bool
) -> None:
    assert holds(text, **fields) is expected


def test_a_condition_speaks_of_all_that_its_place_knows() -> None:
    closing = compile_condition("result.resolved || t.returns > 0", OF_RESULTS)
    assert closing.holds(
        t=TicketFacts().model_dump(), result=ResultCase(resolved=True).model_dump()
    )
    scoring = compile_condition("e.clock == 'sign' && a.part == 'lead' && !t.merged", OF_EVENTS)
    event, share = EventCase(clock="sign").model_dump(), ShareCase(part="lead").model_dump()
    assert scoring.holds(e=event, a=share, t=TicketFacts().model_dump())
    assert not scoring.holds(e=event, a=ShareCase().model_dump(), t=TicketFacts().model_dump())


def test_a_reply_is_as_long_as_its_characters() -> None:
    condition = compile_condition("size(result.reply) >= 10", OF_RESULTS)
    assert not condition.holds(result={"reply": "已办结，谢谢"})
    assert condition.holds(result={"reply": "已于今日上午清运完毕。"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the condition breaks off"),
        ("t.open &&", "the condition breaks off"),
        ("(t.open", "\\) is missing before the end"),
        ("t.open)", "'\\)' is not expected here"),
        ("t.open or t.due", "'or' is not expected here"),
        ("t.open and t.due", "'and' is not expected here"),
        ("t.tier = 'urgent'", "'=' cannot be used"),
        ("t.tier == 'urgent", '"\'" cannot be used'),
        ("t.tier == '\\q'", "Failed to parse"),
        ("t.open // always", "'/' cannot be used"),
        ("1 < t.grade < 3", "'<' is not expected"),
        ("x == 1", "unknown variable 'x'; known here: t"),
        ("open", "unknown variable 'open'"),
        ("null == t.tier", "unknown variable 'null'"),
        ("result.resolved", "unknown variable 'result'"),
        ("t.nope == 1", "'t' has no field 'nope'"),
        ("false && t.nope == 1", "'t' has no field 'nope'"),
        ("t.model_dump == 1", "'t' has no field 'model_dump'"),
        ("t == t", "'t' alone says nothing"),
        ("t['tier'] == 'a'", "'t' alone says nothing"),
        ("t.tier.name == 'a'", "'name' is not a field of a text"),
        ("t.tier[0] == 'a'", "after a value is not possible"),
        ("t.returns", "is a whole number, not true or false"),
        ("t.tier", "is a text, not true or false"),
        ("t.open ? 1 : 2", "is a whole number, not true"),
        ("t.open ? t.due : t.tier", "chooses between true or false and a text"),
        ("t.tier ? t.due : t.open", "before \\? stands a text"),
        ("t.open && t.returns", "after && stands a whole number"),
        ("t.tier || t.open", "before || stands a text"),
        ("!t.returns", "after ! stands a whole number"),
        ("-t.tier == 'a'", "- before a text"),
        ("t.grade < 'good'", "< compares a whole number with a text"),
        ("t.open == 1", "== compares true or false with a whole number"),
        ("false && t.grade < 'good'", "< compares a whole number with a text"),
        ("t.open < t.due", "< does not compare true or false"),
        ("t.hours + 1 > 2", "joins a decimal number and a whole number"),
        ("t.tier + 'a' == 'a'", "joins a text and a text"),
        ("t.tier in 'urgent'", "\\[ is missing"),
        ("t.tier in []", "after in stands a list"),
        ("t.tier in ['a', 1]", "the list has a text and a whole number"),
        ("t.tier in [1]", "in compares a text with a whole number"),
        ("t.tier in [t.unit]", "after in stands a list"),
        ("[1, 2] == [1, 2]", "a list stands only after in"),
        ("{'a': 1}.a == 1", "'{' cannot be used"),
        ("t.tier.matches('(a+)+')", "unknown function 'matches'"),
        ("[1].exists(x, x == 1)", "a list stands only after in"),
        ("t.tier.all(x, true)", "unknown function 'all'"),
        ("has(t.tier)", "unknown function 'has'"),
        ("timestamp('2026-01-01') > 0", "unknown function 'timestamp'"),
        ("size(t.returns) > 1", "size is asked of a whole number"),
        ("size() > 1", "size is asked of nothing"),
        ("t.tier.startsWith(1)", "startsWith is asked of a text and a whole number"),
        ("startsWith(t.tier, 'a')", "startsWith follows a text"),
        ("characters(t.tier) > 1", "unknown function 'characters'"),
        ("t.returns * 2 > 1", "'\\*' cannot be used"),
        ("1 / t.returns > 1", "'/' cannot be used"),
        ("t.returns % 2 == 1", "'%' cannot be used"),
        ("9999999999 > t.returns", "'9999999999' cannot be used"),
        ("0x10 > t.returns", "'0x10' cannot be used"),
        ("1e9 > t.hours", "'1e9' cannot be used"),
        ("r'a' == t.tier", "cannot be used"),
        ("(" * 30 + "t.open" + ")" * 30, "nested more than 20 deep"),
        ("!" * 30 + "t.open", "nested more than 20 deep"),
        ("1+" * 80 + "1 > 0", "more than 60 operators"),
        ("t.open && " * 60 + "true", f"604 characters: at most {LONGEST}"),
    ],
)
def test_what_a_condition_may_not_say_is_told(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message) as refused:
        compile_condition(text, OF_TICKETS)
    assert refused.value.code == "bad_condition"


def test_what_a_condition_asks_for_and_is_not_given_is_told() -> None:
    condition = compile_condition("t.open && result.resolved", OF_RESULTS)
    with pytest.raises(ConditionError, match="'result' is not given") as refused:
        condition.holds(t=TicketFacts().model_dump())
    assert refused.value.code == "bad_condition"
    with pytest.raises(ConditionError, match="'resolved' is not given"):
        condition.holds(t=TicketFacts().model_dump(), result={})


def test_a_condition_may_be_asked_from_any_thread() -> None:
    condition = compile_condition("t.tier == 'urgent'", OF_TICKETS)
    case = TicketFacts(tier="urgent").model_dump()
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda _: condition.holds(t=case), range(200)))


def test_to_ask_costs_microseconds_and_to_compile_again_nothing() -> None:
    text = "t.open && t.hours < 24.0 && t.tier in ['urgent', 'utility'] && size(t.unit) > 2"
    condition = compile_condition(text, OF_TICKETS)
    assert compile_condition(text, OF_TICKETS) is condition
    case = TicketFacts(tier="urgent", hours=3, unit="water").model_dump()
    start = time.process_time()
    for _ in range(1000):
        condition.holds(t=case)
    assert time.process_time() - start < 0.5


def test_only_what_it_looks_at_is_handed_over() -> None:
    condition = compile_condition("t.open && (t.tier == 'a' || t.open)", OF_TICKETS)
    assert condition.fields == {"t": ("open", "tier")}


# --- results of compiled conditions -------------------------------------------------------------

MODELS = dict(OF_EVENTS)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-1, 10**9),
    float: st.floats(-1, 1e9) | st.just(-1),
    str: st.text(max_size=8),
}
CASES = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {field: VALUES[info.annotation] for field, info in model.model_fields.items()}
        )
        for name, model in MODELS.items()
    }
)


def _fields(sort: type) -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            f"{name}.{field}"
            for name, model in MODELS.items()
            for field, info in model.model_fields.items()
            if info.annotation is sort
        ]
    )


TEXTS = _fields(str) | st.sampled_from(["'a'", '"紧急"', "''"])
WHOLES = _fields(int) | st.sampled_from(["0", "999999999", "-(1)", "- 2"])
DECIMALS = _fields(float) | st.sampled_from(["0.5", "- 1.0", "999999999.0"])
SUMS = st.one_of(
    st.lists(WHOLES, min_size=1, max_size=9).map(" + ".join),
    st.lists(DECIMALS, min_size=1, max_size=4).map(" - ".join),
    TEXTS.map("size({})".format),
)
COMPARISONS = st.one_of(
    _fields(bool),
    st.tuples(SUMS, st.sampled_from(["==", "!=", "<", ">="]), SUMS).map(" ".join),
    st.tuples(TEXTS, st.sampled_from(["==", "!=", "<", ">="]), TEXTS).map(" ".join),
    TEXTS.map("{} in ['a', 'b']".format),
    st.tuples(TEXTS, TEXTS).map(lambda two: "{}.contains({})".format(*two)),
)


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, st.sampled_from(["&&", "||", "=="]), parts).map(
            "({0[0]}) {0[1]} ({0[2]})".format
        ),
        st.tuples(parts, parts, parts).map("({0[0]} ? {0[1]} : {0[2]})".format),
        parts.map("!({})".format),
    )


@settings(max_examples=300, deadline=None)
@given(text=st.recursive(COMPARISONS, _joined, max_leaves=5), values=CASES)
def test_whatever_compiles_has_an_answer(text: str, values: dict[str, Any]) -> None:
    assume(len(text) <= LONGEST)
    assert compile_condition(text, OF_EVENTS).holds(**values) in (True, False)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("t.open&|!=<>()[]'\"ab 0123456789+-,?:in"), max_size=40))
def test_whatever_is_written_is_compiled_or_refused(text: str) -> None:
    try:
        condition = compile_condition(text, OF_TICKETS)
    except ConditionError:
        return
    assert condition.holds(t=TicketFacts().model_dump()) in (True, False)
