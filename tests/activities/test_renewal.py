"""Tests that only tickets started by older code are signalled to continue in a new run."""

import asyncio

from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.renewal import Renewal
from runtime.names import TICKETS, ticket_workflow_id
from store.db.engine import Store
from tests.support.desk import complaint
from tests.support.engine import furnish


async def test_a_ticket_that_has_just_begun_is_left_alone(
    client: Client, sqlite_store: Store
) -> None:
    """No worker has taken it yet, so its recorded version is as empty as that of an older one."""
    furnish(client, sqlite_store)
    new_complaint = complaint()
    name = ticket_workflow_id(new_complaint.number)
    await client.start_workflow("Ticket", new_complaint, id=name, task_queue=TICKETS)
    async with asyncio.timeout(60):
        while not [one async for one in client.list_workflows(f"WorkflowId = '{name}'")]:
            await asyncio.sleep(0.05)
    assert await ActivityEnvironment().run(Renewal(client).renew) == 0
