"""Renewal: open tickets that began under older code go on under today's lifecycle."""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.names import CARRY_ON, TICKET_WORKFLOW

_OLDER = (
    f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus = 'Running' "
    "AND TemporalChangeVersion IS NULL"
)
"""Tickets from before there were versions. The engine notes the version of all others itself."""

_NOTED_WITHIN = timedelta(minutes=1)
"""A ticket that began a moment ago has no version noted yet either."""


class Renewal:
    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name="renew_tickets")
    async def renew(self) -> int:
        """Ask each older ticket to go on in a new run; the number of those asked.

        A ticket does so once nothing is under way; asked twice, it does so once.
        """
        asked = 0
        before = (datetime.now(UTC) - _NOTED_WITHIN).isoformat()
        async for found in self._client.list_workflows(f"{_OLDER} AND StartTime < '{before}'"):
            try:
                await self._client.get_workflow_handle(found.id).signal(CARRY_ON)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended meanwhile
                    raise
            else:
                asked += 1
            activity.heartbeat(asked)
        return asked
