"""The gateway to the engine: start a ticket, send it a command, a rating, or a unit's result.

    EngineUnavailable   the engine is unreachable, overloaded, or too slow to answer (Problem, 503)

A refusal by a workflow is raised as `Refused` with the workflow's own code. Commands have a
deadline of their own: `app.sending.sending`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast
from uuid import uuid4

import structlog
from temporalio.client import (
    AsyncActivityCancelledError,
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from app.sending.call_errors import EngineUnavailable, NotRunning, engine_limit
from app.sending.sending import BUDGET, Budget, Sender
from domain.messages import Act, RatingMessage
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Complaint
from domain.ticket.state import Snapshot
from runtime.engine import waiting_work
from runtime.engine_clock import EngineClock, look
from runtime.engine_errors import NOT_READY, PASSING
from runtime.names import TICKETS, search_attributes, ticket_workflow_id
from workflows.ticket import TicketWorkflow

logger = structlog.stdlib.get_logger("jiesu.api")

Answer = TypeVar("Answer")

_RECEIPT = "receipt"
_FORGET_ABSENCE = 2.0


class Engine:
    """The API's client of Temporal.

    `timeout` is in seconds and holds for each call; commands have their `budget`. `clock`: the
    engine's clock, as far as it is known.
    """

    def __init__(
        self,
        client: Client,
        *,
        timeout: float,
        budget: Budget = BUDGET,
        clock: EngineClock | None = None,
    ) -> None:
        self._client = client
        self._timeout = timeout
        self._absent_until = 0.0
        self.clock = clock or EngineClock()
        self._sender = Sender(client, self.clock, budget)

    async def file(self, complaint: Complaint, *, new: bool = False) -> Snapshot | None:
        """Start the ticket and wait for its receipt, in one round trip. `new`: for the first time.

        None if the engine does not answer: the complaint then waits in the intake backlog, and the
        ticket is started (if it was not already) by the next attempt. Starting the same complaint
        twice starts one ticket.
        """
        began = self.clock.steady()
        if began < self._absent_until:
            return None  # unreachable a moment ago: do not make every citizen wait to find out
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
        except asyncio.CancelledError:
            await _forget(start)
            raise
        except (EngineUnavailable, NotRunning, WorkflowAlreadyStartedError) as error:
            if isinstance(error, EngineUnavailable) and error.detail == "unreachable":
                self._absent_until = self.clock.steady() + _FORGET_ABSENCE
            await _forget(start)
            logger.warning("spooled", number=complaint.number, why=str(error))
            return None
        # The library's types lose the result of an update that has a name of its own.
        snapshot = cast(Snapshot, receipt)
        if new:  # its events so far were recorded when the engine started it, by its clock
            self.clock.heard(snapshot.updated_at, began, self.clock.steady())
        return snapshot

    async def act(self, number: str, act: Act, update_id: str | None) -> Snapshot:
        """Give a command, dated by the engine's clock. The same `update_id` again returns the first
        answer. A command reported as failed may be sent again: see `app.sending.sending`.

        Raises:
            Refused: by the ticket's rules, with the code.
            Problem: too_late, gave_up; payload_too_large, ticket_too_large
            NotRunning, EngineUnavailable
        """
        return await self._sender.execute(number, act, update_id)

    async def rate(self, number: str, verdict: RatingMessage) -> None:
        """Send a rating, already validated and dated here: a signal has no answer.

        A rating is counted once, however often it is sent.

        Raises:
            NotRunning, EngineUnavailable
        """
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        message = verdict.model_copy(
            update={"at": self.clock.now(), "key": verdict.key or uuid4().hex}
        )
        async with self._answering():
            await handle.signal(
                TicketWorkflow.rated, message, rpc_timeout=timedelta(seconds=self._timeout)
            )

    async def complete(self, number: str, activity_id: str, result: HandlingResult) -> None:
        """Send a unit's result to its waiting assignment.

        Only validated results may be sent: one of the wrong shape would block the ticket.

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

    async def at_rest(self, number: str) -> bool:
        """Return whether no task of the ticket's workflow is pending.

        While one is, the record may already show its decision; a task that is then lost is run
        again, perhaps with another decision.

        Raises:
            EngineUnavailable
        """
        async with self._answering():
            description = await self._client.get_workflow_handle(
                ticket_workflow_id(number)
            ).describe(rpc_timeout=timedelta(seconds=self._timeout))
        return not description.raw_description.HasField("pending_workflow_task")

    async def ask(
        self, question: Callable[[Client], Awaitable[Answer]], *, within: float | None = None
    ) -> Answer:
        """Run a request to the engine beside the tickets' own messages: audits, its state.

        `within`: seconds, if more than the engine has to be waited for.

        Raises:
            NotRunning: there is no such thing in the engine.
            EngineUnavailable
        """
        async with self._answering(within):
            return await question(self._client)

    async def compare_clocks(self) -> None:
        """Compare this clock with the engine's, if the engine answers; never fails."""
        with suppress(EngineUnavailable, NotRunning):
            await self.ask(partial(look, clock=self.clock))

    async def ready(self) -> bool:
        """Return whether the engine answers within a second."""
        try:
            async with asyncio.timeout(1):
                return await self._client.service_client.check_health(timeout=timedelta(seconds=1))
        except (TimeoutError, RPCError, RuntimeError):
            return False

    @asynccontextmanager
    async def _answering(self, within: float | None = None) -> AsyncIterator[None]:
        """Limit the wait, and convert the engine's errors to our own."""
        try:
            async with asyncio.timeout(within or self._timeout):
                yield
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            # The client says the same of a call that took too long and of one that was cancelled.
            if _is_cancelled():
                raise asyncio.CancelledError from error
            raise EngineUnavailable("no answer in time") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotRunning(ended="already completed" in error.message) from None
            limit = engine_limit(error)
            if limit is not None:
                raise limit from None
            if error.status is NOT_READY:
                raise EngineUnavailable(
                    "a step of this ticket failed, and is being tried again"
                ) from error
            if error.status in PASSING:
                raise EngineUnavailable("unreachable") from error
            raise
        except RuntimeError as error:  # a lazy client that could not connect
            if "onnect" not in str(error):
                raise
            raise EngineUnavailable("unreachable") from error


def _is_cancelled() -> bool:
    """Return whether the task that asks is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _forget(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Fetch the outcome of the start, or asyncio warns that nobody did; never wait for it."""
    with suppress(Exception, asyncio.CancelledError):
        async with asyncio.timeout(0):
            await start.workflow_handle()
