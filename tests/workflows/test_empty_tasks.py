"""Tests that a task which takes a result issues a command: the SDK may merge it with the next."""

from audit.runs import fetch
from tests.golden.scenarios import recorded_late
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
