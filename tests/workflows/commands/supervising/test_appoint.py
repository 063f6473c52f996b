"""Tests of appointments for services."""

from datetime import UTC, datetime, timedelta

from domain.commands.supervising.appoint import Appoint
from tests.support.desk import DESK, complaint, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_a_service_gets_an_appointment(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client, complaint(kind="service"))
    soon = datetime.now(UTC) + timedelta(days=2)
    await ticket.act(WATER, Appoint(starts_at=soon, text="周三上午"))
    await ticket.act(DESK, Appoint(starts_at=soon + timedelta(days=1)))
    state = await ticket.state(above_threshold)
    assert state.appointment == soon + timedelta(days=1)
    assert sum(c.name == "appointment" and c.running for c in state.clocks) == 1
    past = Appoint(starts_at=datetime.now(UTC) - timedelta(hours=1))
    assert await ticket.refused(WATER, past) == "in_the_past"


async def test_a_city_without_appointments_refuses_one(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    later = datetime.now(UTC) + timedelta(days=1)
    assert await ticket.refused(WATER, Appoint(starts_at=later)) == "not_in_this_city"
