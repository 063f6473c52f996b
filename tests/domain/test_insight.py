"""Tests of learned models: what they answer, why, and what is refused."""

import csv
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import process_time

import pytest

from domain.insight.explain import telling_words
from domain.insight.features import grams_of
from domain.insight.model import (
    DamagedModel,
    ForeignModel,
    TriageModel,
    UnknownFormat,
    read_model,
)
from tests.support.learned import CITY, SAYINGS, learned_file

HARD = ["电", "😀" * 4000, "يول چىرىغى بۇزۇلدى", "The lamp is broken.", "\ud83d", "。。。", ""]


@pytest.fixture(scope="module")
def file() -> bytes:
    return learned_file()


@pytest.fixture(scope="module")
def model(file: bytes) -> TriageModel:
    return read_model(file, CITY)


def test_what_past_tickets_said_is_recognised_in_other_words(model: TriageModel) -> None:
    best = model.judge("", "门口的路灯好几天都不亮了")[0]
    assert best.category == "0204"
    assert best.probability > 0.5


def test_probabilities_are_those_of_one_choice(model: TriageModel) -> None:
    judged = model.judge("路灯", "不亮")
    assert sum(one.probability for one in judged) == pytest.approx(1)
    assert [one.probability for one in judged] == sorted(
        (one.probability for one in judged), reverse=True
    )


@pytest.mark.parametrize("text", HARD)
def test_what_nobody_can_read_is_answered_without_confidence(model: TriageModel, text: str) -> None:
    assert model.judge("", text)[0].probability < 0.9


def test_ten_problems_at_once_leave_the_model_unsure(model: TriageModel) -> None:
    all_of_them = "。".join(words for sayings in SAYINGS.values() for words in sayings[:4])
    assert model.judge("", all_of_them)[0].probability < 0.9


def test_the_words_that_spoke_for_it_are_told(model: TriageModel) -> None:
    words = telling_words(model, "0204", "", "小区门口的路灯坏了，晚上看不清路")
    assert any("路灯" in word for word in words)
    assert telling_words(model, "0204", "", "") == []


def test_past_tickets_alike_are_told_by_number(model: TriageModel) -> None:
    alike = model.alike("", "小区门口的路灯坏了")
    assert alike and set(alike) <= set(model.head.numbers)


def test_the_file_has_no_words_of_anybody(file: bytes) -> None:
    assert "路灯".encode() not in file
    assert "路灯".encode("utf-16-le") not in file


def test_a_model_of_another_city_is_refused(file: bytes) -> None:
    with pytest.raises(ForeignModel):
        read_model(file, "elsewhere")


def test_another_version_than_the_one_named_is_refused(file: bytes) -> None:
    with pytest.raises(DamagedModel):
        read_model(file, CITY, "0" * 16)


def test_a_model_of_another_format_is_refused(file: bytes) -> None:
    content = file[:12] + bytes([2]) + file[13:-32]
    with pytest.raises(UnknownFormat):
        read_model(content + sha256(content).digest(), CITY)


@pytest.mark.parametrize("at", [0, 13, 40, 2000, -40, -1])
def test_a_model_that_was_changed_is_refused(file: bytes, at: int) -> None:
    changed = bytearray(file)
    changed[at] ^= 1
    with pytest.raises((DamagedModel, UnknownFormat)):
        read_model(bytes(changed), CITY)


@pytest.mark.parametrize("length", [0, 5, 60, 1000])
def test_a_model_that_was_cut_short_is_refused(file: bytes, length: int) -> None:
    with pytest.raises(DamagedModel):
        read_model(file[:length], CITY)
    with pytest.raises(DamagedModel):
        read_model(file[:-1], CITY)


def test_parts_that_do_not_fit_are_refused_though_the_digest_is_right(file: bytes) -> None:
    content = file[:-33]
    with pytest.raises(DamagedModel):
        read_model(content + sha256(content).digest(), CITY)


def test_function_words_and_width_make_no_difference() -> None:
    assert grams_of("", "路灯的坏了") == grams_of("", "路灯坏")
    assert grams_of("", "ＡＢＣ小区") == grams_of("", "abc小区")


def test_a_real_message_takes_about_a_millisecond(model: TriageModel) -> None:
    real = Path(__file__).resolve().parents[3] / "shared" / "data" / "labelled_raw.csv"
    if not real.is_file():
        pytest.skip("the real messages are not on this machine")
    csv.field_size_limit(10**7)
    with real.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    begun = process_time()
    for row in rows:
        model.judge(row["title"], row["text"])
    assert (process_time() - begun) * 1000 / len(rows) < 5  # loose: machines differ


def test_the_head_says_what_it_was_made_of(model: TriageModel) -> None:
    assert model.head.tickets == len(model.head.numbers)
    assert model.head.made_at == datetime(2026, 3, 2, tzinfo=UTC)
