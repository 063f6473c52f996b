"""Tests of which reports belong to an incident, and of when one is proposed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.incident.incident import IncidentScope
from domain.incident.judging import Judgement, JudgingGround, ReportSaid, Verdict, judge
from domain.incident.rate import Crowd, common_places, common_words, unusual
from domain.pack.incidents import DANGER, IncidentPolicy
from domain.ticket.complaint import Kind

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
AREA, WATER, TASTE = "110112003", "0401", "0405"


def scope(**changes: Any) -> IncidentScope:
    values = {
        "categories": [WATER],
        "areas": [AREA],
        "places": ["新华西街"],
        "words": ["停水", "没水"],
        "began_at": BEGAN,
    }
    return IncidentScope.model_validate(values | changes)


def report(text: str = "新华西街停水了", **changes: Any) -> ReportSaid:
    values: dict[str, Any] = {
        "title": "",
        "text": text,
        "address": "",
        "area": AREA,
        "categories": {WATER: 2},
        "kind": Kind.COMPLAINT,
        "filed_at": BEGAN + timedelta(minutes=20),
        "divisions": ("北苑街道", "新华街道"),
    }
    return ReportSaid(**values | changes)


def judged(one: ReportSaid, where: IncidentScope | None = None) -> Judgement:
    return judge(where or scope(), one, DANGER, ZONE)


def grounds(judgement: Judgement) -> set[JudgingGround]:
    return {reason.ground for reason in judgement.reasons}


@pytest.mark.parametrize(
    "one",
    [
        report(),
        report("家里没水，什么时候能恢复？", address="新华西街 12 号院"),
        report("北苑街道新华西街突然停水", area=None),
        report("我们小区停水，马路对面也停了", address="新华西街"),
        report("新华西街停水，今天 3月2日下午六点开始"),
        report("新华西街停水，大约几点来水？"),
        report("新华西街停水", kind=Kind.CONSULTATION, area="110112003005"),
    ],
)
def test_matter_place_and_time_make_a_member(one: ReportSaid) -> None:
    judgement = judged(one)
    assert judgement.verdict is Verdict.SURE, judgement
    assert JudgingGround.WORDS in grounds(judgement), "and it is said why"


@pytest.mark.parametrize(
    ("one", "verdict", "ground"),
    [
        (report("新华东街停水了"), Verdict.NO, JudgingGround.OTHER_PLACE),
        (report("新华东街停水了", area=None), Verdict.NO, JudgingGround.OTHER_PLACE),
        (report("停水了", area="110112121"), Verdict.NO, JudgingGround.OTHER_PLACE),
        (report("玉带路停水，新华西街好像也是"), Verdict.MAYBE, JudgingGround.OTHER_PLACE),
        (report("家里停水了"), Verdict.MAYBE, JudgingGround.NO_PLACE),
        (report("新华西街昨天停水了"), Verdict.MAYBE, JudgingGround.OTHER_TIME),
        (report("新华西街天天停水"), Verdict.MAYBE, JudgingGround.OTHER_TIME),
        (report("新华西街明天停水吗"), Verdict.MAYBE, JudgingGround.OTHER_TIME),
        (report("2月27日新华西街停水"), Verdict.MAYBE, JudgingGround.OTHER_TIME),
        (report("新华西街没水的问题已经恢复了"), Verdict.MAYBE, JudgingGround.OVER),
        (report(filed_at=BEGAN - timedelta(hours=1)), Verdict.NO, JudgingGround.WORDS),
        (report("新华西街停水后水发黄", categories={TASTE: 8, WATER: 2}), Verdict.MAYBE,
         JudgingGround.OTHER_MATTER),
        (report("新华西街路灯不亮", categories={"0301": 4}), Verdict.NO,
         JudgingGround.OTHER_MATTER),
    ],
)  # fmt: skip
def test_what_is_nearly_the_same_is_no_member(
    one: ReportSaid, verdict: Verdict, ground: JudgingGround
) -> None:
    judgement = judged(one)
    assert (judgement.verdict, ground in grounds(judgement)) == (verdict, True), judgement


@pytest.mark.parametrize(
    ("one", "ground"),
    [
        (report(kind=Kind.REPORT), JudgingGround.OF_WRONGDOING),
        (report(urgent=True), JudgingGround.DANGER),
        (report("新华西街停水，我妈在家透析，救命"), JudgingGround.DANGER),
        (report("新华西街停水，有人困在电梯里"), JudgingGround.DANGER),
        (report("建议新华西街停水前发短信", kind=Kind.SUGGESTION), JudgingGround.OTHER_KIND),
    ],
)
def test_who_accuses_or_is_in_danger_is_never_a_member_unseen(
    one: ReportSaid, ground: JudgingGround
) -> None:
    judgement = judged(one)
    assert judgement.verdict is Verdict.MAYBE
    assert ground in grounds(judgement)


def test_a_point_decides_where_it_is() -> None:
    here = scope(lat=39.9, lon=116.65, metres=300)
    near = report("停水了", area=None, lat=39.901, lon=116.651)
    far = report("新华西街停水了", lat=39.95, lon=116.65)
    assert judged(near, here).verdict is Verdict.SURE
    assert judged(far, here).verdict is Verdict.NO


def test_a_whole_street_needs_no_road() -> None:
    whole = scope(places=[])
    assert judged(report("吉祥路停水了"), whole).verdict is Verdict.SURE
    assert judged(report("停水了", area="110112121"), whole).verdict is Verdict.NO
    assert judged(report("停水了", area=None), whole).verdict is Verdict.NO


def test_a_device_says_it_by_its_category() -> None:
    measured = "新华西街压力监测点：读数 0.02"
    assert judged(report(measured, categories={WATER: 99}, device=True)).verdict is Verdict.SURE
    assert judged(report(measured, categories={WATER: 99})).verdict is not Verdict.SURE


def test_an_incident_that_began_yesterday_is_told_of_as_yesterday() -> None:
    one = report("新华西街昨天停水，现在还没来", filed_at=BEGAN + timedelta(hours=16))
    assert judged(one).verdict is Verdict.SURE


def test_more_than_usual_is_proposed() -> None:
    policy = IncidentPolicy(reports=20, times=5)
    crowds = [
        Crowd(WATER, AREA, 19, 0),
        Crowd(WATER, "110112121", 20, 0.5),
        Crowd("0301", AREA, 60, 13),
        Crowd("0302", AREA, 65, 13),
    ]
    assert [one.size for one in unusual(policy, crowds)] == [65, 20]


def test_the_place_that_most_name_is_found_without_the_words_before_it() -> None:
    texts = ["我们新华西街停水", "新华西街 3 号没水", "急，新华西街停水", "家里停水", "吉祥路没水"]
    assert common_places(texts) == ["新华西街"]
    assert common_places(["吉祥路没水", "家里没水", "楼里没水"]) == []
    assert common_places([f"{name}路没水" for name in ("吉祥", "通朝", "北苑南", "玉带")]) == []
    assert common_words(texts, ["断水", "没水", "停水"]) == ["停水", "没水"]
