"""The gateway to the engine: start a ticket, send it a command, a rating, or a unit's result.

    EngineUnavailable   the engine is away, overloaded, or did not answer in time (Problem, 503)

What a workflow refuses comes back as `Refused` with the workflow's own code.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar, cast

import structlog
from temporalio.client import (
    AsyncActivityCancelledError,
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem
from domain.acts import Act, Verdict
from domain.assignment import HandlingResult
from domain.complaint import Complaint
from domain.refusals import Refused
from domain.ticket import Snapshot
from runtime.engine import waiting_work
from runtime.names import TICKETS, search_attributes, ticket_workflow_id
from workflows.ticket import TicketWorkflow

logger = structlog.stdlib.get_logger("jiesu.api")

Answer = TypeVar("Answer")

_RECEIPT = "receipt"
_FORGET_ABSENCE = 2.0
_ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"


class EngineUnavailable(Problem):
    """Nothing is known of what was sent: the same request again is safe with the same key."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("engine_unavailable", detail)


class NotRunning(Exception):
    """Nothing of that name is running: never started, not started yet, or ended (`ended`)."""

    def __init__(self, *, ended: bool = False) -> None:
        super().__init__("ended" if ended else "not running")
        self.ended = ended


class Engine:
    """What the API asks of Temporal. `timeout` is in seconds and holds for each call."""

    def __init__(self, client: Client, *, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._absent_until = 0.0

    async def file(self, complaint: Complaint) -> Snapshot | None:
        """Start the ticket and wait for its receipt, in one round trip.

        None when the engine does not answer: the complaint then waits in the intake book, and the
        ticket is started (if it was not already) as soon as somebody tries again. Starting the
        same complaint twice starts one ticket.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._absent_until:
            return None  # found away a moment ago: do not let every citizen wait to learn it
        start = WithStartWorkflowOperation(
            TicketWorkflow.run,
            complaint,
            id=ticket_workflow_id(complaint.number),
            task_queue=TICKETS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search_attributes(complaint),
        )
        try:
            async with self._answering():
                receipt: object = await self._client.execute_update_with_start_workflow(
                    TicketWorkflow.receipt,
                    start_workflow_operation=start,
                    id=_RECEIPT,
                    rpc_timeout=timedelta(seconds=self._timeout),
                )
                # The library's types lose the result of an update that has a name of its own.
                return cast(Snapshot, receipt)
        except (EngineUnavailable, NotRunning, WorkflowAlreadyStartedError) as error:
            if isinstance(error, EngineUnavailable) and error.detail == "unreachable":
                self._absent_until = clock() + _FORGET_ABSENCE
            await _forget(start)
            logger.warning("spooled", number=complaint.number, why=str(error))
            return None

    async def act(self, number: str, act: Act, update_id: str | None) -> Snapshot:
        """Give a command. The same `update_id` again returns the first answer.

        Raises:
            Refused: by the ticket's rules, with the code.
            NotRunning, EngineUnavailable
        """
        handle = self._client.get_workflow_handle_for(
            TicketWorkflow.run, ticket_workflow_id(number)
        )
        async with self._answering():
            return await handle.execute_update(
                TicketWorkflow.act,
                act,
                id=update_id,
                rpc_timeout=timedelta(seconds=self._timeout),
            )

    async def rate(self, number: str, verdict: Verdict) -> None:
        """Send a rating, already validated: a signal has no answer.

        Raises:
            NotRunning, EngineUnavailable
        """
        handle = self._client.get_workflow_handle_for(
            TicketWorkflow.run, ticket_workflow_id(number)
        )
        async with self._answering():
            await handle.signal(
                TicketWorkflow.rated, verdict, rpc_timeout=timedelta(seconds=self._timeout)
            )

    async def complete(self, number: str, activity_id: str, result: HandlingResult) -> None:
        """Hand a unit's result to its waiting assignment.

        Only a validated result gets here: one of the wrong shape would wedge the ticket.

        Raises:
            NotRunning: no such assignment is waiting: not yet, or not any more.
            EngineUnavailable
        """
        handle = waiting_work(self._client, number, activity_id)
        async with self._answering():
            try:
                await handle.complete(result, rpc_timeout=timedelta(seconds=self._timeout))
            except AsyncActivityCancelledError:
                raise NotRunning from None

    async def ask(
        self, question: Callable[[Client], Awaitable[Answer]], *, within: float | None = None
    ) -> Answer:
        """What somebody asks the engine beside the tickets' own messages: audits, its state.

        `within`: seconds, where more than the engine has to be waited for.

        Raises:
            NotRunning: there is no such thing in the engine.
            EngineUnavailable
        """
        async with self._answering(within):
            return await question(self._client)

    async def ready(self) -> bool:
        """Whether the engine answers, within a second."""
        try:
            async with asyncio.timeout(1):
                return await self._client.service_client.check_health(timeout=timedelta(seconds=1))
        except (TimeoutError, RPCError, RuntimeError):
            return False

    @asynccontextmanager
    async def _answering(self, within: float | None = None) -> AsyncIterator[None]:
        """Bound the wait, and say in our words what went wrong."""
        try:
            async with asyncio.timeout(within or self._timeout):
                yield
        except WorkflowUpdateFailedError as error:
            raise _refused(error) from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise EngineUnavailable("no answer in time") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotRunning(ended="already completed" in error.message) from None
            if error.status in _PASSING:
                raise EngineUnavailable("unreachable") from error
            raise
        except RuntimeError as error:  # a lazy client that could not connect
            if "onnect" not in str(error):
                raise
            raise EngineUnavailable("unreachable") from error


_PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)


async def _forget(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Fetch what became of the start, or the loop complains that nobody did; never wait for it."""
    with suppress(Exception, asyncio.CancelledError):
        async with asyncio.timeout(0):
            await start.workflow_handle()


def _refused(error: WorkflowUpdateFailedError) -> Exception:
    cause = error.cause
    if not isinstance(cause, ApplicationError) or cause.type is None:
        return error
    if cause.type == _ENDED_MEANWHILE:
        return Refused("ticket_ended", "This ticket has ended.")
    return Refused(cause.type, cause.message)
