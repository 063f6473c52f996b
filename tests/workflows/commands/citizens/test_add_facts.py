"""Tests of what a citizen adds to a ticket."""

from domain.commands.citizens.add_facts import AddFacts
from tests.support.desk import CITIZEN, DESK, file
from tests.support.engine import Engine


async def test_a_citizen_adds_facts(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(CITIZEN, AddFacts(text="今天更臭了"))
    assert (await ticket.kinds(engine))[-1] == "facts_added"


async def test_facts_that_nobody_asked_for_change_no_clock(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    await ticket.act(DESK, AddFacts(text="来电补充"))
    assert (await ticket.now()).due_at == before.due_at
    assert (await ticket.kinds(patient))[-1] == "facts_added"
