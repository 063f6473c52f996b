"""Tests that a task which takes a result issues a command: the SDK may merge it with the next."""

import asyncio

from audit.runs import fetch
from domain.commands.units.contact import Contact
from tests.golden.scenarios import recorded_late
from tests.support.desk import file, officer
from tests.support.engine import Engine
from tests.support.histories import silent_tasks


async def test_the_task_that_hears_of_a_late_recording_issues_a_command(engine: Engine) -> None:
    ticket = await recorded_late(engine)
    await ticket.handle.result()
    (history,) = await fetch(engine.client, ticket.number)
    assert silent_tasks(history.events) == []
    assert any(
        event.HasField("workflow_properties_modified_event_attributes") for event in history.events
    )


async def test_who_asks_for_its_state_cuts_no_task_in_two(engine: Engine) -> None:
    """Somebody looks at a ticket in the engine's console while a result arrives."""
    ticket, _ = await file(engine.client)
    unit = (await ticket.until_stage("handle")).unit or ""
    engine.projector.seconds = 0.4
    before = asyncio.create_task(ticket.act(officer(unit), Contact()))
    await asyncio.sleep(0.2)  # what comes while a task is done is for the next one, a query as well
    await ticket.complete_share(engine, unit)
    asking = asyncio.create_task(ticket.now())
    await asyncio.gather(before, asking)
    engine.projector.seconds = 0.0
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.handle.result()
    (history,) = await fetch(engine.client, ticket.number)
    assert silent_tasks(history.events) == []
