"""Tests of the unit's contact with the citizen."""

from domain.commands.units.contact import Contact
from store.tickets import tickets
from tests.support.desk import file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_a_failed_attempt_to_reach_the_citizen_does_not_stop_the_clock(
    engine: Engine,
) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Contact(reached=False, note="无人接听"))
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.assignments[0].contacted_at is None
    await ticket.act(WATER, Contact())
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.assignments[0].contacted_at is not None
