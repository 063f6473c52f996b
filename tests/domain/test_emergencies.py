"""Tests of emergencies: a word counts where it tells of a danger that is there now."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.pack.emergencies import happens
from domain.pack.routing import classify
from domain.ticket.complaint import Complaint
from tests.support.cities import SHIPPED

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "messages.csv"
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)

TRUE = frozenset(
    {
        "189029", "194207", "222634", "227271", "232432", "236842", "241638", "247227",
        "249301", "259145", "259606", "272351", "284837", "286165", "288844",
    }
)  # fmt: skip
"""The messages that tell of a danger to life that is there now, found by reading."""
MOST_FALSE = 0.003


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("三楼着火了,快来人", "着火"),
        ("我家楼下正在着火", "着火"),
        ("小区里燃气泄漏,可能要爆炸", "燃气泄漏"),
        ("现在又起火了,和去年一样", "起火"),
        ("去年修过的电线今天又漏电", "漏电"),
    ],
)
def test_a_danger_that_is_there_now_is_one(text: str, word: str) -> None:
    assert happens(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("去年小区着火", "着火"),
        ("2019年8月着火一次", "着火"),
        ("万一着火怎么办", "着火"),
        ("请加强宣传,防止燃气泄漏", "燃气泄漏"),
        ("存在着火隐患", "着火"),
        ("配电箱没有漏电保护", "漏电"),
        ("并没有着火", "着火"),
        ("望着火车站的站台", "着火"),
        ("居民经常被困电梯", "被困电梯"),
    ],
)
def test_one_of_the_past_one_that_may_come_and_a_name_are_none(text: str, word: str) -> None:
    assert not happens(text, word)


def _urgent(city: str, title: str, text: str) -> bool:
    complaint = Complaint(number="1", city=city, title=title[:200], text=text, filed_at=NOW)
    return classify(SHIPPED.get(city), complaint).urgent


@pytest.mark.parametrize("city", SHIPPED.ids())
@pytest.mark.parametrize(
    "text", ["消防通道被私家车占用", "想咨询消防安全知识", "去年小区着火，物业至今没有换灭火器"]
)
def test_no_city_takes_fire_lanes_and_last_years_fire_for_one(city: str, text: str) -> None:
    assert not _urgent(city, "", text)


@pytest.mark.parametrize("city", SHIPPED.ids())
def test_a_threat_to_ones_own_life_goes_to_a_person_in_every_city(city: str) -> None:
    complaint = Complaint(number="1", city=city, text="拿不到工资，他现在要去跳楼", filed_at=NOW)
    suggestion = classify(SHIPPED.get(city), complaint)
    assert suggestion.urgent and not suggestion.confident
    assert suggestion.because[0].code == "emergency"


@pytest.mark.parametrize("city", SHIPPED.ids())
def test_every_emergency_of_the_real_messages_is_caught(city: str) -> None:
    if not REAL.is_file():
        pytest.skip("the real messages are not on this machine")
    csv.field_size_limit(10**7)
    with REAL.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = {row["id"] for row in rows if _urgent(city, row["title"], row["text"] or "-")}
    assert not TRUE - found
    assert len(found - TRUE) <= MOST_FALSE * len(rows)
