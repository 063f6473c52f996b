"""Orders of the system to the tickets of members: a command, or the answer of the lead."""

import asyncio
from datetime import datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.actors import SYSTEM
from domain.messages import Act, Command, ParentReply
from domain.ticket.state import Snapshot
from runtime.engine_errors import NOT_READY
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.incidents import members

_PATIENCE = timedelta(seconds=20)


class IncidentOrders:
    """Orders to the tickets of members."""

    def __init__(self, store: Store, client: Client) -> None:
        self._store, self._client = store, client

    async def answer(self, number: str, reply: ParentReply) -> bool:
        """Pass the lead's answer on; False if that failed, which is noted."""
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        try:
            await handle.signal("answered_with_parent", reply, rpc_timeout=_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True  # it has ended: taken back by its citizen
            await members.note_failed(self._store, number, error.status.name)
            return False
        return True

    async def act(self, number: str, command: Command, now: datetime) -> str | None:
        """Give a command for the system; return the code of its refusal, or None."""
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        try:
            await handle.execute_update(
                "act",
                Act(actor=SYSTEM, command=command, at=now),
                result_type=Snapshot,
                rpc_timeout=_PATIENCE,
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            return str(cause.type) if isinstance(cause, ApplicationError) else "not_now"
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling() > 0:  # the activity is to end
                raise asyncio.CancelledError from None
            return "too_late"
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "ended"
            if error.status is NOT_READY:
                return "not_now"
            raise
        return None
