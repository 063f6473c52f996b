"""Replay: run today's workflow code over a recorded history, and look at where it ends.

Nothing outside the history is asked but the key it is sealed with: no record, no pack, no calendar.
What comes out is what the ticket was, as far as the history tells it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from audit.errors import HistoryErased, NoHistory, NotDeterministic
from domain.events import Event
from domain.ticket import Ticket
from runtime.engine import CONVERTER
from runtime.names import ticket_workflow_id
from store.engine import Store
from store.ticket_keys import erased_at
from workflows.ticket import TicketWorkflow


@dataclass(frozen=True)
class Replayed:
    """A ticket as its history tells it. `positions[i]`: history length when event i happened.

    `states`: the ticket as it was after each event that was asked for, by version.
    """

    ticket: Ticket
    events: Sequence[Event]
    positions: Sequence[int]
    history_events: int
    states: Mapping[int, Ticket] = field(default_factory=dict)


async def fetch(client: Client, number: str) -> WorkflowHistory:
    """The history of a ticket, open or ended. Raises NoHistory."""
    try:
        return await client.get_workflow_handle(ticket_workflow_id(number)).fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NoHistory(f"the engine has no history of ticket {number}") from error
        raise


async def told_by_history(
    client: Client, store: Store, number: str, keep: Collection[int] = ()
) -> Replayed:
    """The ticket from its history alone; of the store only whether it was erased, and its key.

    `keep`: the versions whose states are wanted as well.

    Raises:
        HistoryErased, NoHistory, NotDeterministic
    """
    erased = await erased_at(store, number)
    if erased is not None:
        raise HistoryErased(f"erased on {erased:%Y-%m-%d}; its history cannot be read any more")
    return await replay(await fetch(client, number), client.data_converter, keep)


async def replay(
    history: WorkflowHistory,
    converter: DataConverter = CONVERTER,
    keep: Collection[int] = (),
) -> Replayed:
    """Where the history ends, read with the keys of `converter`; and the states on the way there.

    Raises NotDeterministic when today's code does not follow it.
    """
    captured: list[TicketWorkflow] = []
    states: dict[int, Ticket] = {}
    replayer = Replayer(
        workflows=[TicketWorkflow],
        data_converter=converter,
        interceptors=[_Capture(captured, states, keep)],
        # The sandbox guards new code against mistakes; a replay only reads, and is faster without.
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        raise NotDeterministic(str(result.replay_failure)) from result.replay_failure
    if not captured:
        raise NotDeterministic("the history holds no workflow task yet")
    flow = captured[0]
    return Replayed(flow.ticket, list(flow.events), flow.recorded_at, len(history.events), states)


class _Watched(list[Event]):
    """The events of a replay; the ticket is copied when one of those asked for has happened.

    An event is noted as soon as it has changed the ticket and before anything else can
    (`Recording.happen`), so the copy is the state that the history led to at that event.
    """

    def __init__(
        self, flow: TicketWorkflow, states: dict[int, Ticket], keep: Collection[int]
    ) -> None:
        super().__init__(flow.events)
        self._flow, self._states, self._keep = flow, states, keep

    def append(self, event: Event) -> None:
        super().append(event)
        if event.version in self._keep:
            self._states[event.version] = self._flow.ticket.model_copy(deep=True)


class _Capture(Interceptor):
    """Keeps hold of the workflow's instance, so that its state can be read after the replay."""

    def __init__(
        self, captured: list[TicketWorkflow], states: dict[int, Ticket], keep: Collection[int]
    ) -> None:
        self._captured, self._states, self._keep = captured, states, keep

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        captured, states, keep = self._captured, self._states, self._keep

        class CapturingInbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                flow = workflow.instance()
                captured.append(flow)
                if keep:
                    flow.events = _Watched(flow, states, keep)
                return await super().execute_workflow(input)

        return CapturingInbound
