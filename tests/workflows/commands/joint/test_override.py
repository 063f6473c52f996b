"""Tests of answering without a co-handler."""

from domain.commands.joint.override import Override
from domain.ticket.assignment import Ending
from tests.support.desk import officer
from tests.support.engine import Engine
from tests.support.prepared import whistled

WATER = officer("water")


async def test_the_lead_may_answer_without_the_last_one_and_says_why(joint: Engine) -> None:
    ticket = await whistled(joint)
    override = Override(reason="协办已无事可做")
    assert await ticket.refused(WATER, override) == "lead_not_done"
    await ticket.complete_share(joint, "water")
    await ticket.until_kind(joint, "share_handled")
    await ticket.act(WATER, override)
    await ticket.until_stage("rate")
    assert (await ticket.state(joint)).assignments[1].ending is Ending.RELEASED
