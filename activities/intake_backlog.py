"""The intake backlog: start the tickets of complaints registered while the engine was away."""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.maintenance import keep_doing
from runtime.names import TICKET_WORKFLOW, TICKETS, search_attributes, ticket_workflow_id
from store.db.engine import Store
from store.tickets import intake

_AFTER = timedelta(seconds=10)
"""The age below which a registration is still being started by the API that took it."""


class IntakeBacklog:
    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client

    @activity.defn(name="start_waiting")
    async def start_waiting(self) -> int:
        """Start waiting tickets for one run window; return the number started."""
        return await keep_doing(self._start_some)

    async def _start_some(self) -> int:
        started = 0
        for complaint in await intake.pending(self._store, _AFTER, 50, datetime.now(UTC)):
            try:
                await self._client.start_workflow(
                    TICKET_WORKFLOW,
                    complaint,
                    id=ticket_workflow_id(complaint.number),
                    task_queue=TICKETS,
                    search_attributes=search_attributes(complaint),
                )
            except WorkflowAlreadyStartedError:
                pass  # it only has to be marked as started
            except RPCError as error:
                await intake.mark_failed(self._store, complaint.number, error.status.name)
                activity.logger.warning("a spooled complaint could not be started")
                continue
            await intake.mark_started(self._store, complaint.number, datetime.now(UTC))
            started += 1
        return started
