"""Tests that a ticket with a long history continues in a new run, without a break."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.reassign import Reassign
from domain.commands.units.ask import Ask
from domain.commands.units.contact import Contact
from domain.commands.units.sign import Sign
from domain.messages import Act
from domain.ticket.assignment import HandlingResult
from domain.ticket.state import Snapshot
from runtime import engine_limits
from runtime.engine import waiting_work
from runtime.engine_limits import Used
from store.db.engine import Store
from store.tickets import tickets
from tests.support.desk import CITIZEN, DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, furnish
from tests.support.stalling import given_a_task, standing_worker
from workflows import continuation
from workflows.ticket import TicketWorkflow

WATER = officer("water")


async def carry_on(ticket: Filed) -> None:
    """Let the ticket continue in a new run, as an operator does, and wait for it."""
    before = (await ticket.handle.describe()).run_id
    await ticket.handle.signal(TicketWorkflow.request_continuation)
    async with asyncio.timeout(60):
        while (await ticket.handle.describe()).run_id == before:
            await asyncio.sleep(0.02)


async def act(ticket: Filed, actor: object, command: object, key: str | None = None) -> Snapshot:
    """Execute a command, and repeat it while the ticket changes runs, as the API does."""
    message = Act.model_validate({"actor": actor, "command": command, "at": datetime.now(UTC)})
    for _ in range(100):
        try:
            return await ticket.handle.execute_update(TicketWorkflow.act, message, id=key)
        except WorkflowUpdateFailedError as error:
            if getattr(error.cause, "type", "") != "carrying_on":
                raise
        await asyncio.sleep(0.05)
    raise AssertionError("it is being carried on for ever")


async def test_it_goes_on_where_it_was_at_every_stage(engine: Engine) -> None:
    ticket, _ = await file(
        engine.client, complaint(text="不清楚说的是什么。", category=None, title="")
    )
    await ticket.until_kind(engine, "triage_unsure")
    await carry_on(ticket)
    assert (await ticket.kinds(engine)).count("triage_unsure") == 1  # triage is not repeated
    await act(ticket, DISPATCHER, {"do": "triage", "category": "0301"})
    await ticket.until_stage("handle")
    await act(ticket, WATER, Sign())
    before = await ticket.state(engine)
    await carry_on(ticket)
    after = await ticket.now()
    assert (after.stage, after.version, after.due_at) == ("handle", before.version, before.due_at)
    await ticket.complete()
    await ticket.until_stage("rate")
    await carry_on(ticket)
    await ticket.rate(5)
    await ticket.until_stage("ended")
    await ticket.until_projected(engine, "ended")
    versions = [event.version for event in await ticket.events(engine)]
    assert versions == list(range(1, len(versions) + 1))


async def test_a_pause_and_its_clocks_are_carried_on(engine: Engine) -> None:
    ticket, before = await file(engine.client)
    await act(ticket, WATER, Ask(question="具体在哪一段？"))
    await carry_on(ticket)
    await act(ticket, CITIZEN, AddFacts(text="桥东"))
    at = await ticket.now()
    assert before.due_at is not None
    assert at.due_at is not None
    assert at.due_at >= before.due_at
    state = await ticket.state(engine)
    assert not [clock for clock in state.clocks if clock.running and clock.paused_at]


async def test_a_command_that_was_carried_out_is_not_obeyed_again_in_the_next_run(
    engine: Engine,
) -> None:
    ticket, _ = await file(engine.client)
    await act(ticket, CITIZEN, AddFacts(text="桥东"), key="the same")
    await carry_on(ticket)
    again = await act(ticket, CITIZEN, AddFacts(text="桥东"), key="the same")
    assert again.version == (await ticket.state(engine)).version
    assert (await ticket.kinds(engine)).count("facts_added") == 1


async def test_results_that_come_while_it_is_carried_on_are_taken(engine: Engine) -> None:
    for _ in range(8):
        ticket, _ = await file(engine.client)
        await ticket.until_stage("handle")
        await asyncio.gather(
            ticket.handle.signal(TicketWorkflow.request_continuation), handed_in(ticket)
        )
        # The engine may delay a query that comes between two runs, so the record is read.
        await ticket.until_projected(engine, "rate", within=60)
        assert (await ticket.kinds(engine)).count("handled") == 1


async def test_a_result_that_comes_with_the_moment_to_carry_on_is_taken(
    engine_address: str,
    client: Client,
    sqlite_url: str,
    sqlite_store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine brings the end of the pause and the result in one task."""
    monkeypatch.setattr(continuation, "_A_MOMENT", timedelta(seconds=2))
    furnish(client, sqlite_store)
    async with standing_worker(engine_address, sqlite_url) as worker:
        ticket, _ = await file(client)
        await ticket.until_stage("handle")
        timers = await _timers(ticket)
        await ticket.handle.signal(TicketWorkflow.request_continuation)
        async with asyncio.timeout(60):
            while await _timers(ticket) == timers:
                await asyncio.sleep(0.02)
        with worker.standing_still():
            await ticket.handle.signal(TicketWorkflow.request_continuation)
            await given_a_task(ticket.handle)
            share = waiting_work(client, ticket.number, "handle-water-1")
            await share.complete(HandlingResult(reply="已办理。", at=datetime.now(UTC)))
            await asyncio.sleep(2.5)
        async with asyncio.timeout(60):
            while "handled" not in (
                kinds := [event.kind for event in await tickets.events(sqlite_store, ticket.number)]
            ):
                await asyncio.sleep(0.05)
        assert kinds.count("handled") == 1


async def _timers(ticket: Filed) -> int:
    history = await ticket.handle.fetch_history()
    return sum(event.HasField("timer_started_event_attributes") for event in history.events)


async def handed_in(ticket: Filed) -> None:
    """Complete the share; retry between two runs, where no activity is pending."""
    async with asyncio.timeout(60):
        while True:
            try:
                await ticket.complete(HandlingResult(reply="已办理。"))
            except RPCError:
                await asyncio.sleep(0.02)
            else:
                return


async def test_before_a_limit_it_goes_on_by_itself_and_takes_the_next_command(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is thirty commands a run; the ticket is passed on until details are dropped."""
    monkeypatch.setattr(engine_limits, "CARRY_ON", Used(30, 10**9, 10**9, 10**9, 10**9))
    ticket, _ = await file(engine.client)
    first = (await ticket.handle.describe()).run_id
    names = ["transport", "water"]
    for n in range(22):
        await ticket.until_stage("handle")
        await act(ticket, officer(names[n % 2 - 1]), Contact(reached=False))
        await act(ticket, CITIZEN, AddFacts(text="又来了")) if n < 9 else None
        await act(ticket, DISPATCHER, Reassign(unit=names[n % 2], reason="改派"))
    runs = await ticket.handle.describe()
    assert runs.run_id != first
    assert runs.history_length < 1000
    await ticket.until_stage("handle")
    await act(ticket, CITIZEN, Withdraw(reason="已自行解决"))
    await ticket.until_projected(engine, "ended")
    state, events = await ticket.state(engine), await ticket.events(engine)
    assert [event.version for event in events] == list(range(1, state.version + 1))
    assert state.assignment_count == 23
    assert len(state.assignments) < 20
    assert sum(event.kind == "assigned" for event in events) == 23
    assert [a.n for a in state.assignments][-1] == 23
