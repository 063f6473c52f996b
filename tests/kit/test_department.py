"""Tests of a department whose own program returns the result."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToJson
from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio import activity
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client
from temporalio.worker import Worker

from audit.runs import fetch
from audit.shredding import payloads
from audit.verdicts import judge
from domain.actors import Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.facts.handling import HandlingFailed
from domain.ticket.assignment import HandlingResult
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
from runtime.engine import CONVERTER, encrypting_with, with_converter
from runtime.names import unit_queue
from store.db.engine import Store
from store.tickets import tickets
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import with_unit_queue
from tests.support.desk import CITIZEN, DISPATCHER, RIVER, complaint, file
from tests.support.engine import platform, working
from tests.support.media import a_photo
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


async def test_orders_wait_for_a_program_that_is_down(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    """However long: an order has no end of its own, and nothing counts its attempts."""
    seen: list[str] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order.number)
        return UnitResult(reply="水务系统已派单清淤。")

    async with platform(client, sqlite_store, await _packs(tmp_path / "cities")):
        given = [(await file(client))[0] for _ in range(3)]
        for ticket in given:
            await ticket.until_stage("handle")
        assert seen == []
        async with working(department_worker(client, "water", handle)):
            for ticket in given:
                await ticket.until_stage("rate")
    assert sorted(seen) == sorted(ticket.number for ticket in given)


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


async def test_words_instead_of_a_code_are_not_kept_in_the_clear(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async def handle(order: UnitOrder) -> UnitResult:
        raise CannotHandle("王先生 13800001111 不在家", "明天再去")

    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")) as engine,
        working(department_worker(client, "water", handle)),
    ):
        ticket, _ = await file(client)
        await ticket.until_kind(engine, "handling_failed")
        failed = next(e.fact for e in await ticket.events(engine) if e.kind == "handling_failed")
    assert isinstance(failed, HandlingFailed)
    assert failed.code == "cannot_handle"
    [history] = await fetch(client, ticket.number)
    assert "13800001111" not in str(history)


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


NO_RESULTS: dict[str, Any] = {
    "too long": {"reply": "水" * (TEXT_LIMIT + 1)},
    "too much evidence": {"reply": "已办理。", "evidence": ["x"] * 21},
    "long evidence": {"reply": "已办理。", "evidence": ["x" * 201]},
    "unknown field": {"reply": "已办理。", "grade": 5},
    "without a reply": {"resolved": True},
    "a list": ["已办理。"],
    "a text": "已办理。",
}
"""Results that a program without the kit, or with an older one, may hand in."""


def _worker_without_kit(client: Client, results: list[Any]) -> Worker:
    """Return a worker that hands in one of the results after the other, the last one for ever."""

    @activity.defn(name="handle_assignment")
    async def handle(order: dict[str, Any]) -> Any:
        return results.pop(0) if len(results) > 1 else results[0]

    return Worker(client, task_queue=unit_queue("water"), activities=[handle])


@pytest.mark.parametrize("what", NO_RESULTS)
async def test_what_is_no_result_leaves_the_ticket_with_its_unit(
    client: Client, sqlite_store: Store, tmp_path: Path, what: str
) -> None:
    results = [NO_RESULTS[what], {"reply": "水务系统已派单清淤。"}]
    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")) as engine,
        working(_worker_without_kit(client, results)),
    ):
        ticket, _ = await file(client)
        await ticket.until_stage("rate")
        assert (await ticket.kinds(engine)).count("handled") == 1
        assert (await judge(client, sqlite_store, ticket.number)).agrees


async def test_a_program_that_hands_in_nothing_else_has_failed(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with (
        platform(client, sqlite_store, await _packs(tmp_path / "cities")) as engine,
        working(_worker_without_kit(client, [NO_RESULTS["too long"]])),
    ):
        ticket, _ = await file(client)
        await ticket.until_kind(engine, "handling_failed")
        await ticket.act(CITIZEN, Urge(text="还没有人来"))
        state = await ticket.state(engine)
    assert state.by_hand
    assert state.assignments[0].ending == "failed"


@pytest.mark.parametrize(
    "change",
    [
        {"reply": "水" * (TEXT_LIMIT + 1)},
        {"reply": "\u200b\u17b4\U0001d159"},
        {"evidence": ["x"] * 21},
        {"evidence": ["x" * 201]},
        {"by": "x" * 65},
    ],
    ids=str,
)
def test_the_kit_refuses_what_the_city_does_not_take(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UnitResult.model_validate({"reply": "已办理。"} | change)
    with pytest.raises(ValidationError):
        HandlingResult.model_validate({"reply": "已办理。"} | change)
    late = UnitResult(reply="已办理。")
    for name, value in change.items():
        setattr(late, name, value)
    with pytest.raises(ValidationError):
        UnitResult.model_validate(late)


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


@asynccontextmanager
async def _without_keys(
    client: Client, store: Store, folder: Path
) -> AsyncIterator[tuple[Api, httpx.AsyncClient, Client]]:
    """Serve the city; yield it, and the clients of the water bureau's program: API and engine."""
    packs = await _packs(folder / "cities")
    async with (
        platform(client, store, packs),
        serve_api(folder, store, client, packs) as api,
        httpx.AsyncClient(
            transport=api.http._transport,
            base_url="http://jiesu.test",
            headers=await api.officer("water"),
        ) as theirs,
    ):
        yield api, theirs, with_converter(client, encrypting_with(RemoteCodec(theirs)))


@pytest.mark.parametrize("reply", ["水" * (TEXT_LIMIT + 1), "\u200b\u17b4\U0001d159"], ids=ascii)
async def test_the_api_encrypts_no_result_that_is_none(
    client: Client, sqlite_store: Store, tmp_path: Path, reply: str
) -> None:
    results = [{"reply": reply}, {"reply": "水务系统已派单清淤。"}]
    async with _without_keys(client, sqlite_store, tmp_path) as (api, _, encrypted):
        ticket = await api.file()
        async with working(_worker_without_kit(encrypted, results)):
            shown = await ticket.until_stage("rate")
    assert "水务系统已派单清淤。" in str(shown)
    [history] = await fetch(client, ticket.number)
    assert sum(e.HasField("activity_task_scheduled_event_attributes") for e in history.events) == 1


async def test_the_photos_of_a_program_reach_the_citizen(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with _without_keys(client, sqlite_store, tmp_path) as (api, theirs, encrypted):

        async def handle(order: UnitOrder) -> UnitResult:
            sent = await theirs.post(
                "/api/v1/files", params={"purpose": "after"}, content=a_photo()
            )
            assert sent.status_code == 201, sent.text
            return UnitResult(reply="已清淤。", evidence=[sent.json()["reference"], "单号 7"])

        ticket = await api.file()
        async with working(department_worker(encrypted, "water", handle)):
            await ticket.until_stage("rate")
        [photo] = (await api.http.get(f"{ticket.path}/files", headers=ticket.citizen)).json()
        assert (await api.http.get(photo["url"])).status_code == 200
    state = await tickets.state(sqlite_store, ticket.number)
    assert state is not None
    result = state.assignments[0].result
    assert result is not None
    assert result.evidence == [photo["id"], "单号 7"], "what proves whose a file is stays outside"


async def test_a_program_names_no_files_of_others(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with _without_keys(client, sqlite_store, tmp_path) as (api, theirs, _):
        ticket, other = await api.file(), await api.file()
        sent = await theirs.post("/api/v1/files", params={"purpose": "after"}, content=a_photo())
        photo = sent.json()["reference"]
        body = {"reply": "好", "evidence": [photo]}
        assert (await other.complete(body=body)).status_code == 200
        payload = CONVERTER.payload_converter.to_payload({"reply": "好", "evidence": [photo]})
        answer = await theirs.post(
            "/codec/encode",
            content=MessageToJson(Payloads(payloads=[payload]), indent=None),
            headers={"Content-Type": "application/json", "Jiesu-Ticket": ticket.number},
        )
    assert problem(answer) == (422, "unknown_file")


async def test_an_order_that_waited_tells_nothing_of_who_accuses_the_unit_since(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    seen: list[UnitOrder] = []

    async def handle(order: UnitOrder) -> UnitResult:
        seen.append(order)
        return UnitResult(reply="水务系统已派单清淤。")

    async def until_kind(ticket: Filed, kind: str, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while (await ticket.kinds()).count(kind) < times:
                await asyncio.sleep(0.02)

    async with _without_keys(client, sqlite_store, tmp_path) as (api, _, encrypted):
        ticket = await api.file()
        other, third = await api.unclear(), await api.unclear()
        for one, text in ((other, "河道所的人收了钱"), (third, "水很臭")):
            assert (await one.act("facts", one.citizen, {"text": text})).status_code == 200
            body = {"into": ticket.number, "reason": "同一处"}
            assert (await one.by(Role.DISPATCHER, "merge", body)).status_code == 200
        await until_kind(ticket, "complainant_joined", 2)
        for unit in ("gas", "water"):
            body = {"unit": unit, "reason": "改派"}
            assert (await ticket.by(Role.DISPATCHER, "reassign", body)).status_code == 200
        accused = {"units": ["water"]}
        assert (await other.by(Role.DISPATCHER, "accuse", accused)).status_code == 200
        await until_kind(ticket, "complainant_left")
        async with working(department_worker(encrypted, "water", handle)):
            await ticket.until_stage("rate")
    [order] = seen
    assert {said.number for said in order.said} == {third.number}
    assert "收了钱" not in str(order)
    assert order.left_out == 0


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
