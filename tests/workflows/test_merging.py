"""Tests of merging (并单): one handling for many tickets, with an answer and a rating for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.ticket.assignment import Ending, HandlingResult
from domain.ticket.stages import Outcome
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, platform

WHY = "反映的是同一处河段"


@pytest.fixture
async def merging(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city in which every second complainant raises the severity."""
    packs = city_with(
        tmp_path / "cities", features={"merge": True}, severity={"complainants": 2, "urges": 0}
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def _two(engine: Engine) -> tuple[Filed, Filed]:
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="河边臭得开不了窗，和邻居一样的情况。"))
    return parent, child


async def _merged(engine: Engine) -> tuple[Filed, Filed]:
    parent, child = await _two(engine)
    await child.act(DISPATCHER, Merge(into=parent.number, reason=WHY))
    await parent.until_kind(engine, "complainant_joined")
    return parent, child


async def test_each_complainant_gets_an_own_answer_and_rates_it(merging: Engine) -> None:
    parent, child = await _merged(merging)
    assert (await child.now()).stage == "merged"
    assert (await child.state(merging)).assignments[0].ending is Ending.MERGED
    await parent.complete_share(merging, "water", HandlingResult(reply="河道已治理。"))
    await parent.until_stage("rate")
    await child.until_stage("rate")
    assert (await child.state(merging)).reply == "河道已治理。"
    await parent.rate(5)
    await parent.until_stage("ended")
    await child.rate(1, resolved=False)
    at = await child.until(lambda at: at.stage == "handle")
    assert at.unit == "water"
    assert (await child.state(merging)).reworks == 1


async def test_many_make_it_graver(merging: Engine) -> None:
    parent, _ = await _merged(merging)
    assert (await parent.now()).severity == 0
    other, _ = await file(merging.client)
    await other.act(DISPATCHER, Merge(into=parent.number, reason=WHY))
    await parent.until_kind(merging, "severity_raised")
    assert (await parent.now()).severity == 1


async def test_what_was_merged_by_mistake_goes_its_own_way_again(merging: Engine) -> None:
    parent, child = await _merged(merging)
    await child.act(DISPATCHER, Unmerge(reason="其实是另一条河"))
    at = await child.until_stage("handle")
    assert (at.unit, at.assignment) == ("water", 2)
    await parent.until_kind(merging, "complainant_left")
    await parent.complete_share(merging, "water")
    await parent.until_stage("rate")
    assert (await child.now()).stage == "handle"


async def test_when_the_other_is_taken_back_nobody_is_forgotten(merging: Engine) -> None:
    parent, child = await _merged(merging)
    await parent.act(CITIZEN, Withdraw(reason="不反映了"))
    await parent.until_stage("ended")
    at = await child.until_stage("handle")
    assert at.unit == "water"
    unmerged = next(e for e in await child.events(merging) if e.kind == "unmerged")
    values = unmerged.fact.model_dump()
    assert values["reason"] == "parent_ended"
    assert values["because"] == [{"code": "parent_ended", "parameters": {}}]


async def test_who_withdraws_while_merged_leaves(merging: Engine) -> None:
    parent, child = await _merged(merging)
    await child.act(CITIZEN, Withdraw())
    assert (await child.until_stage("ended")).outcome is Outcome.WITHDRAWN
    await parent.until_kind(merging, "complainant_left")
    assert (await parent.state(merging)).complainants == []


async def test_what_cannot_be_merged(merging: Engine) -> None:
    parent, child = await _merged(merging)
    third, _ = await file(merging.client)

    async def code(ticket: Filed, into: str) -> str:
        return await ticket.refused(DISPATCHER, Merge(into=into, reason=WHY))

    assert await code(third, third.number) == "merge_itself"
    assert await code(third, "2611210000000") == "merge_target_unknown"
    assert await code(third, child.number) == "merge_target_merged"
    assert await code(parent, third.number) == "has_complainants"
    assert await code(child, third.number) == "not_now"
    assert await third.refused(officer("water"), Merge(into=parent.number, reason=WHY)) == (
        "forbidden"
    )
    unclear, _ = await file(merging.client, complaint(title="", text="管管吧", category=None))
    assert await code(third, unclear.number) == "merge_target_unclassified"
    await parent.complete_share(merging, "water")
    await parent.until_stage("rate")
    await parent.until_projected(merging, "rate")
    assert await code(third, parent.number) == "merge_target_answered"
    assert (await third.now()).stage == "handle"


async def test_a_city_without_it_refuses_it(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", features={"merge": False})
    async with platform(client, sqlite_store, packs) as engine:
        parent, child = await _two(engine)
        command = Merge(into=parent.number, reason=WHY)
        assert await child.refused(DISPATCHER, command) == "not_in_this_city"
