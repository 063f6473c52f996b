"""Tests of withdrawing a complaint."""

from domain.commands.citizens.withdraw import Withdraw
from domain.ticket.stages import Outcome
from tests.support.desk import CITIZEN, file
from tests.support.engine import Engine
from tests.support.prepared import merged


async def test_a_citizen_withdraws_and_the_assignment_is_moot(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(CITIZEN, Withdraw(reason="自行解决了"))
    end = await ticket.handle.result()
    assert (end.stage, end.outcome) == ("ended", "withdrawn")
    assert (await ticket.state(engine)).assignments[0].ending == "moot"


async def test_when_the_other_is_taken_back_nobody_is_forgotten(merging: Engine) -> None:
    parent, child = await merged(merging)
    await parent.act(CITIZEN, Withdraw(reason="不反映了"))
    await parent.until_stage("ended")
    at = await child.until_stage("handle")
    assert at.unit == "water"
    unmerged = next(e for e in await child.events(merging) if e.kind == "unmerged")
    values = unmerged.fact.model_dump()
    assert values["reason"] == "parent_ended"
    assert values["because"] == [{"code": "parent_ended", "parameters": {}}]


async def test_who_withdraws_while_merged_leaves(merging: Engine) -> None:
    parent, child = await merged(merging)
    await child.act(CITIZEN, Withdraw())
    assert (await child.until_stage("ended")).outcome is Outcome.WITHDRAWN
    await parent.until_kind(merging, "complainant_left")
    assert (await parent.state(merging)).complainants == []
