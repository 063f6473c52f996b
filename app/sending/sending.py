"""Sending of commands: carried out at most once, and answered only when nothing is pending.

A command has a deadline by the engine's clock (`Act.until`). The sender is notified of a failure
only when the command cannot be carried out any more (`runtime.engine_limits`).

    Problem    too_late, gave_up: it was not carried out (503)
               engine_unavailable: the engine is unreachable, or the outcome is unknown (503)
               payload_too_large (413), ticket_too_large (503)
    Refused    by the ticket's rules
    NotRunning, see below
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast
from uuid import uuid4

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage as Stage
from temporalio.api.update.v1 import Input, Meta, Outcome, Request, UpdateRef, WaitPolicy
from temporalio.api.workflowservice.v1 import (
    PollWorkflowExecutionUpdateRequest,
    PollWorkflowExecutionUpdateResponse,
    UpdateWorkflowExecutionRequest,
)
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
)
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from app.errors import Problem
from app.sending.call_errors import (
    GLANCE,
    Crowded,
    EngineUnavailable,
    Lost,
    NotRunning,
    RunClosed,
    Unsent,
    as_ours,
)
from app.sending.concurrency import ConcurrencyLimit, too_late
from domain.messages import Act
from domain.refusals import Refused
from domain.ticket.state import Snapshot
from runtime import engine_limits
from runtime.engine_clock import EngineClock
from runtime.names import CARRY_ON, RECORD_AGAIN, ticket_workflow_id

GAVE_UP = "gave_up"

_ACCEPTED = Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED
_COMPLETED = Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
_AT_ONCE = Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_UNSPECIFIED

_STARTED = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.4
_MOST_BYTES = engine_limits.PAYLOAD_BYTES - 16 * 1024
"""Bytes of a command; the engine needs some room around it."""

_MOST_FORMER = 20
"""Sendings with one key that were given up, before one more is refused."""

_BELIEVED = 5.0
"""Seconds by which a command may be dated in the future before its ticket refuses it."""


class Budget(NamedTuple):
    """The limits of a command in seconds: to be begun; after which it never will be, if nobody took
    it; after which it is carried out or refused for good; and its wait inside.
    """

    taken: float = engine_limits.TAKEN_WITHIN.total_seconds()
    untaken: float = engine_limits.UNTAKEN_AFTER.total_seconds()
    answered: float = engine_limits.ANSWERED_WITHIN.total_seconds()
    done: float = engine_limits.DONE_WITHIN.total_seconds()


BUDGET = Budget()


class _Again(Exception):
    """A refusal of the sending and not of the command: it is to be sent once more."""

    def __init__(self, refused: Problem) -> None:
        super().__init__(refused.code)
        self.refused = refused


class _Former(Exception):
    """The answer of an earlier sending with the same key, which was given up."""


@dataclass
class Sender:
    """A sender of commands by `client`."""

    client: Client
    clock: EngineClock
    budget: Budget = BUDGET
    limit: ConcurrencyLimit = field(default_factory=ConcurrencyLimit)

    async def execute(self, number: str, act: Act, update_id: str | None) -> Snapshot:
        """Give a command; the same `update_id` again returns the first answer.

        The command is dated by the engine's clock.

        Raises: see the module.
        """
        base, again, former = update_id or uuid4().hex, False, 0
        while True:
            name = f"{base}~{former}" if former else base
            try:
                sending = _Sending(self, number, act, name, fresh=not update_id)
                async with self.limit.slot(number, self.budget.taken):
                    return await sending.settled()
            except _Again as once_more:
                if again:
                    raise once_more.refused from None
                again = True
            except _Former:
                former += 1
                if former > _MOST_FORMER:
                    raise Problem(GAVE_UP) from None


class _Sending:
    """One command in transit, under one update id. `fresh`: nobody has used the id before."""

    def __init__(self, sender: Sender, number: str, act: Act, name: str, *, fresh: bool) -> None:
        self._client, self._clock, self._budget = sender.client, sender.clock, sender.budget
        self._service = sender.client.workflow_service
        self._name, self._fresh = name, fresh
        self._workflow_id = ticket_workflow_id(number)
        self._converter = sender.client.data_converter.with_context(
            WorkflowSerializationContext(sender.client.namespace, self._workflow_id)
        )
        now = self._clock.now()
        self._until = now + timedelta(seconds=self._budget.taken)
        self._act = act.model_copy(update={"at": now, "until": self._until})
        self._began = self._clock.steady()
        self._slack = self._clock.may_be_fast(_BELIEVED)
        self._lost = self._broken = self._carried_on = False

    async def settled(self) -> Snapshot:
        """Return the outcome; after a late refusal, have the ticket record its state again."""
        try:
            return await self.outcome()
        except Problem:
            if self._lost or self._clock.steady() - self._began >= self._budget.taken:
                await self._signal(RECORD_AGAIN)
            raise

    async def outcome(self) -> Snapshot:
        """Return the outcome."""
        request = await self._request()
        pauses = _pauses()
        while True:
            try:
                return await self._sent(request)
            except Unsent:
                if not self._lost:
                    raise EngineUnavailable("unreachable") from None
            except Lost as lost:
                self._lost = True
                self._broken |= lost.broken
            except Crowded:
                pass
            # After its deadline the ticket refuses it: then it was certainly not carried out.
            within = self._untaken if self._broken else self._budget.taken
            if self._left(within) <= 0:
                break
            await asyncio.sleep(next(pauses))
        if not self._lost:
            raise too_late()
        return await self._what_became_of_it()

    async def _request(self) -> UpdateWorkflowExecutionRequest:
        payloads = await self._converter.encode([self._act])
        if sum(payload.ByteSize() for payload in payloads) > _MOST_BYTES:
            # The engine would accept it, and the ticket would be blocked for good.
            raise Problem("payload_too_large")
        return UpdateWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=self._workflow_id),
            wait_policy=WaitPolicy(lifecycle_stage=_COMPLETED),
            request=Request(
                meta=Meta(update_id=self._name, identity=self._client.identity),
                input=Input(name="act", args=Payloads(payloads=payloads)),
            ),
        )

    async def _sent(self, request: UpdateWorkflowExecutionRequest) -> Snapshot:
        """Send it, and wait for the answer as long as it can come: one round trip."""
        timeout = max(self._left(self._untaken), GLANCE)
        try:
            with as_ours(self._clock, timeout):
                answer = await self._service.update_workflow_execution(
                    request, timeout=timedelta(seconds=timeout)
                )
        except NotRunning as gone:
            return await self._of_ended(gone)
        except RunClosed:
            if await self._ended():
                raise NotRunning(ended=True) from None
            raise Crowded from None  # another run continues
        except Problem as refused:
            if refused.code != "ticket_too_large" or self._left(self._budget.taken) <= 0:
                raise
            await self._ask_to_carry_on()
            raise Crowded from None
        if answer.HasField("outcome"):
            return await self._decoded_answer(answer.outcome)
        if answer.stage >= _ACCEPTED:
            return await self._answered(answer.update_ref.workflow_execution.run_id)
        raise Lost(broken=False)

    async def _ask_to_carry_on(self) -> None:
        """Have a ticket whose run takes no more commands continue in a new one."""
        if not self._carried_on:
            self._carried_on = True
            await self._signal(CARRY_ON)

    async def _signal(self, name: str) -> None:
        """Send a signal that may get lost: without it, its effect comes later."""
        handle = self._client.get_workflow_handle(self._workflow_id)
        with suppress(RPCError, RuntimeError):
            await handle.signal(name, rpc_timeout=timedelta(seconds=GLANCE))

    async def _of_ended(self, gone: NotRunning) -> Snapshot:
        """Return the first answer of a repeated command that had ended its ticket."""
        with suppress(Lost, Crowded, Unsent):
            response = await self._poll(_AT_ONCE, "", GLANCE) if gone.ended else None
            if response is not None and response.HasField("outcome"):
                return await self._decoded_answer(response.outcome)
        raise gone

    async def _what_became_of_it(self) -> Snapshot:
        """Poll until the outcome is known; until then, the command may still be carried out."""
        pauses = _pauses()
        while True:
            with suppress(Lost, Crowded, Unsent):
                certain = self._left(self._untaken) <= 0 and not await self._may_be_taken()
                response = await self._poll(_AT_ONCE, "", GLANCE)
                if response is not None and response.HasField("outcome"):
                    return await self._decoded_answer(response.outcome)
                if response is not None and response.stage >= _ACCEPTED:
                    return await self._answered("")
                if certain:
                    # If an answer was lost, an earlier run may have carried it out.
                    unknown = EngineUnavailable("no answer in time")
                    raise unknown if self._broken else too_late()
            if self._left(self._budget.answered + self._slack) <= 0:
                raise EngineUnavailable("no answer in time")
            await asyncio.sleep(next(pauses))

    async def _answered(self, run_id: str) -> Snapshot:
        """Return the answer of a command that the ticket has accepted."""
        pauses = _pauses()
        while (left := self._left(self._budget.answered + self._slack)) > 0:
            with suppress(Lost, Crowded, Unsent):
                response = await self._poll(_COMPLETED, run_id, left)
                if response is not None and response.HasField("outcome"):
                    return await self._decoded_answer(response.outcome)
            await asyncio.sleep(next(pauses))
        raise EngineUnavailable("no answer in time")

    async def _poll(
        self, stage: Stage.ValueType, run_id: str, within: float
    ) -> PollWorkflowExecutionUpdateResponse | None:
        """Return its progress, once it is at `stage`; None if the engine does not have it."""
        request = PollWorkflowExecutionUpdateRequest(
            namespace=self._client.namespace,
            identity=self._client.identity,
            wait_policy=WaitPolicy(lifecycle_stage=stage),
            update_ref=UpdateRef(
                workflow_execution=WorkflowExecution(workflow_id=self._workflow_id, run_id=run_id),
                update_id=self._name,
            ),
        )
        try:
            with as_ours(self._clock, within):
                return await self._service.poll_workflow_execution_update(
                    request, timeout=timedelta(seconds=within)
                )
        except NotRunning:
            return None
        except RunClosed:
            if await self._ended():
                raise NotRunning(ended=True) from None
            return None

    async def _ended(self) -> bool:
        """Return whether the ticket has ended, and no run of it can have carried this out.

        The run that was closed has not. An earlier one may have, if an answer of it was lost.
        """
        description = await self._described()
        first = description.raw_description.workflow_execution_info.first_run_id
        certain = not self._lost or description.run_id == first
        return description.status is not WorkflowExecutionStatus.RUNNING and certain

    async def _may_be_taken(self) -> bool:
        """Return whether a task of the ticket is pending that began before the command's deadline.

        The engine times out such a task; a busy one does so late.
        """
        task = (await self._described()).raw_description.pending_workflow_task
        latest = self._until + timedelta(seconds=self._slack + GLANCE)
        return task.state == _STARTED and task.started_time.ToDatetime(UTC) <= latest

    async def _described(self) -> WorkflowExecutionDescription:
        handle = self._client.get_workflow_handle(self._workflow_id)
        with as_ours(self._clock, GLANCE):
            return await handle.describe(rpc_timeout=timedelta(seconds=GLANCE))

    async def _decoded_answer(self, outcome: Outcome) -> Snapshot:
        """Return the snapshot that the ticket answered; raise its refusal."""
        if outcome.HasField("success"):
            items = await self._converter.decode(outcome.success.payloads, [Snapshot])
            return cast(Snapshot, items[0])
        cause = await self._converter.decode_failure(outcome.failure)
        if not isinstance(cause, ApplicationError) or cause.type is None:
            raise WorkflowUpdateFailedError(cause)
        took = self._clock.steady() - self._began
        self._hear(cause)
        match cause.type:
            case "AcceptedUpdateCompletedWorkflow":
                raise Refused("ticket_ended", "This ticket has ended.")
            case "carrying_on":
                raise Crowded
            case "too_late" if took < self._budget.taken:
                raise _Again(too_late())
            case "clock_differs":
                raise _Again(Problem(cause.type, cause.message))
            case "gave_up" if took < self._budget.done and not self._fresh:
                raise _Former
            case "too_late" | "gave_up":
                raise Problem(cause.type, cause.message)
        raise Refused(cause.type, cause.message)

    def _hear(self, cause: ApplicationError) -> None:
        """Learn the engine's time from the ticket's refusal.

        Not if the refusal may be the stored one of an earlier sending with the same key.
        """
        if self._fresh or cause.type in ("too_late", "clock_differs", "carrying_on"):
            with suppress(ValueError, IndexError, TypeError):
                moment = datetime.fromisoformat(cause.details[0])
                self._clock.heard(moment, self._began, self._clock.steady())

    @property
    def _untaken(self) -> float:
        return self._budget.untaken + self._slack

    def _left(self, within: float) -> float:
        return self._began + within - self._clock.steady()


def _pauses() -> Iterator[float]:
    """Yield growing pauses with random variation, so that senders do not retry together."""
    pause = _FIRST_PAUSE
    while True:
        yield random.uniform(0.5, 1) * pause  # noqa: S311  # nosec B311
        pause = min(pause * 1.7, _LONGEST_PAUSE)
