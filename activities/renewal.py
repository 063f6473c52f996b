"""Renewal: move open tickets that began under older code to today's lifecycle."""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.names import CARRY_ON, TICKET_WORKFLOW

_OLDER = (
    f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus = 'Running' "
    "AND TemporalChangeVersion IS NULL"
)
"""The query for tickets without a version. The engine records the version of all others itself."""

_NOTED_WITHIN = timedelta(minutes=1)
"""The age below which a ticket may have no version recorded yet."""


class Renewal:
    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name="renew_tickets")
    async def renew(self) -> int:
        """Signal each older ticket to continue in a new run; return the number signalled.

        A ticket does so once nothing is under way; a repeated signal has no further effect.
        """
        ticket_activity = 0
        before = (datetime.now(UTC) - _NOTED_WITHIN).isoformat()
        async for execution in self._client.list_workflows(f"{_OLDER} AND StartTime < '{before}'"):
            try:
                await self._client.get_workflow_handle(execution.id).signal(CARRY_ON)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:  # NOT_FOUND: it has ended
                    raise
            else:
                ticket_activity += 1
            activity.heartbeat(ticket_activity)
        return ticket_activity
