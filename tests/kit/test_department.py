"""Tests of a department whose own program returns the result."""

import asyncio
from pathlib import Path

import httpx
from temporalio.client import Client

from audit.runs import fetch
from audit.shredding import payloads
from jiesu_department import CannotHandle, UnitOrder, UnitResult, department_worker
from jiesu_department.codec import RemoteCodec
from packs.registry import PackRegistry
from runtime.codec import ticket_of_key
from runtime.engine import encrypting_with, with_converter
from runtime.names import unit_queue
from store.db.engine import Store
from store.tickets import tickets
from tests.api.running_api import serve_api
from tests.support.cities import with_unit_queue
from tests.support.desk import file
from tests.support.engine import platform, working
from workers.factory import unit_worker


async def _packs(folder: Path) -> PackRegistry:
    return await asyncio.to_thread(with_unit_queue, folder, "water", "program")


async def test_a_program_returns_the_result_and_is_named(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    seen: list[UnitOrder] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order)
        return UnitResult(reply="水务系统已派单清淤。")

    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")),
        working(department_worker(client, "water", handle)),
    ):
        ticket, receipt = await file(client)
        assert receipt.unit == "water"
        await ticket.until_stage("rate")
    assert [(order.number, order.assignment, order.unit) for order in seen] == [
        (ticket.number, 1, "water")
    ]
    handled = next(
        event
        for event in await tickets.events(sqlite_store, ticket.number)
        if event.kind == "handled"
    )
    assert handled.actor.id == "program:water"


async def test_a_program_that_gives_up_leaves_it_to_a_dispatcher(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async def handle(order: UnitOrder) -> UnitResult:
        raise CannotHandle("not_ours", "no such river in our register")

    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")),
        working(department_worker(client, "water", handle)),
    ):
        ticket, _ = await file(client)
        await ticket.until(lambda at: at.stage == "dispatch")
        state = await tickets.state(sqlite_store, ticket.number)
    assert state is not None
    assert state.by_hand
    assert state.assignments[0].ending == "failed"


async def test_a_result_of_the_wrong_shape_hurts_the_program_not_the_ticket(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    tries = 0

    async def handle(order: UnitOrder) -> UnitResult:
        nonlocal tries
        tries += 1
        if tries == 1:
            return {"answer": "done"}  # type: ignore[return-value]
        return UnitResult(reply="已办理。")

    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")),
        working(department_worker(client, "water", handle)),
    ):
        ticket, _ = await file(client)
        await ticket.until_stage("rate")
    assert tries == 2


async def test_an_officer_completes_what_no_program_picks_up(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with platform(client, sqlite_store, await _packs(tmp_path / "cities")):
        ticket, _ = await file(client)
        await ticket.complete()  # scheduled, never started: durable all the same
        await ticket.until_stage("rate")


async def test_a_unit_with_a_queue_of_its_own_is_served_by_its_own_worker(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = await asyncio.to_thread(with_unit_queue, tmp_path / "cities", "water", "own")
    async with (
        platform(client, sqlite_store, packs),
        working(unit_worker(client, unit_queue("water"))),
    ):
        ticket, _ = await file(client)
        state = await tickets.state(sqlite_store, ticket.number)
        assert state is not None
        assert state.assignments[0].queue == "unit.water"
        await ticket.complete()
        await ticket.until_stage("rate")


async def test_a_program_without_keys_asks_the_citys_api(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    seen: list[UnitOrder] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order)
        if len(seen) == 1:
            raise RuntimeError("our system is away")  # encrypted too, and retried
        return UnitResult(reply="水务系统已派单清淤。")

    packs = await _packs(tmp_path / "cities")
    async with (
        platform(client, sqlite_store, packs),
        serve_api(tmp_path, sqlite_store, client, packs) as api,
    ):
        theirs = httpx.AsyncClient(
            transport=api.http._transport,
            base_url="http://jiesu.test",
            headers=await api.officer("water"),
        )
        encrypted = with_converter(client, encrypting_with(RemoteCodec(theirs)))
        async with working(department_worker(encrypted, "water", handle)):
            ticket = await api.file()
            await ticket.until_stage("rate")
    assert [order.number for order in seen] == [ticket.number, ticket.number]
    [history] = await fetch(client, ticket.number)
    own = {ticket_of_key(payload) for payload in payloads(history) if payload.data}
    assert own == {ticket.number}  # both its result and its failure
