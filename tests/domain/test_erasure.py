"""Tests of the data of a ticket that is erased, and of the data kept for statistics."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from domain.facts.transitions import FACTS
from domain.ticket.erasure import GONE, POINTERS, RECORD, WORDS, without_words
from domain.ticket.ticket import Ticket


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the plain types within an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in (Union, types.UnionType, list, tuple, dict, set):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _text_fields(model: type[BaseModel], seen: set[type]) -> Iterator[tuple[str, str]]:
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        for part in _parts(field.annotation):
            if part is str:
                yield model.__name__, name
            elif isinstance(part, type) and issubclass(part, BaseModel):
                yield from _text_fields(part, seen)


def test_every_text_of_a_ticket_and_its_events_is_either_erased_or_record() -> None:
    seen: set[type] = set()
    models: tuple[type[BaseModel], ...] = (Ticket, *FACTS)
    pairs = {pair for model in models for pair in _text_fields(model, seen)}
    assert len(seen) > 60
    assert len(pairs) > 80
    undecided = {pair for pair in pairs if pair[1] not in WORDS | POINTERS | RECORD}
    assert undecided == set()
    assert not WORDS & RECORD


def test_words_go_and_codes_stay() -> None:
    lines = {
        "complaint": {
            "text": "我是张三",
            "title": "",
            "category": "0301",
            "person": "a1",
            "public": True,
            "place": {"address": "三单元", "lat": 39.9, "lon": 116.6, "area": "110112003"},
        },
        "rating": {"grade": 1, "words": "很差"},
        "assignments": [{"unit": "water", "result": {"reply": "已办", "evidence": ["photo"]}}],
    }
    assert without_words(lines) == {
        "complaint": {
            "text": GONE,
            "title": "",
            "category": "0301",
            "person": None,
            "public": False,
            "place": {"address": GONE, "lat": None, "lon": None, "area": "110112003"},
        },
        "rating": {"grade": 1, "words": GONE},
        "assignments": [{"unit": "water", "result": {"reply": GONE, "evidence": []}}],
    }


def test_the_reason_of_an_outcome_is_a_code_and_stays() -> None:
    declined = {"kind": "declined", "reason": "court", "text": "请向法院"}
    assert without_words(declined) == {"kind": "declined", "reason": "court", "text": GONE}
    returned = {"kind": "return_asked", "ground": "not_ours", "reason": "王先生说"}
    assert without_words(returned)["reason"] == GONE
    assert without_words(returned)["ground"] == "not_ours"


def test_the_note_of_who_classified_is_erased_and_the_systems_reason_stays() -> None:
    because = [{"code": "keywords", "parameters": {"keywords": "路灯"}}]
    ours = {"kind": "classified", "why": "keywords 路灯", "because": because}
    assert without_words(ours) == ours
    noted = {"kind": "classified", "why": "张三说是路灯", "because": because}
    assert without_words(noted) == noted | {"why": GONE}
    before = {"kind": "classified", "why": "named by the complainant"}
    assert without_words(before) == before
    assert without_words(before | {"why": "张三说是路灯"})["why"] == GONE
