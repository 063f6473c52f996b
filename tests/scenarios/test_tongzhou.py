"""The scenario of 通州, from its pack alone: one ticket from the call to the end."""

import asyncio

import pytest

from demo.stories import tongzhou_own_eyes as own_eyes
from demo.stories.telling import StoryTicket
from demo.stories.tongzhou import CALLED, COMMUNITY
from demo.stories.tongzhou_own_eyes import GRID_STREET, STREET
from domain.actors import Role
from domain.pack.catalogue import UnitKind
from domain.ticket.assignment import Share
from store.reporting.figures import figures
from store.reporting.ranking import rank_units
from tests.scenarios.conftest import Playing, Scene, settled


@pytest.mark.must_work("tongzhou", "door-hotline")
@pytest.mark.must_work("tongzhou", "door-app")
@pytest.mark.must_work("tongzhou", "door-satellite")
@pytest.mark.must_work("tongzhou", "direct-dispatch")
@pytest.mark.must_work("tongzhou", "whistle")
@pytest.mark.must_work("tongzhou", "whistle-meeting")
@pytest.mark.must_work("tongzhou", "whistle-waits")
@pytest.mark.must_work("tongzhou", "call-back")
@pytest.mark.must_work("tongzhou", "three-rates")
@pytest.mark.must_work("tongzhou", "grid-closing")
@pytest.mark.must_work("tongzhou", "praise")
@pytest.mark.must_work("tongzhou", "proactive")
@pytest.mark.must_work("tongzhou", "league-table")
async def test_tongzhou(playing: Playing) -> None:
    async with playing("tongzhou") as scene:
        story = scene.story
        lying = await _grid(scene, "旧车", "0113")
        await asyncio.gather(
            _called_back(scene),
            _leak(scene),
            _gate(scene),
            _lead(scene),
            _praise(scene),
            own_eyes.unsued(story),
            settled(await _grid(scene, "垃圾", "0101"), GRID_STREET, "已清运。", 4),
        )
        # One grid case is due, and nobody has done it.
        await lying.climbed("handle", "due")
        computed = await scene.figures(
            "response", "resolution", "satisfaction", "grid_closing", "praise"
        )
        found = await figures(story.store, story.pack, story.period, only=["response"])
        table = rank_units(story.pack, found.figures, UnitKind.STREET, by="response")
    # Ten rated: leak, lamp (called back), gate, lead, praise, rubbish, three diaries, and what was
    # settled before anybody complained, which nobody was called about. Who smelled the gas was not
    # called, nor was one of the diaries. Of five grid cases that are due four are closed: 80 %.
    assert computed == {
        "response": (7, 9),
        "resolution": (10, 10),
        "satisfaction": (10, 10),
        "grid_closing": (4, 5),
        "praise": (1, 11),
    }
    ranked = [line.unit.code for line in table]
    # Everybody of the one was called, and three of four of the other; the lead has its own street.
    assert GRID_STREET in ranked[:2]
    assert ranked[2] == STREET
    assert len(ranked) == 22


async def _called_back(scene: Scene) -> None:
    lamp = await scene.story.file(
        "路灯",
        kind="complaint",
        channel="hotline",
        title="路灯不亮",
        text="小区门口的路灯坏了三盏。",
        category="0204",
        place={"area": STREET},
        contact={"phone": "13800001234"},
    )
    await lamp.handled("city-management", "三盏路灯已更换，当晚恢复照明。")
    await lamp.happened("call_back_due")
    rating = {"contacted": True, "resolved": True, "grade": 4}
    await lamp.by(Role.DESK, "call-back", reached=True, rating=rating)
    await lamp.closed()


async def _leak(scene: Scene) -> None:
    leak = await scene.story.file(
        "燃气",
        kind="help",
        channel="app",
        title="楼道里有很重的燃气味",
        text="楼道燃气泄漏，气味很重。",
        category="0802",
        place={"area": STREET},
    )
    ticket = await leak.with_unit("gas")
    assert ticket.tier == "emergency"
    await settled(leak, "gas", "已关阀、通风并更换接头，检测正常。", 5, contacted=False)


async def _gate(scene: Scene) -> None:
    gate = await scene.story.file(
        "开门",
        kind="help",
        channel="hotline",
        title="请打开小区东门",
        text="小区东门被护栏和绿化带挡住，老人出行要绕一公里，请把门打开。",
        category="0701",
        place={"area": STREET, "address": "新华西里东门"},
    )
    await gate.with_unit(STREET)
    await gate.by(STREET, "sign")
    calls = [{"unit": unit, "task": "同到现场"} for unit in CALLED]
    reason = "街道一家办不了"
    await gate.by(STREET, "whistle", ground="beyond_street", reason=reason, units=calls)
    for unit in CALLED:
        await gate.with_unit(unit)
        await gate.by(unit, "sign")
    minutes = {"what": "on_site", "text": "三家到场，分头认领。", "units": list(CALLED)}
    await gate.by(STREET, "minutes", minutes=minutes)
    await gate.by(STREET, "contact", reached=True)
    await gate.done(STREET, "东门已打开。")
    for unit in CALLED[:-1]:
        await gate.done(unit, "已完成。")
    assert (await gate.look()).stage == "handle"  # the last of those called is awaited
    await gate.done(CALLED[-1], "已完成。")
    await gate.rated(3)
    ticket = await gate.closed()
    shares = [one.unit for one in ticket.assignments if one.share is Share.CO]
    assert shares == list(CALLED)
    assert len(ticket.minutes) == 1


async def _lead(scene: Scene) -> None:
    at = {"lat": 39.905, "lon": 116.66}
    number = (await scene.reading("satellite-1", "a", 120, **at))["number"]
    beside = await scene.reading("satellite-1", "b", 130, lat=39.9051, lon=116.6601)
    assert beside["number"] == number
    roof = scene.ticket("图斑", number)
    ticket = await roof.until("with a street", lambda ticket: bool(ticket.opened))
    unit = ticket.opened[0].unit
    await roof.by(unit, "sign")
    for step in [clock.label for clock in ticket.clocks if clock.label]:
        await roof.by(unit, "step", step=step, note="已执行")
    await roof.done(unit, "已停工、处罚并拆除。", evidence=["拆除前后照片"])
    await roof.rated(5)
    await roof.closed()


async def _praise(scene: Scene) -> None:
    praise = await scene.story.file(
        "表扬",
        kind="praise",
        channel="wechat",
        title="表扬社区工作人员",
        text="社区帮老人装了扶手，特来感谢。",
        place={"area": scene.story.pack.unit(COMMUNITY).area},
    )
    await settled(praise, COMMUNITY, "谢谢您的认可。", 5)


async def _grid(scene: Scene, name: str, category: str) -> StoryTicket:
    return await scene.story.file(
        name,
        kind="complaint",
        channel="grid",
        title=name,
        text=f"巡查发现{name}。",
        category=category,
        place={"area": GRID_STREET, "address": f"新华大街{name}旁"},
    )
