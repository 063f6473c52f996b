"""Tests that both languages are complete: nothing is untranslated, fuzzy or unused."""

import pytest

from api.http.i18n import CHINESE, ENGLISH, LANGUAGES
from api.pages.shared import labels
from api.pages.shared.labels import LABELS
from domain.deadlines.clocks import LevelKind
from domain.facts.transitions import TABLE
from domain.pack.catalogue import Level
from domain.ticket.assignment import Ending, Share
from domain.ticket.complaint import Channel, Kind
from domain.ticket.rating import Grade
from domain.ticket.stages import Outcome, Stage
from scripts.messages import faults
from store.tickets.stuck import Waits

VALUES = {
    "kind": Kind,
    "channel": Channel,
    "stage": Stage,
    "outcome": Outcome,
    "rung": LevelKind,
    "share": Share,
    "ending": Ending,
    "level": Level,
    "waits": Waits,
}


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != ENGLISH])
def test_every_message_of_the_pages_is_translated_and_none_is_left_over(language: str) -> None:
    assert list(faults(language)) == []


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_of_the_domain_has_a_word(kind: str) -> None:
    assert set(LABELS[kind]) == {str(value.value) for value in VALUES[kind]}


def test_every_grade_has_a_word() -> None:
    assert set(LABELS["grade"]) == {str(grade.value) for grade in Grade}


def test_every_event_has_words_and_every_one_a_citizen_reads_has_words_for_them() -> None:
    for row in TABLE:
        words = row.fact.words
        assert words.staff, row.kind
        assert words.staff_zh, row.kind
        assert bool(words.citizen) == bool(words.citizen_zh), row.kind
        assert words.citizen or not words.quoted, row.kind


def test_a_value_and_a_refusal_are_said_in_the_readers_language() -> None:
    chinese, english = (labels.Labels(each) for each in (CHINESE, ENGLISH))
    assert (chinese.label("stage", Stage.TRIAGE), english.label("stage", Stage.TRIAGE)) == (
        "分类",
        "Triage",
    )
    assert chinese.problem("already_rated") == "您已经评价过了，谢谢。"
    assert english.problem("no_such_code") == "Not possible now."
