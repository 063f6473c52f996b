"""Tests of a contact that is left later."""

from domain.commands.citizens.leave_contact import LeaveContact
from domain.commands.units.contact import Contact
from tests.support.desk import CITIZEN, DESK, SUPERVISOR, Filed, file, officer
from tests.support.engine import Engine

LEFT = LeaveContact(person="5a" * 16)


async def _names(engine: Engine, ticket: Filed) -> list[str]:
    state = await ticket.state(engine)
    return [clock.name for clock in state.clocks if clock.running]


async def test_the_first_contact_is_due_from_when_it_was_left(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    at = await ticket.until_stage("handle")
    await ticket.until_projected(engine, "handle")
    assert "contact" not in await _names(engine, ticket)
    for other in (officer(at.unit or ""), SUPERVISOR):
        assert await ticket.refused(other, LEFT) == "forbidden"
    await ticket.act(CITIZEN, LEFT)
    assert "contact" in await _names(engine, ticket)
    complaint = (await ticket.state(engine)).complaint
    assert (complaint.person, complaint.reachable) == (LEFT.person, True)
    await ticket.by_unit(Contact())
    assert "contact" not in await _names(engine, ticket)


async def test_it_is_left_once_and_by_the_desk_as_well(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.until_stage("handle")
    await ticket.act(DESK, LEFT)
    assert await ticket.refused(CITIZEN, LEFT) == "contact_known"


async def test_it_stays_known_in_the_next_run(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.until_stage("handle")
    await ticket.act(DESK, LEFT)
    await ticket.carry_on()
    assert await ticket.refused(CITIZEN, LEFT) == "contact_known"
