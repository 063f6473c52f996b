"""Tests of several units: whistle, delegation, raise, and intervention by the centre."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.intake.intervene import Intervene
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.override import Override
from domain.commands.joint.raise_level import RaiseLevel
from domain.commands.joint.release import Release
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.commands.units.return_ticket import Return
from domain.commands.units.sign import Sign
from domain.ticket.assignment import Ending, HandlingResult, Share
from domain.ticket.minutes import Meeting, Minutes
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, SUPERVISOR, Filed, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
HELP = Whistle(
    ground="joint_enforcement",
    reason="需要联合执法",
    units=[
        Call(unit="environment", task="查排口"),
        Call(unit="transport", task="清路面", limit="1h"),
    ],
)


@pytest.fixture
async def joint(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    packs = city_with(
        tmp_path / "cities",
        caps={"co_handlers": 3, "delegations": 2},
        features={"raise_level": True, "intervene": True},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def _whistled(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Sign())
    await ticket.act(WATER, HELP)
    return ticket


async def test_the_answer_waits_for_all_who_were_called(joint: Engine) -> None:
    ticket = await _whistled(joint)
    await ticket.complete_share(joint, "water", HandlingResult(reply="河道已治理。"))
    await ticket.until_kind(joint, "share_handled")
    await ticket.complete_share(joint, "environment")
    await ticket.until_kind(joint, "share_handled", times=2)
    assert (await ticket.now()).stage == "handle"
    await ticket.complete_share(joint, "transport", HandlingResult(reply="路面已清。"))
    await ticket.until_stage("rate")
    state = await ticket.state(joint)
    assert state.reply == "河道已治理。"
    assert [a.share for a in state.assignments] == [Share.LEAD, Share.CO, Share.CO]


async def test_each_co_handler_has_its_own_limits(joint: Engine) -> None:
    state = await (await _whistled(joint)).state(joint)
    clocks = {(c.assignment, str(c.name)): c for c in state.clocks}
    assert clocks[2, "sign"].limit == "10m"
    assert clocks[2, "sign"].rule_id.endswith("#joint.sign")
    assert clocks[3, "handle"].limit == "1h"
    assert clocks[2, "handle"].due_at <= clocks[1, "handle"].due_at
    assert state.due_at == clocks[1, "handle"].due_at


async def test_minutes_stop_the_clocks_of_those_who_came(joint: Engine) -> None:
    ticket = await _whistled(joint)
    minutes = Minutes(what=Meeting.ON_SITE, text="现场会", units=["environment"])
    await ticket.act(WATER, KeepMinutes(minutes=minutes))
    state = await ticket.state(joint)
    meet = {c.assignment: c.running for c in state.clocks if c.name == "meet"}
    assert meet == {2: False, 3: True}
    stranger = officer("health")
    assert await ticket.refused(stranger, KeepMinutes(minutes=minutes)) == "not_your_unit"


async def test_a_co_handler_is_added_and_released_midway(joint: Engine) -> None:
    ticket = await _whistled(joint)
    more = Whistle(ground="emergency", reason="再请一家", units=[Call(unit="health", task="消杀")])
    await ticket.act(WATER, more)
    assert await ticket.refused(WATER, HELP) == "same_unit"
    fourth = more.model_copy(update={"units": [Call(unit="market", task="查商户")]})
    assert await ticket.refused(WATER, fourth) == "co_handler_cap"
    release = Release(assignment=3, reason="不再需要")
    assert await ticket.refused(officer("environment"), release) == "not_your_unit"
    await ticket.act(WATER, release)
    state = await ticket.state(joint)
    assert [a.ending for a in state.assignments] == [None, None, Ending.RELEASED, None]


async def test_the_lead_may_answer_without_the_last_one_and_says_why(joint: Engine) -> None:
    ticket = await _whistled(joint)
    override = Override(reason="协办已无事可做")
    assert await ticket.refused(WATER, override) == "lead_not_done"
    await ticket.complete_share(joint, "water")
    await ticket.until_kind(joint, "share_handled")
    await ticket.act(WATER, override)
    await ticket.until_stage("rate")
    assert (await ticket.state(joint)).assignments[1].ending is Ending.RELEASED


async def test_releasing_the_last_one_lets_the_answer_go(joint: Engine) -> None:
    ticket = await _whistled(joint)
    await ticket.complete_share(joint, "water")
    await ticket.complete_share(joint, "environment")
    await ticket.until_kind(joint, "share_handled", times=2)
    await ticket.act(WATER, Release(assignment=3, reason="已由养护单位处理"))
    await ticket.until_stage("rate")


async def test_only_the_lead_whistles_and_on_a_known_ground(joint: Engine) -> None:
    ticket = await _whistled(joint)
    again = HELP.model_copy(update={"units": [Call(unit="health", task="消杀")]})
    assert await ticket.refused(officer("environment"), again) == "not_the_lead"
    assert await ticket.refused(DISPATCHER, again) == "forbidden"
    unknown = again.model_copy(update={"ground": "whim"})
    assert await ticket.refused(WATER, unknown) == "unknown_reason"
    nobody = again.model_copy(update={"units": [Call(unit="nobody", task="来")]})
    assert await ticket.refused(WATER, nobody) == "unknown_unit"
    back = Return(ground="not_ours", reason="不是我们的事")
    assert await ticket.refused(officer("environment"), back) == "not_the_lead"


async def test_two_at_once_do_not_get_the_same_share(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    one = HELP.model_copy(update={"units": [Call(unit="health", task="消杀")]})
    two = HELP.model_copy(update={"units": [Call(unit="market", task="查商户")]})
    results = await asyncio.gather(
        ticket.act(WATER, one), ticket.act(WATER, two), return_exceptions=True
    )
    state = await ticket.state(joint)
    assert [a.n for a in state.assignments] == list(range(1, len(state.assignments) + 1))
    assert len(state.assignments) == 1 + sum(not isinstance(r, BaseException) for r in results)


# --- delegation -----------------------------------------------------------------------------


async def test_work_is_delegated_two_levels_down_and_the_unit_stays_answerable(
    joint: Engine,
) -> None:
    ticket, _ = await file(joint.client)
    await ticket.act(WATER, Delegate(unit="river-station", task="清淤", limit="1h"))
    state = await ticket.state(joint)
    running = {(c.assignment, c.name) for c in state.clocks if c.running}
    assert {(1, "handle"), (2, "handle")} <= running
    assert state.unit == "water"
    await ticket.complete_share(joint, "river-station", HandlingResult(reply="清淤完成。"))
    await ticket.until_kind(joint, "share_handled")
    assert (await ticket.now()).stage == "handle"
    await ticket.complete_share(joint, "water", HandlingResult(reply="我局已组织清淤。"))
    await ticket.until_stage("rate")
    assert (await ticket.state(joint)).reply == "我局已组织清淤。"


async def test_who_completes_alone_lets_the_delegate_go(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.act(WATER, Delegate(unit="river-station", task="清淤"))
    await ticket.complete_share(joint, "water")
    await ticket.until_stage("rate")
    assert (await ticket.state(joint)).assignments[1].ending is Ending.RELEASED


async def test_only_downwards(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    for unit, code in (("transport", "not_below"), ("gov", "not_below"), ("water", "same_unit")):
        assert await ticket.refused(WATER, Delegate(unit=unit, task="请办")) == code


# --- a level up -----------------------------------------------------------------------------


async def test_one_level_up_at_a_time(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.act(WATER, RaiseLevel(reason="超出我局事权"))
    at = await ticket.until(lambda at: at.stage == "handle" and at.unit == "gov")
    assert at.assignment == 2
    assert (await ticket.state(joint)).assignments[0].ending is Ending.RAISED
    assert await ticket.refused(officer("gov"), RaiseLevel(reason="再上一级")) == "top_level"
    assert await ticket.refused(WATER, RaiseLevel(reason="还是我")) == "not_your_unit"


async def test_time_raises_it_by_itself(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(
        tmp_path / "cities",
        features={"raise_level": True},
        joint={"sign": None, "contact": None, "meet": None},
        limits={"meet": None},
        tiers={"complex": {"handle": "1s", "sign": "1s", "contact": "1s"}},
        ladder={
            "sign": None,
            "contact": None,
            "handle": [
                {"kind": "due", "tells": ["officer"]},
                {"kind": "supervise", "offset": "1s", "tells": ["supervisor"], "raises": True},
            ],
        },
    )
    async with platform(client, sqlite_store, packs) as engine:
        ticket, _ = await file(client)
        await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
        raised = next(e for e in await ticket.events(engine) if e.kind == "level_raised")
        assert raised.actor.role == "system"
        values = raised.fact.model_dump()
        assert values["reason"] == "handle_overdue"
        assert values["because"] == [{"code": "overdue", "parameters": {"clock": "handle"}}]


# --- the centre steps in --------------------------------------------------------------------


async def test_the_centre_takes_it_over_and_names_the_lead(joint: Engine) -> None:
    ticket = await _whistled(joint)
    step_in = Intervene(unit="environment", reason="涉及多部门，由区中心指定主办")
    assert await ticket.refused(WATER, step_in) == "forbidden"
    await ticket.act(SUPERVISOR, step_in)
    at = await ticket.until(lambda at: at.unit == "environment")
    assert at.stage == "handle"
    state = await ticket.state(joint)
    assert [a.ending for a in state.assignments[:3]] == [Ending.TAKEN_OVER] * 3
    back = Return(ground="not_ours", reason="不是我们的事")
    assert await ticket.refused(officer("environment"), back) == "arbitrated"


# --- cities without these features ----------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        RaiseLevel(reason="超出事权"),
        Delegate(unit="river-station", task="清淤"),
        HELP,
    ],
)
async def test_a_city_without_it_refuses_it(
    client: Client, sqlite_store: Store, tmp_path: Path, command: Whistle
) -> None:
    packs = city_with(
        tmp_path / "cities",
        caps={"co_handlers": 0, "delegations": 0},
        features={"raise_level": False},
    )
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, command) == "not_in_this_city"
