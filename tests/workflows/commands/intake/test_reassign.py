"""Tests of reassigning a ticket."""

from domain.commands.intake.reassign import Reassign
from domain.commands.units.contact import Contact
from domain.commands.units.sign import Sign
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_reassigning_takes_it_from_the_unit_that_had_it(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Sign())
    assert await ticket.refused(DISPATCHER, Reassign(unit="water", reason="?")) == "same_unit"
    await ticket.act(DISPATCHER, Reassign(unit="environment", reason="改由生态环境局牵头"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment) == ("environment", 2)
    assert await ticket.refused(WATER, Contact(assignment=1)) == "assignment_ended"
    assert await ticket.refused(WATER, Contact()) == "not_your_unit"
    await ticket.complete()
    assert (await ticket.until_stage("rate")).unit == "environment"
