"""Tests of delegation."""

from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.joint.delegate import Delegate
from domain.ticket.assignment import Ending, HandlingResult
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")


@pytest.mark.must_work("heping", "delegation")
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


async def test_work_is_delegated_only_downwards(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    for unit, code in (("transport", "not_below"), ("gov", "not_below"), ("water", "same_unit")):
        assert await ticket.refused(WATER, Delegate(unit=unit, task="请办")) == code


async def test_a_city_without_delegations_refuses_one(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", caps={"delegations": 0})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        delegate = Delegate(unit="river-station", task="清淤")
        assert await ticket.refused(WATER, delegate) == "not_in_this_city"
