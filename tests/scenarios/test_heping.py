"""The scenario of 和平, from its pack alone: answers in public, and what came back."""

import asyncio
from typing import Any

import pytest

from demo.stories.heping import BIKES, BUREAU, COMMUNITY, OFFICE, STREET
from domain.deadlines.registry import ClockName
from domain.ticket.complaint import Channel
from store.reporting.published_answers import answers
from store.reporting.scores import scores
from tests.scenarios.conftest import Playing, Scene

LOCK: dict[str, Any] = {
    "kind": "complaint",
    "channel": "grid",
    "title": "公共车位私装地锁",
    "text": "公共车位上又装了地锁。",
    "category": "0102",
    "place": {"area": "120101003902", "address": "云南路 21 号门前"},
}


DAY = 0.25
"""Seconds of a day: what is closed is looked at again after weeks."""


@pytest.mark.must_work("heping", "public-answers")
@pytest.mark.must_work("heping", "delegation")
@pytest.mark.must_work("heping", "answerable-above")
@pytest.mark.must_work("heping", "companies")
@pytest.mark.must_work("heping", "came-back")
@pytest.mark.must_work("heping", "revisits")
@pytest.mark.must_work("heping", "settle-all")
@pytest.mark.must_work("heping", "report-card")
@pytest.mark.must_work("heping", "reply-rate")
@pytest.mark.must_work("heping", "satisfaction")
async def test_heping(playing: Playing) -> None:
    async with playing("heping", DAY) as scene:
        await asyncio.gather(_a_message(scene), _a_lock(scene), _bikes(scene))
        card = await scene.api.http.get("/city/heping")
        assert "答复率" in card.text and "满意率" in card.text
        assert "门禁控制器已更换" in (await scene.api.http.get("/city/heping/answers")).text
        published = (await answers(scene.story.store, "heping")).tickets
        computed = await scene.figures(
            "portal_reply_rate", "public_reply_rate", "satisfaction_rate", "held_rate"
        )
    assert [one.complaint.channel for one in published] == [Channel.PORTAL]
    # Four rated: the message, two locks and the bikes; the second lock by its last rating. Of the
    # two that were looked at again, one was back.
    assert computed == {
        "portal_reply_rate": (1, 1),
        "public_reply_rate": (1, 1),
        "satisfaction_rate": (4, 4),
        "held_rate": (1, 2),
    }


async def _a_message(scene: Scene) -> None:
    """The street answers for what its community does, and both clocks run."""
    gate = await scene.story.file(
        "留言",
        kind="help",
        channel="portal",
        public=True,
        title="小区门禁坏了一个月",
        text="小区门禁坏了一个月，物业一直不修，外来人员随意进出。",
        category="0501",
        place={"area": "120101003901", "address": "五大道某小区北门"},
    )
    await gate.with_unit(STREET)
    await gate.by(STREET, "sign")
    await gate.by(STREET, "delegate", unit=COMMUNITY, task="督促物业修复")
    ticket = await gate.with_unit(COMMUNITY)
    running = [one for one in ticket.clocks if one.name is ClockName.HANDLE and one.running]
    assert [ticket.assignment(one.assignment or 0).unit for one in running] == [STREET, COMMUNITY]
    assert ticket.unit == STREET
    await gate.by(COMMUNITY, "sign")
    await gate.by(STREET, "contact", reached=True)
    await gate.done(COMMUNITY, "物业已更换控制器。")
    await gate.done(STREET, "门禁控制器已更换，社区将每周巡查。")
    await gate.rated(5)
    await gate.closed()
    await gate.climbed("revisit", "warn")
    await gate.by(COMMUNITY, "revisit", holds=True, note="门禁完好")


async def _a_lock(scene: Scene) -> None:
    """It comes back at the same place: graver, revisited, reopened, and settled everywhere."""
    first = await scene.story.file("地锁一", **LOCK)
    await first.handled(STREET, "已拆除地锁 2 个。", evidence=["拆除后照片"])
    await first.rated(4)
    await first.closed()
    second = await scene.story.file("地锁二", **LOCK)
    ticket = await second.with_unit(STREET)
    assert ticket.repeats == [first.number]
    assert ticket.severity == 1
    await second.handled(STREET, "再次拆除地锁 2 个。", evidence=["拆除后照片"])
    await second.rated(3)
    await second.closed()
    await second.climbed("revisit", "warn")
    await second.by(STREET, "revisit", holds=False, note="点位又出现地锁 1 个")
    await second.handled(STREET, "地锁已拆，加装隔离桩。", evidence=["改造后照片"])
    await second.rated(5)
    await second.closed()
    assert (await second.look()).recurred == 1
    await second.by(STREET, "settle-all", text="排查辖区公共车位私装地锁。")
    opened = (await second.look()).inspections
    streets = scene.story.pack.siblings(STREET)
    assert len(opened) == len(streets) == 5
    for street, number in zip(streets, opened, strict=True):
        await scene.story.adopt(f"排查·{street}", number).with_unit(street)


async def _bikes(scene: Scene) -> None:
    """Bureau, office and company: two levels down, and the company has points of its own."""
    bikes = await scene.story.file(
        "单车",
        kind="complaint",
        channel="grid",
        title="地铁口单车淤积",
        text="网格员巡查发现共享单车堵住人行道。",
        category="0101",
        place={"area": "120101003903", "address": "营口道地铁站 B 口"},
    )
    await bikes.with_unit(BUREAU)
    await bikes.by(BUREAU, "sign")
    for above, below in ((BUREAU, OFFICE), (OFFICE, BIKES[0])):
        await bikes.by(above, "delegate", unit=below, task="当日清理")
        await bikes.with_unit(below)
        await bikes.by(below, "sign")
    await bikes.done(BIKES[0], "本企业车辆已清走。", evidence=["清理后照片"])
    await bikes.done(OFFICE, "点位恢复。", evidence=["点位照片"])
    await bikes.by(BUREAU, "contact", reached=True)
    await bikes.done(BUREAU, "已清理淤积单车。", evidence=["点位照片"])
    await bikes.checked(STREET, "现场已恢复通行。")
    await bikes.rated(4)
    ticket = await bikes.closed()
    assert [one.unit for one in ticket.assignments][:3] == [BUREAU, OFFICE, BIKES[0]]
    story = scene.story
    earned = (await scores(story.store, story.pack, story.period, unit=BIKES[0])).earned
    assert [point.rule for point in earned if point.rule.startswith("BK")]
