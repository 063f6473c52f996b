"""Tests that a unit with many orders keeps no other unit's waiting on the queue that they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.policy.urgency import AT_ONCE, TODAY, USUAL, urgency
from domain.ticket.assignment import WorkOrder
from runtime.engine import CONVERTER, with_converter
from runtime.names import HANDLE_ACTIVITY, UNITS
from tests.support.desk import complaint, file
from tests.support.engine import Engine, connect_to, engine_server
from workers.stack import FAIR_QUEUES
from workflows.unit_work import turn_of

MANY, FEW = 500, 5


@workflow.defn(name="Orders")
class Orders:
    """Orders as a ticket gives them, without the ticket."""

    @workflow.run
    async def run(self, orders: list[WorkOrder]) -> None:
        given = [
            workflow.start_activity(
                HANDLE_ACTIVITY,
                order,
                task_queue=UNITS,
                start_to_close_timeout=timedelta(days=1),
                priority=turn_of(order),
            )
            for order in orders
        ]
        await asyncio.gather(*given)


def orders(unit: str, count: int, due_in: timedelta = timedelta(days=3)) -> list[WorkOrder]:
    due = datetime.now(UTC) + due_in
    return [
        WorkOrder(
            number=f"{n:013}", assignment=1, unit=unit, city="tongzhou", title="", text="x",
            category=None, area=None, address="", rework=0, due_at=due,
        )
        for n in range(count)
    ]  # fmt: skip


@asynccontextmanager
async def waiting(client: Client, *given: list[WorkOrder]) -> AsyncIterator[None]:
    """Have orders wait on the queue, those of the first list first."""
    async with Worker(
        client,
        task_queue="orders",
        workflows=[Orders],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        for k, some in enumerate(given):
            for begin in range(0, len(some), 100):
                part = some[begin : begin + 100]
                handle = await client.start_workflow(
                    Orders.run, part, id=f"orders/{k}/{begin}", task_queue="orders"
                )
                await _are_waiting(handle, len(part))
        yield


async def _are_waiting(handle: WorkflowHandle[Orders, None], count: int) -> None:
    async with asyncio.timeout(60):
        while len((await handle.describe()).raw_description.pending_activities) < count:
            await asyncio.sleep(0.05)


async def taken(client: Client, count: int) -> list[str]:
    """Serve the queue, and return the units by the order in which theirs came."""
    units: list[str] = []

    @activity.defn(name=HANDLE_ACTIVITY)
    async def take(order: WorkOrder) -> None:
        units.append(order.unit)

    async with Worker(client, task_queue=UNITS, activities=[take], max_concurrent_activities=2):
        async with asyncio.timeout(60):
            while len(units) < count:
                await asyncio.sleep(0.05)
    return units


async def test_five_orders_do_not_wait_for_five_hundred_of_another_unit(tmp_path: Path) -> None:
    flood, few = orders("water", MANY), orders("housing", FEW)
    with engine_server(tmp_path / "log", settings=FAIR_QUEUES) as address:
        client = with_converter(await connect_to(address), CONVERTER)
        async with waiting(client, flood, few):
            units = await taken(client, MANY + FEW)
    before = [units[:n].count("water") for n, unit in enumerate(units) if unit == "housing"]
    assert len(before) == FEW
    # By their arrival it would be after five hundred. The engine keeps a queue in four parts, and
    # is fair in each: the last of the few may come later than the others.
    assert sorted(before)[FEW // 2] < MANY / 2, before


async def test_what_is_urgent_comes_before_what_came_first(tmp_path: Path) -> None:
    usual, urgent = orders("water", 200), orders("water2", 5, timedelta(hours=1))
    with engine_server(tmp_path / "log", settings=FAIR_QUEUES) as address:
        client = with_converter(await connect_to(address), CONVERTER)
        async with waiting(client, usual, urgent):
            units = await taken(client, 205)
    assert sorted(n for n, unit in enumerate(units) if unit == "water2")[2] < 100


async def test_orders_from_before_are_given_out_after_an_upgrade(tmp_path: Path) -> None:
    """The engine keeps a queue otherwise when it is fair; what waited there is not left behind."""
    file_of_engine = tmp_path / "temporal.db"
    with engine_server(tmp_path / "log", file_of_engine) as address:
        client = with_converter(await connect_to(address), CONVERTER)
        async with waiting(client, orders("water", 100)):
            pass
    with engine_server(tmp_path / "log", file_of_engine, FAIR_QUEUES) as address:
        client = with_converter(await connect_to(address), CONVERTER)
        units = await taken(client, 100)
    assert units == ["water"] * 100


async def test_a_ticket_gives_its_orders_with_their_turn(engine: Engine) -> None:
    ticket, receipt = await file(engine.client, complaint())
    await ticket.until_stage("handle")
    history = await ticket.handle.fetch_history()
    (given,) = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
        and event.activity_task_scheduled_event_attributes.activity_type.name == HANDLE_ACTIVITY
    ]
    assert given.priority.fairness_key == f"{complaint().city}/{receipt.unit}"
    assert given.priority.priority_key in (AT_ONCE, TODAY, USUAL)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(-5, AT_ONCE), (0, AT_ONCE), (4, AT_ONCE), (4.1, TODAY), (24, TODAY), (24.1, USUAL)],
)
def test_urgency_is_the_time_that_is_left(hours: float, expected: int) -> None:
    assert urgency(timedelta(hours=hours)) == expected
    assert urgency(None) == USUAL
