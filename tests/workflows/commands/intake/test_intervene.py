"""Tests of intervention by the centre."""

from domain.commands.intake.intervene import Intervene
from domain.commands.units.return_ticket import Return
from domain.ticket.assignment import Ending
from tests.support.desk import SUPERVISOR, officer
from tests.support.engine import Engine
from tests.support.prepared import whistled

WATER = officer("water")


async def test_the_centre_takes_it_over_and_names_the_lead(joint: Engine) -> None:
    ticket = await whistled(joint)
    step_in = Intervene(unit="environment", reason="涉及多部门，由区中心指定主办")
    assert await ticket.refused(WATER, step_in) == "forbidden"
    await ticket.act(SUPERVISOR, step_in)
    at = await ticket.until(lambda at: at.unit == "environment")
    assert at.stage == "handle"
    state = await ticket.state(joint)
    assert [a.ending for a in state.assignments[:3]] == [Ending.TAKEN_OVER] * 3
    back = Return(ground="not_ours", reason="不是我们的事")
    assert await ticket.refused(officer("environment"), back) == "arbitrated"
