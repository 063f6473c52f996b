"""The scenario of 廊坊, from its pack alone: told offline, solved below."""

import asyncio
from typing import Any

import pytest

from demo.stories.langfang import COUNTY, HELPERS, NEIGHBOURS, TOWN, VILLAGE
from demo.stories.telling import StoryTicket
from domain.actors import Role
from domain.pack.catalogue import Level
from domain.ticket.assignment import Share
from domain.ticket.complaint import Channel
from packs.registry import default_root, load_pack
from store.reporting.scores import scores
from store.tickets import tickets
from tests.scenarios.conftest import Playing, Scene

DUMP: dict[str, Any] = {
    "kind": "complaint",
    "title": "苗圃旁夜里倒建筑垃圾",
    "category": "0102",
    "place": {"area": "131002100901", "address": "村北苗圃旁"},
}


@pytest.mark.must_work("langfang", "scoring-rules")
def test_more_than_thirty_rules_reward_and_penalize() -> None:
    pack = load_pack(default_root() / "langfang")
    assert len({rule.code for rule in pack.scoring}) > 30
    assert min(rule.points for rule in pack.scoring) < 0 < max(rule.points for rule in pack.scoring)
    judged = {rule.on for rule in pack.scoring}
    # Response, handling, feedback and supervision.
    assert {"signed", "handled", "rated", "supervision_ordered"} <= judged


@pytest.mark.must_work("langfang", "box")
@pytest.mark.must_work("langfang", "clerk")
@pytest.mark.must_work("langfang", "four-levels")
@pytest.mark.must_work("langfang", "raise-command")
@pytest.mark.must_work("langfang", "one-level")
@pytest.mark.must_work("langfang", "solved-below")
@pytest.mark.must_work("langfang", "points-traced")
@pytest.mark.must_work("langfang", "repeats")
@pytest.mark.must_work("langfang", "helpers")
async def test_langfang(playing: Playing) -> None:
    async with playing("langfang") as scene:
        await asyncio.gather(
            _a_box_is_emptied_twice(scene),
            _a_clerk_registers(scene),
            _a_boundary(scene),
            _a_ditch(scene),
            _a_nursery(scene),
        )
        computed = await scene.figures("settled_below_rate", "settled_village_rate")
        await _each_point_has_its_event(scene)
    # Seven settled: note, aged, ditch and the first two dumps by the township, the boundary by the
    # village, the third dump by the county. So six of seven at township level or below.
    assert computed == {"settled_below_rate": (6, 7), "settled_village_rate": (1, 7)}
    levels = [scene.story.pack.unit(unit).level for unit in (VILLAGE, TOWN, COUNTY, "gov")]
    assert levels == [Level.COMMUNITY, Level.STREET, Level.DISTRICT, Level.CITY]


async def _a_box_is_emptied_twice(scene: Scene) -> None:
    note: dict[str, Any] = {
        "text": "村口路灯不亮，晚上孩子下学害怕。",
        "place": {"area": "131002100901", "address": "村口"},
        "contact": {"phone": "13800006666"},
    }
    first = await scene.story.file("箱一", key="box-1", channel="offline", **note)
    again = await scene.story.file("箱一", key="box-1", channel="offline", **note)
    assert again.number == first.number
    assert (await first.look()).complaint.channel is Channel.OFFLINE
    await _done(first, TOWN, "路灯已修好，更换灯头两个。", 4)


async def _a_clerk_registers(scene: Scene) -> None:
    aged = await scene.story.file(
        "老人",
        kind="help",
        channel="offline",
        text="一个人住，低保的事不会办。",
        place={"area": "131002100902", "address": "说事点代为登记"},
    )
    await aged.happened("triage_unsure")
    await aged.by(Role.DESK, "triage", category="1402", note="说事点当面问明")
    await aged.handled(TOWN, "低保申请已受理，村干部全程代办。")
    await aged.checked(TOWN, "已入户核实。")
    await aged.at("rate")
    rating = {"contacted": True, "resolved": True, "grade": 5}
    await aged.by(Role.DESK, "call-back", reached=True, rating=rating, note="代办员当面回访")
    ticket = await aged.closed()
    assert ticket.complaint.person is None


async def _a_boundary(scene: Scene) -> None:
    wall = await scene.story.file(
        "地界",
        kind="help",
        channel="wechat",
        title="两家为地界吵了半年",
        text="隔壁把院墙往外砌，两家为地界吵了半年，请村里评评理。",
        category="1703",
        place={"area": "131002101901", "address": "前街 8 号"},
    )
    await wall.with_unit(NEIGHBOURS)
    await wall.by(NEIGHBOURS, "sign")
    calls = [{"unit": unit, "task": "到场调解"} for unit in HELPERS]
    reason = "两家各执一词，需要律师和调解员"
    await wall.by(NEIGHBOURS, "whistle", ground="helpers", reason=reason, units=calls)
    for helper in HELPERS:
        await wall.with_unit(helper)
        await wall.by(helper, "sign")
        await wall.done(helper, "已到场。")
    await wall.by(NEIGHBOURS, "contact", reached=True)
    await wall.done(NEIGHBOURS, "院墙已退回，双方握手言和。")
    await wall.checked(NEIGHBOURS, "院墙已退回。")
    await wall.rated(5)
    ticket = await wall.closed()
    called = [(one.unit, one.kind_of_unit) for one in ticket.assignments if one.share is Share.CO]
    assert called == [(helper, "helper") for helper in HELPERS]


async def _a_ditch(scene: Scene) -> None:
    """Raise what is beyond the village: to the township above it, and no further."""
    ditch = await scene.story.file(
        "沟渠",
        kind="complaint",
        channel="app",
        title="村边水沟垃圾年年有",
        text="垃圾从上游漂来，村里年年清，年年有。",
        category="0104",
        place={"area": "131002100901", "address": "村南水沟"},
    )
    await ditch.with_unit(VILLAGE)
    await ditch.by(VILLAGE, "sign")
    await ditch.by(VILLAGE, "raise-level", reason="上游在邻村，村里管不了")
    ticket = await ditch.with_unit(TOWN)
    assert scene.story.pack.unit(VILLAGE).parent == TOWN
    assert ticket.raised == 1
    await _done(ditch, TOWN, "两村一起清理，上游设拦污网。", 4)


async def _a_nursery(scene: Scene) -> None:
    """The third report at the same place is graver, and goes up by itself, by one level."""
    for name, grade in (("倾倒一", 4), ("倾倒二", 3)):
        dump = await scene.story.file(name, channel="offline", text="又倒了建筑垃圾。", **DUMP)
        await _done(dump, TOWN, "垃圾已清走，立了警示牌。", grade, evidence=["清理后照片"])
    third = await scene.story.file("倾倒三", channel="hotline", text="又倒了，怕着火。", **DUMP)
    ticket = await third.with_unit(COUNTY)
    assert (ticket.severity, ticket.raised, len(ticket.repeats)) == (2, 1, 2)
    assert [one.unit for one in ticket.assignments] == [TOWN, COUNTY]
    raised = await third.happened("level_raised")
    assert raised.actor.role is Role.SYSTEM
    await third.by(COUNTY, "sign")
    await third.by(COUNTY, "contact", reached=True)
    for step in ("stop", "clear"):
        await third.by(COUNTY, "step", step=step, note="已执行")
    await third.done(COUNTY, "倾倒者已处罚，路口限高。", evidence=["清理后照片", "处罚决定书"])
    await third.checked(TOWN, "现场已清。")
    await third.rated(5)
    await third.closed()


async def _done(ticket: StoryTicket, unit: str, reply: str, grade: int, **more: Any) -> None:
    await ticket.handled(unit, reply, **more)
    await ticket.checked(TOWN, "现场已处理。")
    await ticket.rated(grade)
    await ticket.closed()


async def _each_point_has_its_event(scene: Scene) -> None:
    story = scene.story
    earned = (await scores(story.store, story.pack, story.period, unit=TOWN)).earned
    assert earned
    for point in earned:
        events = await tickets.events(story.store, point.number)
        assert (events[point.version - 1].kind, point.number) == (point.event, point.number)
