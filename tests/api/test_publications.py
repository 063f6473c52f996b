"""Tests of published texts: no place that shows them tells who a person is."""

import html
from typing import Any

import pytest

from domain.ticket.complaint import Place
from store.db.engine import Store
from tests.api.running_api import Api
from tests.store.stories import Story, complaint, project
from tests.support.notations import notations

SECRETS = [
    "13800138000",
    "138 0013 8000",
    "+86-13800138000",
    "010-12345678",
    "11010519491231002X",
    "6222 0212 3456 7890 123",
    "wang.wei@example.org",
    "京A12345",
    "冀AD12345",
    "3号楼2单元501室",
    "2单元501",
    *notations("13800138000"),
    *notations("11010519491231002"),
    "１１０１０５１９４９１２３１００２Ｘ",
    "110105 19491231 002x",
    "(010)12345678",
    "（０１０）１２３４５６７８",
    "0310—1234567",
    "0086 138 0013 8000",
    "+852 5123 4567",
    "ｗａｎｇ＠ｅｘａｍｐｌｅ．ｏｒｇ",
    "京A·12345",
    "京Ａ·１２３４５",
    "京a 12345",
    "京AD-12345",
    "京A1234学",
    "粤Z1234港",
    "3栋501",
    "3 幢 2 单元 501",
    "3#楼501",
    "十二栋1203室",
    "三栋五〇一",
    "三号楼二单元五零一室",
    "3号楼小明家501室",
    "12-3-501",
]
OF_THE_MATTER = [
    "路灯坏了3盏",
    "2026年3月2日下午2点",
    "新华西街128号门口",
    "请打12345",
    "第3号楼前的路灯",
    "工单 15 天没动",
    "3栋楼下的路灯坏了20天",
    "2026-03-05 2026-03-06两天",
    "2024/03/05 12:30:45拍的",
    "二〇二六年十一月三十日",
    "10号线2026.3.5停运",
    "政务大厅201室",
    "预算1234567.89元",
]
SHOWN_AT = [
    "/api/v1/cities/tongzhou/answers",
    "/city/tongzhou/answers",
    "/city/tongzhou/points.json",
]
"""Everything that publishes texts of tickets."""


async def _published(store: Store, **values: Any) -> str:
    place = Place(lat=39.90123456, lon=116.65123456)
    story = Story(complaint(city="tongzhou", public=True, place=place, **values))
    await project(store, story.whole())
    return story.number


async def _texts(api: Api, path: str) -> str:
    answer = await api.http.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


@pytest.mark.parametrize("path", SHOWN_AT)
async def test_no_personal_detail_is_shown(engineless_api: Api, path: str) -> None:
    for secret in SECRETS:
        await _published(engineless_api.store, title=f"找{secret}", text=f"请联系{secret}，谢谢。")
    shown = await _texts(engineless_api, path)
    assert "找▇▇▇" in shown
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("path", SHOWN_AT)
async def test_what_is_about_the_matter_is_shown(engineless_api: Api, path: str) -> None:
    for text in OF_THE_MATTER:
        await _published(engineless_api.store, title=text)
    shown = await _texts(engineless_api, path)
    assert [text for text in OF_THE_MATTER if text not in shown] == []


async def test_the_units_reply_is_covered_too(api: Api) -> None:
    ticket = await api.file(public=True)
    assert (await ticket.complete(body={"reply": "已联系 13800138000 的机主。"})).is_success
    await ticket.until_stage("rate")
    for path in SHOWN_AT[:2]:
        shown = await _texts(api, path)
        assert "已联系 ▇▇▇ 的机主。" in shown, path
        assert "13800138000" not in shown, path


async def test_a_place_is_told_to_a_hundred_metres(engineless_api: Api) -> None:
    number = await _published(engineless_api.store, title="路灯")
    points = (await engineless_api.http.get("/city/tongzhou/points.json")).json()
    assert points == [{"number": number, "lat": 39.901, "lon": 116.651, "what": "路灯"}]
    answers = (await engineless_api.http.get("/api/v1/cities/tongzhou/answers")).text
    assert "39.9" not in answers
