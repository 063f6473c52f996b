"""Replay: run today's workflow code over a recorded history, and look at where it ends.

Nothing outside the history is asked: no store, no pack, no calendar. What comes out is what the
ticket was, as far as the history tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from audit.errors import NoHistory, NotDeterministic
from domain.events import Event
from domain.ticket import Ticket
from runtime.engine import CONVERTER
from runtime.names import ticket_workflow_id
from workflows.ticket import TicketWorkflow


@dataclass(frozen=True)
class Replayed:
    """A ticket as its history tells it. `positions[i]`: history length when event i happened."""

    ticket: Ticket
    events: Sequence[Event]
    positions: Sequence[int]
    history_events: int


async def fetch(client: Client, number: str) -> WorkflowHistory:
    """The history of a ticket, open or ended. Raises NoHistory."""
    try:
        return await client.get_workflow_handle(ticket_workflow_id(number)).fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NoHistory(f"the engine has no history of ticket {number}") from error
        raise


async def replay(history: WorkflowHistory) -> Replayed:
    """Where the history ends. Raises NotDeterministic when today's code does not follow it."""
    captured: list[TicketWorkflow] = []
    replayer = Replayer(
        workflows=[TicketWorkflow],
        data_converter=CONVERTER,
        interceptors=[_Capture(captured)],
        # The sandbox guards new code against mistakes; a replay only reads, and is faster without.
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        raise NotDeterministic(str(result.replay_failure)) from result.replay_failure
    if not captured:
        raise NotDeterministic("the history holds no workflow task yet")
    flow = captured[0]
    return Replayed(flow.ticket, flow.events, flow.recorded_at, len(history.events))


class _Capture(Interceptor):
    """Keeps hold of the workflow's instance, so that its state can be read after the replay."""

    def __init__(self, captured: list[TicketWorkflow]) -> None:
        self._captured = captured

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        captured = self._captured

        class CapturingInbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                captured.append(workflow.instance())
                return await super().execute_workflow(input)

        return CapturingInbound
