"""The scenario of 济南, from its pack alone: snapshots, rivers, and cards."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from demo.stories import jinan_deadlines as deadlines
from demo.stories import jinan_snapshots as snapshots
from demo.stories.jinan_deadlines import LAMPS
from demo.stories.jinan_snapshots import BEIYUAN, EVALUATORS
from domain.actors import Role
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.ticket.complaint import Channel
from packs.registry import default_root, load_pack
from store.rewards import checks
from tests.scenarios.conftest import Playing, Scene
from tests.support.councils import let_pass, prepared
from tests.support.rewarding_city import run_job


@pytest.mark.must_work("jinan", "reward-rules")
@pytest.mark.must_work("jinan", "prizes")
def test_what_a_snapshot_earns_and_buys_is_data() -> None:
    pack = load_pack(default_root() / "jinan")
    assert pack.reward_rules
    salt = pack.prize("salt")
    assert salt is not None
    assert min(rule.points for rule in pack.reward_rules) >= salt.points  # one report, one bag


@pytest.mark.must_work("jinan", "snapshot")
@pytest.mark.must_work("jinan", "ledger")
@pytest.mark.must_work("jinan", "prizes")
@pytest.mark.must_work("jinan", "deliberation")
@pytest.mark.must_work("jinan", "problem-rate")
@pytest.mark.must_work("jinan", "cards")
async def test_jinan(playing: Playing) -> None:
    async with playing("jinan") as scene:
        await asyncio.gather(
            snapshots.block(scene.story),
            _a_lamp_gets_its_cards(scene),
            _a_council(scene),
            _a_river(scene, "漂浮物", "0302", "river-keepers"),
            _a_river(scene, "浑水", "0301", "river-station"),
        )
        found = await scene.figures("river_problems_handled", "snapshots_handled")
        await _a_river(scene, "护坡", "0307", "river-station", handled=False)
        later = await scene.figures("river_problems_handled")
        await _a_bag_of_salt(scene)
        block = await scene.story.tickets["水泥块"].look()
    # Both found on the bank are handled: a problem rate of 100 %. A third one is open: two thirds.
    assert found == {"river_problems_handled": (2, 2), "snapshots_handled": (1, 1)}
    assert later == {"river_problems_handled": (2, 3)}
    assert (block.complaint.channel, block.complaint.person) == (Channel.SNAPSHOT, None)
    assert block.lead is not None
    assert block.lead.result is not None
    assert len(block.lead.result.evidence) == 2  # before and after


async def _a_bag_of_salt(scene: Scene) -> None:
    """A snapshot without a name that was right earns points, and these a prize, by a code."""
    ticket = scene.filed(scene.story.tickets["水泥块"])
    await run_job(scene.api)
    reward = await scene.api.http.get(f"{ticket.path}/reward", headers=ticket.citizen)
    shown = reward.json()
    assert (shown["state"], shown["points"], shown["purse"]["balance"]) == ("granted", 30, 30)
    chosen = await ticket.act("reward/prizes", ticket.citizen, {"prize": "salt"})
    assert chosen.json()["balance"] == 20
    shop = await scene.api.token(Role.OFFICER, "charity-shop", "jinan")
    code = {"code": chosen.json()["code"]}
    handed_out = await scene.api.http.post("/api/v1/prizes/fetched", json=code, headers=shop)
    assert handed_out.json()["state"] == "fetched"
    assert await checks.faults(scene.api.store, "jinan") == []


async def _a_council(scene: Scene) -> None:
    """Residents choose between three plans, and what they decide has a task and a day."""
    parking = await scene.story.file(
        "停车难",
        kind="help",
        channel="hotline",
        title="老旧小区停车难",
        text="车多位少，消防通道都停满了。",
        category="0903",
        place={"area": BEIYUAN},
    )
    held = await parking.until("with a unit", lambda ticket: bool(ticket.opened))
    ticket = scene.filed(parking)
    codes = await prepared(ticket, invited=3)
    await let_pass(scene.api.store, days=1)
    for code, option in zip(codes, (2, 2, 1), strict=True):
        headers, body = {"Invitation-Code": code}, {"option": option}
        vote = await scene.api.http.post("/api/v1/council/vote", json=body, headers=headers)
        assert vote.status_code == 200, vote.text
    await let_pass(scene.api.store, days=1)
    due = (datetime.now(UTC) + timedelta(days=9)).date()
    follow = {
        "minutes": "同意错时共享。",
        "tasks": [{"text": "签共享协议", "unit": held.opened[0].unit, "due": f"{due}"}],
    }
    supervisor = await scene.api.token(Role.SUPERVISOR)
    answer = await ticket.act("councils/1/follow-up", supervisor, follow)
    assert answer.status_code == 200, answer.text
    decided = answer.json()
    assert (decided["outcome"], decided["chosen"]) == ("decided", 2)
    assert [option["votes"] for option in decided["options"]] == [1, 2, 0]
    assert [option["pros"] for option in decided["options"]][:2] == [["车位多"], ["不占路面"]]


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
