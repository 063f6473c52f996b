"""The intake backlog: start the tickets of complaints registered while the engine was away.

Once in a run those that the engine has lost as well: started, never recorded, and unknown to it.
Tickets of which it has lost a part are only noted: an operator decides what to do with them.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.maintenance import keep_doing
from activities.record_ahead import tickets_ahead
from domain.ticket.complaint import Complaint
from runtime.names import TICKET_WORKFLOW, TICKETS, search_attributes, ticket_workflow_id
from store.db.engine import Store
from store.tickets import intake, setbacks

_AFTER = timedelta(seconds=10)
"""The age below which a registration is still being started by the API that took it."""


_LOST_AFTER = timedelta(minutes=1)
"""The age from which a started complaint without a record is looked for in the engine."""

_AT_ONCE = 1000

_COMPARED = 200
"""The tickets that changed last, and are compared with the engine in each run."""


class IntakeBacklog:
    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client

    @activity.defn(name="start_waiting")
    async def start_waiting(self) -> int:
        """Start waiting tickets for one run window; return the number started."""
        lost = await self.start_lost(datetime.now(UTC))
        await self.note_setbacks(datetime.now(UTC))
        return lost + await keep_doing(lambda: self.start_some(datetime.now(UTC)))

    async def start_lost(self, now: datetime) -> int:
        """Start again what the engine took and does not know any more; return how many."""
        lost = 0
        for number in await intake.unrecorded(self._store, _LOST_AFTER, _AT_ONCE, now):
            if await self._is_unknown(number):
                await intake.mark_lost(self._store, number)
                activity.logger.warning("the engine has lost a ticket", extra={"number": number})
                lost += 1
            activity.heartbeat(lost)
        return lost

    async def note_setbacks(self, now: datetime) -> None:
        """Note the tickets whose record is ahead of the engine, so that people see them."""
        found = await tickets_ahead(
            self._client, self._store, now, look_at=_COMPARED, going_on=activity.heartbeat
        )
        if found:
            activity.logger.warning("the engine was set back", extra={"tickets": len(found)})
        await setbacks.note(self._store, found, now)

    async def _is_unknown(self, number: str) -> bool:
        try:
            await self._client.get_workflow_handle(ticket_workflow_id(number)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return False

    async def start_some(self, now: datetime) -> int:
        """Start some of the complaints that wait for the engine; return how many."""
        started = 0
        for complaint in await intake.pending(self._store, _AFTER, 50, now):
            try:
                await start_registered(self._client, self._store, complaint)
            except RPCError as error:
                await intake.mark_failed(self._store, complaint.number, error.status.name)
                activity.logger.warning("a spooled complaint could not be started")
                continue
            started += 1
        return started


async def start_registered(client: Client, store: Store, complaint: Complaint) -> None:
    """Start the ticket of a registered complaint, and note that it is started.

    Raises:
        RPCError: the engine does not answer; the backlog's job starts it later.
    """
    # It may have been started, and have ended, while nobody heard of it: then it only has to be
    # marked as started.
    with suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            TICKET_WORKFLOW,
            complaint,
            id=ticket_workflow_id(complaint.number),
            task_queue=TICKETS,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search_attributes(complaint),
        )
    await intake.mark_started(store, complaint.number, datetime.now(UTC))
