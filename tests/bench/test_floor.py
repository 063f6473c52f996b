"""Tests that the baseline of the benchmark leaves the same history as a plain ticket."""

import asyncio
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from bench import floor
from bench.floor_driver import Bells, FloorDriver
from bench.product_driver import COMPLAINT, RATING, RESULT, UNIT
from runtime.names import ticket_workflow_id
from tests.api.running_api import serve_api
from tests.support.engine import Engine


async def _plain_ticket(engine: Engine, home: Path) -> WorkflowHistory:
    """Return the history of a ticket driven as in the benchmark, by five requests."""
    async with serve_api(home, engine.store, engine.client, engine.packs) as api:
        ticket = await api.file(**COMPLAINT)
        await ticket.by_unit("sign", unit=UNIT)
        await ticket.by_unit("contact", {"reached": True}, unit=UNIT)
        await ticket.complete(unit=UNIT, body=RESULT)
        assert (await ticket.rate(RATING)).json()["stage"] == "ended"
        handle = engine.client.get_workflow_handle(ticket_workflow_id(ticket.number))
        await handle.result()
        return await handle.fetch_history()


async def _floor_run(client: Client) -> WorkflowHistory:
    plain = await Client.connect(client.service_client.config.target_host, namespace="jiesu")
    runs, units = floor.workers(plain, cached=100)
    async with runs, units, Bells.listening() as bells:
        await FloorDriver(plain, bells).live()
        async for execution in plain.list_workflows(f"WorkflowType = '{floor.FLOOR_WORKFLOW}'"):
            handle = plain.get_workflow_handle(execution.id)
            await handle.result()
            return await handle.fetch_history()
    raise AssertionError("the floor left no run")


def _types(history: WorkflowHistory) -> list[str]:
    return [EventType.Name(event.event_type) for event in history.events]


def _bytes(history: WorkflowHistory) -> int:
    return sum(event.ByteSize() for event in history.events)


async def test_the_floor_leaves_the_history_of_a_plain_ticket(
    engine: Engine, tmp_path: Path
) -> None:
    ticket, run = await asyncio.gather(_plain_ticket(engine, tmp_path), _floor_run(engine.client))
    assert _types(run) == _types(ticket)
    assert 0.9 < _bytes(run) / _bytes(ticket) < 1.1
