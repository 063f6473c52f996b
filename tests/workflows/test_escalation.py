"""Tests that deadlines escalate automatically, on a server that skips time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.events import Event
from domain.facts.anytime import LevelReached
from domain.ticket.assignment import HandlingResult, WorkOrder
from runtime.engine import CONVERTER
from runtime.names import HANDLE_ACTIVITY, TICKETS, UNITS, ticket_workflow_id
from store.db.engine import Store
from store.tickets import tickets
from tests.support.desk import REACHABLE, complaint
from tests.support.engine import Engine, platform, time_skipping_server, working
from workflows.ticket import TicketWorkflow


@dataclass
class Skipping(Engine):
    """An engine whose days pass at once."""

    environment: WorkflowEnvironment


@pytest.fixture
async def skipping(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Skipping]:
    async with (
        await WorkflowEnvironment.start_time_skipping(
            data_converter=CONVERTER, test_server_existing_path=time_skipping_server(tmp_path)
        ) as environment,
        platform(environment.client, sqlite_store, units=False) as engine,
    ):
        yield Skipping(engine.client, engine.store, engine.packs, engine.projector, environment)


def _unit_that_takes(days: float) -> Callable[[WorkOrder], Awaitable[HandlingResult]]:
    """Return a unit that finishes after `days`; a pending activity would stop the skipping."""

    @activity.defn(name=HANDLE_ACTIVITY)
    async def handle(order: WorkOrder) -> HandlingResult:
        if activity.info().attempt == 1 and days:
            raise ApplicationError("not yet", next_retry_delay=timedelta(days=days))
        return HandlingResult(reply="已办理。")

    return handle


async def _life(engine: Engine, days: float, **changes: object) -> list[Event]:
    new_complaint = complaint(**REACHABLE | changes)
    worker = Worker(engine.client, task_queue=UNITS, activities=[_unit_that_takes(days)])
    async with working(worker):
        await engine.client.execute_workflow(
            TicketWorkflow.run,
            new_complaint,
            id=ticket_workflow_id(new_complaint.number),
            task_queue=TICKETS,
        )
    return await tickets.events(engine.store, new_complaint.number)


def _levels(events: list[Event], clock: str) -> list[str]:
    return [
        event.fact.rung.value
        for event in events
        if isinstance(event.fact, LevelReached) and event.fact.clock == clock
    ]


@pytest.mark.must_work("tongzhou", "call-back")
async def test_silence_after_the_reply_is_asked_about_and_then_counted_unrated(
    skipping: Skipping,
) -> None:
    events = await _life(skipping, 0)
    kinds = [event.kind for event in events]
    assert kinds[kinds.index("replied") + 1 :] == [
        "rung_climbed",  # the reminder
        "rung_climbed",  # the window has closed
        "call_back_due",
        "rung_climbed",  # the desk is warned
        "rung_climbed",  # the call-back is late
        "closed",
    ]
    assert _levels(events, "rate") == ["warn", "due"]
    assert _levels(events, "call_back")[-1] == "due"
    state = await tickets.state(skipping.store, events[0].number)
    assert state is not None
    assert state.outcome == "unrated"
    replied = next(event.at for event in events if event.kind == "replied")
    closed = events[-1].at
    assert timedelta(days=10) <= closed - replied < timedelta(days=10, minutes=1)


async def test_who_left_no_contact_is_not_waited_for_by_the_desk(skipping: Skipping) -> None:
    events = await _life(skipping, 40, person=None, reachable=False)
    kinds = [event.kind for event in events]
    assert kinds[kinds.index("replied") + 1 :] == ["rung_climbed", "rung_climbed", "closed"]
    assert _levels(events, "rate") == ["warn", "due"]
    assert _levels(events, "contact") == []
    state = await tickets.state(skipping.store, events[0].number)
    assert state is not None
    assert (state.outcome, state.call_backs) == ("unrated", 0)


async def test_a_slow_unit_gets_yellow_red_supervision_and_public_notice(
    skipping: Skipping,
) -> None:
    events = await _life(skipping, 40)
    assert _levels(events, "sign") == ["warn", "due", "supervise", "notice"]
    assert _levels(events, "contact") == ["warn", "due", "supervise", "notice"]
    assert _levels(events, "handle") == ["warn", "due", "supervise", "notice"]


async def test_every_rung_fires_once_and_on_time(skipping: Skipping) -> None:
    events = await _life(skipping, 40)
    state = await tickets.state(skipping.store, events[0].number)
    assert state is not None
    promised = {
        (clock.name, rung.kind): rung.at
        for clock in state.clocks
        if clock.assignment == 1
        for rung in clock.rungs
    }
    climbed = [
        (event.fact.clock, event.fact.rung, event.at)
        for event in events
        if isinstance(event.fact, LevelReached) and event.fact.assignment == 1
    ]
    assert len(climbed) == len({(clock, rung) for clock, rung, _ in climbed})
    for clock, kind, at in climbed:
        assert timedelta(0) <= at - promised[clock, kind] < timedelta(seconds=2)


async def test_a_quick_unit_gets_no_card(skipping: Skipping) -> None:
    events = await _life(skipping, 0)
    assert _levels(events, "handle") == []


@pytest.mark.parametrize(
    ("category", "limit"),
    [
        ("emergency", timedelta(hours=2)),
        ("utility", timedelta(hours=24)),
        ("general", timedelta(days=7)),
        ("complex", timedelta(days=15)),
    ],
)
async def test_the_tier_of_the_category_sets_the_limit(
    skipping: Skipping, category: str, limit: timedelta
) -> None:
    """The limits of DB11/T 2021-2022: 2 hours, 24 hours, 7 days, 15 days, in calendar time."""
    pack = skipping.packs.get("tongzhou")
    code = next(each.code for each in pack.categories if each.tier == category)
    events = await _life(skipping, 0, category=code)
    state = await tickets.state(skipping.store, events[0].number)
    assert state is not None
    clock = next(clock for clock in state.clocks if clock.name == "handle")
    assert clock.due_at - clock.started_at == limit


async def test_what_waits_for_a_person_at_triage_climbs_too(skipping: Skipping) -> None:
    new_complaint = complaint(title="", text="管管吧", category=None)
    handle = await skipping.client.start_workflow(
        TicketWorkflow.run,
        new_complaint,
        id=ticket_workflow_id(new_complaint.number),
        task_queue=TICKETS,
    )
    await skipping.environment.sleep(timedelta(days=2))
    events = await tickets.events(skipping.store, new_complaint.number)
    assert _levels(events, "triage") == ["warn", "due", "supervise", "notice"]
    await handle.terminate()
