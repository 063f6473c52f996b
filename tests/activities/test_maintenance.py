"""Tests of the maintenance jobs: the intake backlog is started; messages are delivered once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.intake_backlog import IntakeBacklog
from activities.maintenance import keep_doing
from activities.outbox import Outbox
from domain.commands.citizens.withdraw import Withdraw
from runtime.names import TICKET_WORKFLOW, ticket_workflow_id
from store.db import tables
from store.secrets.vault import Person, Vault
from store.tickets import intake, outbox, tickets
from store.tickets.numbers import new_number
from tests.support.desk import CITIZEN, Filed, complaint, file
from tests.support.engine import RING, Engine


async def _for_one_run(environment: ActivityEnvironment, job: Callable[[], Awaitable[int]]) -> None:
    """Run a maintenance job until its worker stops, which is after its first pause."""
    running = asyncio.ensure_future(environment.run(job))
    await asyncio.sleep(0.3)
    environment.worker_shutdown()
    with pytest.raises(ApplicationError, match="stopping"):
        await running


async def _registered(engine: Engine, age: timedelta) -> str:
    """Register a complaint of this age whose workflow has not started; return its number."""
    now = datetime.now(UTC)
    booked = await intake.register(
        engine.store,
        complaint(filed_at=now - age),
        Person(phone="13800138000"),
        Vault(RING),
        None,
        "mark",
        lambda: new_number(now.date()),
    )
    return booked.number


async def test_a_spooled_complaint_is_started_and_then_left_alone(engine: Engine) -> None:
    number = await _registered(engine, timedelta(minutes=1))
    backlog = IntakeBacklog(engine.store, engine.client)
    await _for_one_run(ActivityEnvironment(), backlog.start_waiting)
    ticket = Filed(engine.client, number)
    assert (await ticket.until_stage("handle")).unit == "water"
    assert await intake.pending(engine.store, timedelta(), 10, datetime.now(UTC)) == []
    await _for_one_run(ActivityEnvironment(), backlog.start_waiting)
    assert len(await tickets.events(engine.store, number)) == 3


async def test_what_the_engine_took_and_lost_is_started_again(engine: Engine) -> None:
    lost = await _registered(engine, timedelta(minutes=3))
    then = datetime.now(UTC) - timedelta(minutes=2)
    await intake.mark_started(engine.store, lost, then)  # by an engine that forgot it
    taken, _ = await file(engine.client)
    backlog = IntakeBacklog(engine.store, engine.client)
    await _for_one_run(ActivityEnvironment(), backlog.start_waiting)
    assert (await Filed(engine.client, lost).until_stage("handle")).unit == "water"
    assert (await ActivityEnvironment().run(backlog.start_lost, datetime.now(UTC))) == 0
    assert len(await tickets.events(engine.store, taken.number)) == 3


async def test_what_the_engine_has_and_has_not_recorded_is_left_alone(engine: Engine) -> None:
    number = await _registered(engine, timedelta(minutes=3))
    then = datetime.now(UTC) - timedelta(minutes=2)
    await intake.mark_started(engine.store, number, then)
    await engine.client.start_workflow(
        TICKET_WORKFLOW,
        complaint(number=number),
        id=ticket_workflow_id(number),
        task_queue="nobody's",
    )
    backlog = IntakeBacklog(engine.store, engine.client)
    assert (await ActivityEnvironment().run(backlog.start_lost, datetime.now(UTC))) == 0
    assert await intake.pending(engine.store, timedelta(), 10, datetime.now(UTC)) == []


async def test_what_an_api_is_just_starting_is_not_started_a_second_time(engine: Engine) -> None:
    number = await _registered(engine, timedelta(seconds=1))
    backlog = IntakeBacklog(engine.store, engine.client)
    await _for_one_run(ActivityEnvironment(), backlog.start_waiting)
    assert await tickets.get(engine.store, number) is None


async def test_what_has_ended_before_its_start_was_noted_is_not_started_again(
    engine: Engine,
) -> None:
    """The API was not answered in time; the ticket began all the same, and was withdrawn."""
    number = await _registered(engine, timedelta(minutes=1))
    ticket, _ = await file(engine.client, complaint(number=number))
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    await ticket.handle.result()
    # The backlog was read before the record said that it had begun.
    unstarted = update(tables.intake).where(tables.intake.c.number == number)
    await engine.store.change(unstarted.values(started_at=None))
    backlog = IntakeBacklog(engine.store, engine.client)
    for _ in range(2):
        await ActivityEnvironment().run(backlog.start_some, datetime.now(UTC))
    assert (await ticket.handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert (await tickets.events(engine.store, number))[-1].kind == "withdrawn"
    assert await intake.pending(engine.store, timedelta(), 10, datetime.now(UTC)) == []


async def test_messages_leave_the_outbox_once(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    assert await outbox.pending_count(engine.store) > 0
    job = Outbox(engine.store).deliver
    await asyncio.gather(
        _for_one_run(ActivityEnvironment(), job), _for_one_run(ActivityEnvironment(), job)
    )
    assert await outbox.pending_count(engine.store) == 0
    sent = await outbox.messages(engine.store, ticket.number)
    keys = [message.key for message in sent]
    assert sorted(keys) == sorted(set(keys))
    assert {message.audience for message in sent} == {"citizen", "officer"}


async def test_a_maintenance_job_beats_and_goes_on_while_there_is_work() -> None:
    environment = ActivityEnvironment()
    beats: list[int] = []
    environment.on_heartbeat = lambda *details: beats.append(details[0])
    left = [3, 2, 0]

    async def step() -> int:
        return left.pop(0) if left else 0

    async def job() -> int:
        return await keep_doing(step)

    await _for_one_run(environment, job)
    assert beats[:3] == [0, 3, 5]


async def test_a_job_without_work_pauses_longer_until_there_is_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits in this test: the pauses that the job asks for are noted, and end at once."""
    pauses: list[float] = []
    work = {15: 1}

    async def at_once(waiting: Coroutine[Any, Any, None], seconds: float) -> None:
        waiting.close()
        pauses.append(seconds)
        if len(pauses) < 20:
            raise TimeoutError

    async def step() -> int:
        return work.pop(len(pauses), 0)

    async def job() -> int:
        return await keep_doing(step)

    monkeypatch.setattr("activities.maintenance.asyncio.wait_for", at_once)
    with pytest.raises(ApplicationError, match="stopping"):
        await ActivityEnvironment().run(job)
    assert pauses == [0.5] * 9 + [1.0] * 6 + [0.5] * 5
    assert 2 * max(pauses) <= 2, "a message passes two jobs, and leaves within two seconds"
