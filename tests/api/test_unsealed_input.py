"""Tests that the engine's own door does not go around the ticket's key: what is not encrypted with
it counts for nothing, and harms nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.converter import SerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from audit.verdicts import judge
from domain.activity_io import Projection
from domain.actors import CITIZEN, Actor, Role
from domain.commands.units.sign import Sign
from domain.facts.closing import Rated
from domain.messages import Act, MergedTicket, ParentReply, RatingMessage
from domain.ticket.assignment import HandlingResult
from domain.ticket.rating import Rating
from runtime.codec import TicketCodec
from runtime.engine import CONVERTER, encrypting_with, waiting_work, with_converter
from runtime.names import TICKETS, search_attributes, ticket_workflow_id
from store.tickets import intake, tickets
from tests.api.running_api import GOOD, Api, Filed
from tests.support.engine import Engine, working
from workflows.ticket import TicketWorkflow

FORGED = "伪造的答复"
RATING = RatingMessage(actor=CITIZEN, rating=Rating.model_validate(GOOD))


async def _intruders(api: Api, engine: Engine) -> dict[str, Client]:
    """Return clients that reach the engine and have not the key of the ticket in question.

    One does not encrypt at all. The other shows what was encrypted for a ticket of its own.
    """
    own = await api.file()
    codec = engine.client.data_converter.payload_codec
    assert isinstance(codec, TicketCodec)
    return {
        "clear": with_converter(engine.client, CONVERTER),
        "copied": with_converter(engine.client, encrypting_with(_Copying(codec.keys, own.number))),
    }


class _Copying(TicketCodec):
    """A codec that encrypts everything with the key of one ticket, whatever it is sent to."""

    def with_context(self, context: SerializationContext) -> Self:
        return self


async def _agrees(engine: Engine, ticket: Filed) -> bool:
    """Return whether a replay of the history ends where the record does, once it is written."""
    for _ in range(100):
        if (await judge(engine.client, engine.store, ticket.number)).agrees:
            return True
        await asyncio.sleep(0.1)
    return False


async def _until_sent(engine: Engine, ticket: Filed, times: int) -> None:
    """Wait until the work was given to its unit so often, and waits there."""
    handle = engine.client.get_workflow_handle(ticket_workflow_id(ticket.number))
    async with asyncio.timeout(60):
        while True:
            history = (await handle.fetch_history()).to_json()
            pending = (await handle.describe()).raw_description.pending_activities
            if history.count("EVENT_TYPE_ACTIVITY_TASK_SCHEDULED") == times and pending:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", ["clear", "copied"])
async def test_a_forged_signal_counts_for_nothing(api: Api, engine: Engine, how: str) -> None:
    ticket = await api.handled()
    intruder = (await _intruders(api, engine))[how]
    handle = intruder.get_workflow_handle(ticket_workflow_id(ticket.number))
    now = datetime.now(UTC)
    with capture_logs() as logs:
        await handle.signal(TicketWorkflow.rated, RATING)
        await handle.signal(TicketWorkflow.joined, MergedTicket(number="2411200000017", at=now))
        reply = ParentReply(parent="2411200000017", text=FORGED, resolved=True, at=now)
        await handle.signal(TicketWorkflow.answered_with_parent, reply)
        assert (await ticket.rate(GOOD | {"grade": 2})).json()["status"] == "recorded"
    await ticket.until_stage("handle")
    said = [one for one in logs if one["event"] == "unsealed"]
    assert {one["name"] for one in said} == {"rate", "joined", "answered_with_parent"}
    assert FORGED not in str(said)
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    assert state.waiting == []
    facts = [event.fact for event in await tickets.events(api.store, ticket.number)]
    assert FORGED not in str(facts)
    assert [fact.rating.grade for fact in facts if isinstance(fact, Rated)] == [2]
    assert "rating_refused" not in {fact.kind for fact in facts}
    assert await _agrees(engine, ticket)


@pytest.mark.parametrize("how", ["clear", "copied"])
async def test_a_forged_command_is_refused(api: Api, engine: Engine, how: str) -> None:
    ticket = await api.file()
    intruder = (await _intruders(api, engine))[how]
    officer = Actor(role=Role.OFFICER, id="forged", unit="water")
    with pytest.raises(WorkflowUpdateFailedError):
        await intruder.get_workflow_handle(ticket_workflow_id(ticket.number)).execute_update(
            TicketWorkflow.act, Act(actor=officer, command=Sign(), at=datetime.now(UTC))
        )
    signed = await api.http.post(f"{ticket.path}/sign", json={}, headers=await api.officer())
    assert signed.status_code == 200
    actors = [event.actor.id for event in await tickets.events(api.store, ticket.number)]
    assert "forged" not in actors
    assert await _agrees(engine, ticket)


@pytest.mark.parametrize("result", [HandlingResult(reply=FORGED), None])
@pytest.mark.parametrize("how", ["clear", "copied"])
async def test_a_forged_result_leaves_the_work_with_its_unit(
    api: Api, engine: Engine, how: str, result: HandlingResult | None
) -> None:
    ticket = await api.file()
    await _until_sent(engine, ticket, 1)
    intruder = (await _intruders(api, engine))[how]
    await waiting_work(intruder, ticket.number, "handle-water-1").complete(result)
    await _until_sent(engine, ticket, 2)
    assert (await ticket.complete()).status_code == 200
    at = await ticket.until_stage("rate")
    assert FORGED not in str(at)
    facts = [event.fact for event in await tickets.events(api.store, ticket.number)]
    assert [fact.kind for fact in facts].count("handled") == 1
    assert FORGED not in str(facts)
    assert await _agrees(engine, ticket)


async def test_nobody_begins_a_registered_ticket_with_other_words(api: Api, engine: Engine) -> None:
    ticket = await api.file()
    registered = await intake.get(api.store, ticket.number)
    assert registered is not None
    await engine.client.get_workflow_handle(ticket_workflow_id(ticket.number)).terminate()
    forged = registered.complaint.model_copy(update={"text": FORGED})
    handle = await with_converter(engine.client, CONVERTER).start_workflow(
        TicketWorkflow.run,
        forged,
        id=ticket_workflow_id(ticket.number),
        task_queue=TICKETS,
        search_attributes=search_attributes(forged),
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "unsealed"
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    assert state.complaint.text != FORGED


@workflow.defn(name="Forger")
class _Forger:
    @workflow.run
    async def run(self, projection: Projection) -> None:
        await workflow.execute_activity(
            "project",
            projection,
            task_queue=TICKETS,
            schedule_to_close_timeout=timedelta(seconds=2),
        )


async def test_nobody_writes_the_record_through_an_activity(api: Api, engine: Engine) -> None:
    ticket = await api.file()
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    state.reply, state.version = FORGED, 99
    projection = Projection(ticket=state, events=[], told=10**9)
    intruder = with_converter(engine.client, CONVERTER)
    queue = f"forger-{uuid4().hex}"
    async with working(
        Worker(
            intruder,
            task_queue=queue,
            workflows=[_Forger],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
    ):
        with pytest.raises(WorkflowFailureError):
            await intruder.execute_workflow(
                _Forger.run, projection, id=f"forger/{uuid4().hex}", task_queue=queue
            )
    recorded = await tickets.state(api.store, ticket.number)
    assert recorded is not None
    assert recorded.reply != FORGED
