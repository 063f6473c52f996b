"""Tests of releasing a co-handler."""

from domain.commands.joint.release import Release
from domain.commands.joint.whistle import Call, Whistle
from domain.ticket.assignment import Ending
from tests.support.desk import officer
from tests.support.engine import Engine
from tests.support.prepared import WHISTLE, whistled

WATER = officer("water")


async def test_a_co_handler_is_added_and_released_midway(joint: Engine) -> None:
    ticket = await whistled(joint)
    more = Whistle(ground="emergency", reason="再请一家", units=[Call(unit="health", task="消杀")])
    await ticket.act(WATER, more)
    assert await ticket.refused(WATER, WHISTLE) == "same_unit"
    fourth = more.model_copy(update={"units": [Call(unit="market", task="查商户")]})
    assert await ticket.refused(WATER, fourth) == "co_handler_cap"
    release = Release(assignment=3, reason="不再需要")
    assert await ticket.refused(officer("environment"), release) == "not_your_unit"
    await ticket.act(WATER, release)
    state = await ticket.state(joint)
    assert [a.ending for a in state.assignments] == [None, None, Ending.RELEASED, None]


async def test_releasing_the_last_one_lets_the_answer_go(joint: Engine) -> None:
    ticket = await whistled(joint)
    await ticket.complete_share(joint, "water")
    await ticket.complete_share(joint, "environment")
    await ticket.until_kind(joint, "share_handled", times=2)
    await ticket.act(WATER, Release(assignment=3, reason="已由养护单位处理"))
    await ticket.until_stage("rate")
