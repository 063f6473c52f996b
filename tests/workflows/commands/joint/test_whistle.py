"""Tests of calling other units in (吹哨)."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.joint.whistle import Call
from domain.commands.units.return_ticket import Return
from domain.ticket.assignment import HandlingResult, Share
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine, platform
from tests.support.prepared import WHISTLE, whistled

WATER = officer("water")


@pytest.mark.must_work("tongzhou", "whistle-waits")
async def test_the_answer_waits_for_all_who_were_called(joint: Engine) -> None:
    ticket = await whistled(joint)
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


@pytest.mark.must_work("tongzhou", "whistle-limits")
async def test_each_co_handler_has_its_own_limits(joint: Engine) -> None:
    state = await (await whistled(joint)).state(joint)
    clocks = {(c.assignment, str(c.name)): c for c in state.clocks}
    assert clocks[2, "sign"].limit == "10m"
    assert clocks[2, "sign"].rule_id.endswith("#joint.sign")
    assert clocks[3, "handle"].limit == "1h"
    assert clocks[2, "handle"].due_at <= clocks[1, "handle"].due_at
    assert state.due_at == clocks[1, "handle"].due_at


async def test_only_the_lead_whistles_and_on_a_known_ground(joint: Engine) -> None:
    ticket = await whistled(joint)
    again = WHISTLE.model_copy(update={"units": [Call(unit="health", task="消杀")]})
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
    one = WHISTLE.model_copy(update={"units": [Call(unit="health", task="消杀")]})
    two = WHISTLE.model_copy(update={"units": [Call(unit="market", task="查商户")]})
    results = await asyncio.gather(
        ticket.act(WATER, one), ticket.act(WATER, two), return_exceptions=True
    )
    state = await ticket.state(joint)
    assert [a.n for a in state.assignments] == list(range(1, len(state.assignments) + 1))
    assert len(state.assignments) == 1 + sum(not isinstance(r, BaseException) for r in results)


async def test_a_city_without_co_handlers_refuses_the_whistle(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", caps={"co_handlers": 0})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, WHISTLE) == "not_in_this_city"
