"""Tests of a department whose own program returns the result."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from audit.runs import fetch
from audit.shredding import payloads
from domain.actors import Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.ticket.complaint import TEXT_LIMIT
from jiesu_department import (
    CannotHandle,
    CitizenSaid,
    UnitOrder,
    UnitResult,
    department_worker,
)
from jiesu_department.codec import RemoteCodec
from packs.registry import PackRegistry
from runtime.codec import ticket_of_key
from runtime.engine import encrypting_with, with_converter
from runtime.names import unit_queue
from store.db.engine import Store
from store.tickets import tickets
from tests.api.running_api import serve_api
from tests.support.cities import with_unit_queue
from tests.support.desk import CITIZEN, DISPATCHER, RIVER, complaint, file
from tests.support.engine import platform, working
from workers.factory import unit_worker

PHOTO = f"f{0:032x}"
LAMP = "0204"
"""A category whose unit has no program."""


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


async def test_a_program_reads_what_citizens_added_also_on_merged_tickets(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    seen: list[UnitOrder] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order)
        if len(seen) == 1:
            raise CannotHandle("not_now", "our crew is out")
        return UnitResult(reply="水务系统已派单清淤。")

    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")) as engine,
        working(department_worker(client, "water", handle)),
    ):
        vague = complaint(text="管管吧，还是那事", title="", category=None)
        ticket, _ = await file(client, vague)
        await ticket.until_kind(engine, "triage_unsure")
        await ticket.act(CITIZEN, AddFacts(text="前天就这样了", files=[PHOTO]))
        await ticket.carry_on()
        await ticket.act(DISPATCHER, Triage(category=RIVER))
        await ticket.until_kind(engine, "handling_failed")
        other, _ = await file(client, complaint(text="漏电了，有危险！", category=LAMP))
        left, _ = await file(client, complaint(text="我家的事。", category=LAMP))
        for one in (other, left):
            await one.act(DISPATCHER, Merge(into=ticket.number, reason="同一处"))
        await ticket.until_kind(engine, "complainant_joined", 2)
        await other.act(CITIZEN, Urge(text="孩子差点摔倒"))
        await ticket.until_kind(engine, "complainant_urged")
        await left.act(DISPATCHER, Unmerge(reason="另一处"))
        await ticket.until_kind(engine, "complainant_left")
        await ticket.act(DISPATCHER, Reassign(unit="water", reason="再办"))
        await ticket.until_stage("rate")
    own = (ticket.number, "前天就这样了", [PHOTO])
    first, second = ([(s.number, s.text, s.files) for s in order.said] for order in seen)
    assert first == [own]
    assert second == [
        own,
        (other.number, "漏电了，有危险！", []),
        (other.number, "孩子差点摔倒", []),
    ]
    assert [order.left_out for order in seen] == [0, 0]


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


async def test_the_longest_order_passes_the_api(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    seen: list[UnitOrder] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order)
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
        ticket = await api.unclear()
        for n in range(5):
            body = {"text": f"{n}" + "水" * (TEXT_LIMIT - 1)}
            answer = await ticket.act("facts", ticket.citizen, body)
            assert answer.status_code == 200, answer.text
        body = {"category": RIVER}
        assert (await ticket.by(Role.DISPATCHER, "triage", body)).status_code == 200
        async with working(department_worker(encrypted, "water", handle)):
            await ticket.until_stage("rate")
    [order] = seen
    assert [said.text[0] for said in order.said] == ["2", "3", "4"], "the latest are there"
    assert order.left_out == 2


def test_an_older_program_reads_the_order_of_a_newer_system() -> None:
    now = datetime.now(UTC)
    order = UnitOrder(number="1", assignment=1, unit="water", city="tongzhou", title="", text="x")
    order.said = [CitizenSaid(number="1", at=now, text="y")]

    class Older(BaseModel):
        model_config = ConfigDict(extra="ignore")
        number: str
        files: list[str]

    assert Older.model_validate_json(order.model_dump_json()).files == []
