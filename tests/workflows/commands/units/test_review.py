"""Tests of reviewing a hold."""

from datetime import timedelta

from domain.commands.supervising.decide import Decide
from domain.commands.units.review import Review
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine
from tests.support.prepared import hold_for

WATER = officer("water")


async def test_a_hold_is_decided_by_another_and_reviewed_until_it_is_over(
    patient: Engine,
) -> None:
    ticket, _ = await file(patient.client)
    await ticket.act(WATER, hold_for(timedelta(days=9)))
    decision = Decide(approve=True, reason="情况属实")
    assert await ticket.refused(WATER, decision) == "forbidden"
    await ticket.act(DISPATCHER, decision)
    await ticket.until_kind(patient, "rung_climbed")  # the first review is due
    await ticket.act(WATER, Review(note="围堰已完成"))
    state = await ticket.state(patient)
    assert sum(c.name == "review" and c.running for c in state.clocks) == 1
    await ticket.act(WATER, Review(note="已完工", resume=True))
    state = await ticket.state(patient)
    assert state.assignments[0].pause is None
    assert [c.name for c in state.clocks if c.running and c.name == "handle"] == ["handle"]
    assert await ticket.refused(WATER, hold_for(timedelta(days=3))) == "hold_cap"
    assert await ticket.refused(WATER, Review(note="再看")) == "not_on_hold"
