"""Tests of a contact that was hidden from the unit, and is opened."""

from domain.commands.citizens.open_contact import OpenContact
from domain.commands.units.contact import Contact
from tests.support.desk import CITIZEN, DESK, Filed, complaint, file, officer
from tests.support.engine import Engine

HIDDEN = {"person": "p-1", "reachable": True, "anonymous": True}


async def _names(engine: Engine, ticket: Filed) -> list[str]:
    state = await ticket.state(engine)
    return [clock.name for clock in state.clocks if clock.running]


async def test_the_first_contact_is_due_from_when_the_citizen_says_so(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(**HIDDEN))
    at = await ticket.until_stage("handle")
    await ticket.until_projected(engine, "handle")
    assert "contact" not in await _names(engine, ticket)
    assert await ticket.refused(officer(at.unit or ""), OpenContact()) == "forbidden"
    await ticket.act(CITIZEN, OpenContact())
    assert "contact" in await _names(engine, ticket)
    await ticket.by_unit(Contact())
    assert "contact" not in await _names(engine, ticket)


async def test_it_is_opened_once_and_by_the_desk_as_well(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(**HIDDEN))
    await ticket.until_stage("handle")
    await ticket.act(DESK, OpenContact())
    assert await ticket.refused(CITIZEN, OpenContact()) == "contact_open"


async def test_where_nobody_left_a_contact_there_is_nothing_to_open(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(anonymous=True))
    await ticket.until_stage("handle")
    assert await ticket.refused(CITIZEN, OpenContact()) == "person_unknown"
