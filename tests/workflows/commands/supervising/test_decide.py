"""Tests of decisions on what a unit asks for."""

from domain.commands.intake.reassign import Reassign
from domain.commands.supervising.decide import Decide
from domain.commands.units.extend import Extend
from tests.support.desk import DISPATCHER, officer
from tests.support.engine import Engine
from tests.support.prepared import return_asked

WATER = officer("water")


async def test_a_granted_return_goes_to_the_unit_the_dispatcher_names(engine: Engine) -> None:
    ticket = await return_asked(engine)
    assert (await ticket.now()).unit == "water"  # it stays with the unit until the decision
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实", unit="environment"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment) == ("environment", 2)


async def test_a_granted_return_without_a_unit_waits_for_the_dispatcher(engine: Engine) -> None:
    ticket = await return_asked(engine)
    at = await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    assert at.stage == "dispatch"
    assert await ticket.refused(DISPATCHER, Reassign(unit="nobody", reason="?")) == "unknown_unit"
    await ticket.act(DISPATCHER, Reassign(unit="housing", reason="房管部门办理"))
    assert (await ticket.until_stage("handle")).unit == "housing"


async def test_a_refused_return_stays_with_the_unit(engine: Engine) -> None:
    ticket = await return_asked(engine)
    await ticket.act(DISPATCHER, Decide(approve=False, reason="职责清单写明由水务局办理"))
    at = await ticket.now()
    assert (at.unit, at.assignment, at.stage) == ("water", 1, "handle")
    assert await ticket.refused(DISPATCHER, Decide(approve=True, reason="?")) == "nothing_asked"


async def test_a_unit_asks_for_one_thing_at_a_time_and_does_not_decide_itself(
    engine: Engine,
) -> None:
    ticket = await return_asked(engine)
    assert await ticket.refused(WATER, Extend(by="3d", reason="工程量大")) == "already_asked"
    assert await ticket.refused(WATER, Decide(approve=True, reason="同意")) == "forbidden"
