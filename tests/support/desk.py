"""Helpers for tests of the engine: file a complaint, act on it and read it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from audit.runs import is_retained
from domain.actors import Actor, Role
from domain.events import Event
from domain.messages import Act, Command, RatingMessage
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Complaint
from domain.ticket.rating import Rating
from domain.ticket.state import Snapshot
from domain.ticket.ticket import Ticket
from runtime.engine import waiting_work
from runtime.names import TICKETS, search_attributes, ticket_workflow_id
from store.tickets import tickets
from store.tickets.numbers import new_number
from tests.support.engine import Engine
from workflows.ticket import TicketWorkflow

CITIZEN = Actor(role=Role.CITIZEN)
DESK = Actor(role=Role.DESK, id="desk-1")
DISPATCHER = Actor(role=Role.DISPATCHER, id="dispatcher-1")
SUPERVISOR = Actor(role=Role.SUPERVISOR, id="supervisor-1")

RIVER = "0301"
"""A category of the tongzhou pack; its owner is the water bureau."""


REACHABLE: dict[str, Any] = {"person": "somebody", "reachable": True}
"""The fields of a complaint whose citizen left a phone, and lets the unit know it."""


def officer(unit: str) -> Actor:
    return Actor(role=Role.OFFICER, unit=unit, id=f"officer-of-{unit}")


def complaint(**changes: Any) -> Complaint:
    """Return a clear complaint in Tongzhou that the machine can triage."""
    now = datetime.now(UTC)
    fields: dict[str, Any] = {
        "number": new_number(now.date()),
        "city": "tongzhou",
        "title": "河水发黑发臭",
        "text": "小区门口的河水又黑又臭，请尽快治理。",
        "category": RIVER,
        "filed_at": now,
    }
    return Complaint.model_validate(fields | changes)


class Filed:
    """One ticket in the engine."""

    def __init__(self, client: Client, number: str) -> None:
        self.client = client
        self.number = number
        self.handle: WorkflowHandle[TicketWorkflow, Snapshot] = client.get_workflow_handle_for(
            TicketWorkflow.run, ticket_workflow_id(number)
        )

    async def now(self) -> Snapshot:
        return await self.handle.query(TicketWorkflow.snapshot)

    async def act(self, actor: Actor, command: Command) -> Snapshot:
        return await self.handle.execute_update(
            TicketWorkflow.act, Act(actor=actor, command=command, at=datetime.now(UTC))
        )

    async def by_unit(self, command: Command) -> Snapshot:
        """Send the command as an officer of the unit that has the ticket."""
        return await self.act(officer((await self.now()).unit or ""), command)

    async def refused(self, actor: Actor, command: Command) -> str:
        """Return the code with which the command is refused."""
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await self.act(actor, command)
        assert isinstance(caught.value.cause, ApplicationError)
        return caught.value.cause.type or ""

    async def carry_on(self, within: float = 60) -> None:
        """Continue the workflow in a new run, as an operator does, and wait until it has begun."""
        before = (await self.handle.describe()).run_id
        await self.handle.signal(TicketWorkflow.request_continuation)
        async with asyncio.timeout(within):
            while (await self.handle.describe()).run_id == before:
                await asyncio.sleep(0.02)

    async def complete(self, result: HandlingResult | None = None) -> None:
        at = await self.now()
        result = result or HandlingResult(reply="已组织清淤，河水恢复清澈。")
        await self._hand_in(f"handle-{at.unit}-{at.assignment}", result)

    async def _hand_in(self, activity: str, result: HandlingResult, within: float = 60) -> None:
        """Complete the activity as the API does; retry while no unit worker has taken it up."""
        work = waiting_work(self.client, self.number, activity)
        done = result.model_copy(update={"at": datetime.now(UTC)})
        deadline = time.monotonic() + within
        while True:
            try:
                return await work.complete(done)
            except RPCError as error:
                gone = error.status is not RPCStatusCode.NOT_FOUND
                if gone or time.monotonic() > deadline or not await self._waits_for(activity):
                    raise
            await asyncio.sleep(0.05)

    async def _waits_for(self, activity: str) -> bool:
        """Return whether the workflow has this pending activity, begun or not."""
        pending = (await self.handle.describe()).raw_description.pending_activities
        return any(one.activity_id == activity for one in pending)

    async def complete_share(
        self, engine: Engine, unit: str, result: HandlingResult | None = None
    ) -> None:
        """Complete the open share of `unit`, whatever its kind."""
        done = result or HandlingResult(reply="已办理。")
        state = await tickets.state(engine.store, self.number)
        assert state is not None
        n = next(a.n for a in state.opened if a.unit == unit)
        await self._hand_in(f"handle-{unit}-{n}", done)

    # --- as the store records it -----------------------------------------------------------

    async def events(self, engine: Engine) -> list[Event]:
        return await tickets.events(engine.store, self.number)

    async def kinds(self, engine: Engine) -> list[str]:
        return [event.kind for event in await self.events(engine)]

    async def state(self, engine: Engine) -> Ticket:
        ticket = await tickets.state(engine.store, self.number)
        assert ticket is not None
        return ticket

    async def until_kind(
        self, engine: Engine, kind: str, times: int = 1, within: float = 60
    ) -> None:
        """Wait until `times` events of this kind are recorded."""
        async with asyncio.timeout(within):
            while (await self.kinds(engine)).count(kind) < times:
                await asyncio.sleep(0.02)

    async def until_clock_due(self, engine: Engine, name: str, within: float = 60) -> None:
        """Wait until the store records that the clock is past due."""
        async with asyncio.timeout(within):
            while not any(c.name == name and c.past_due for c in (await self.state(engine)).clocks):
                await asyncio.sleep(0.02)

    async def until_projected(self, engine: Engine, stage: str, within: float = 60) -> None:
        """Wait until the stored state is at this stage."""
        async with asyncio.timeout(within):
            while (await self.state(engine)).stage != stage:
                await asyncio.sleep(0.02)

    async def rate(self, grade: int, *, resolved: bool = True, actor: Actor = CITIZEN) -> None:
        rating = Rating.model_validate({"contacted": True, "resolved": resolved, "grade": grade})
        await self.handle.signal(
            TicketWorkflow.rated, RatingMessage(actor=actor, rating=rating, at=datetime.now(UTC))
        )

    async def until(self, reached: Callable[[Snapshot], bool], within: float = 60) -> Snapshot:
        """Return the first snapshot that satisfies `reached`."""
        async with asyncio.timeout(within):
            while not reached(at := await self.now()):
                await asyncio.sleep(0.02)
        return at

    async def until_stage(self, stage: str, within: float = 60) -> Snapshot:
        return await self.until(lambda at: at.stage == stage, within)


async def file(client: Client, filed: Complaint | None = None) -> tuple[Filed, Snapshot]:
    """File a complaint as the API does, and return the ticket and the receipt."""
    filed = filed or complaint()
    start = WithStartWorkflowOperation(
        TicketWorkflow.run,
        filed,
        id=ticket_workflow_id(filed.number),
        task_queue=TICKETS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=search_attributes(filed),
    )
    receipt: Any = await client.execute_update_with_start_workflow(
        TicketWorkflow.receipt, start_workflow_operation=start
    )
    return Filed(client, filed.number), receipt


async def removed(client: Client, number: str, run_id: str) -> None:
    """Remove a run, as the engine does after its retention time."""
    execution = WorkflowExecution(workflow_id=ticket_workflow_id(number), run_id=run_id)
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
    )
    async with asyncio.timeout(60):
        while await is_retained(client, number, run_id):
            await asyncio.sleep(0.02)
