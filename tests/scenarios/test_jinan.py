"""What 济南 must be able to do, from its pack alone: snapshots, rivers, and cards."""

import asyncio

import pytest

from demo.stories import jinan_deadlines as deadlines
from demo.stories import jinan_snapshots as snapshots
from demo.stories.jinan_deadlines import LAMPS
from demo.stories.jinan_snapshots import BEIYUAN, EVALUATORS
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.ticket.complaint import Channel
from packs.registry import default_root, load_pack
from tests.scenarios.conftest import Playing, Scene


@pytest.mark.must_work("jinan", "reward-rules")
@pytest.mark.must_work("jinan", "prizes")
def test_what_a_snapshot_earns_and_buys_is_data() -> None:
    pack = load_pack(default_root() / "jinan")
    assert pack.reward_rules
    salt = pack.prize("salt")
    assert salt is not None
    assert min(rule.points for rule in pack.reward_rules) >= salt.points  # one report, one bag


@pytest.mark.must_work("jinan", "snapshot")
@pytest.mark.must_work("jinan", "problem-rate")
@pytest.mark.must_work("jinan", "cards")
async def test_jinan(playing: Playing) -> None:
    async with playing("jinan") as scene:
        await asyncio.gather(
            snapshots.block(scene.story),
            _a_lamp_gets_its_cards(scene),
            _a_river(scene, "漂浮物", "0302", "river-keepers"),
            _a_river(scene, "浑水", "0301", "river-station"),
        )
        found = await scene.figures("river_problems_handled", "snapshots_handled")
        await _a_river(scene, "护坡", "0307", "river-station", handled=False)
        later = await scene.figures("river_problems_handled")
        block = await scene.story.tickets["水泥块"].look()
    # Both found on the bank are handled: a problem rate of 100 %. A third one is open: two thirds.
    assert found == {"river_problems_handled": (2, 2), "snapshots_handled": (1, 1)}
    assert later == {"river_problems_handled": (2, 3)}
    assert (block.complaint.channel, block.complaint.person) == (Channel.SNAPSHOT, None)
    assert block.lead is not None
    assert block.lead.result is not None
    assert len(block.lead.result.evidence) == 2  # before and after


async def _a_river(
    scene: Scene, name: str, category: str, unit: str, *, handled: bool = True
) -> None:
    found = await scene.story.file(
        name,
        kind="complaint",
        channel="grid",
        title=name,
        text=f"巡河发现：{name}。",
        category=category,
        place={"area": BEIYUAN, "address": f"小清河{name}处"},
    )
    await found.with_unit(unit)
    if not handled:
        return
    await found.handled(unit, "已处理。")
    await found.checked(EVALUATORS, "现场核查：属实。")
    await found.rated(5)
    await found.closed()


async def _a_lamp_gets_its_cards(scene: Scene) -> None:
    lamp = await scene.story.file(
        "路灯",
        kind="complaint",
        channel="hotline",
        title="整条路的路灯不亮",
        text="学校门口一条路的路灯全灭。",
        category="0203",
        place={"area": deadlines.QUANCHENG},
    )
    await lamp.with_unit(LAMPS)
    await lamp.by(LAMPS, "sign")
    await lamp.by(LAMPS, "contact", reached=True)
    await lamp.climbed("handle", "due")
    ticket = await lamp.look()
    (clock,) = [one for one in ticket.clocks if one.name is ClockName.HANDLE]
    kinds = [one.kind for one in clock.rungs]
    assert kinds[:2] == [LevelKind.WARN, LevelKind.DUE]
    at = {one.kind: one.at for one in clock.rungs}
    assert at[LevelKind.WARN] < clock.due_at < at[LevelKind.DUE]
    await lamp.done(LAMPS, "供电恢复后已全部点亮。")
