"""Tests of tickets handed over between two installations, each with a real engine and store."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Filed, problem
from tests.support.engine import connect_to, end_leftovers, engine_server
from tests.support.staff_pages import at_desk, says
from tests.support.two_cities import EAST, Side, TwoCities, two_cities

REASON = "问题位于潮白河东岸，属燕郊镇。"


@pytest.fixture
async def cities(client: Client, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[TwoCities]:
    """Open two installations with nothing in common but the network between them."""
    stores = []
    for name in ("west", "east"):
        (tmp_path / name).mkdir()
        shutil.copy(sqlite_template, tmp_path / name / "jiesu.db")
        stores.append(Store.open(f"sqlite:///{tmp_path / name / 'jiesu.db'}"))
    with engine_server(tmp_path / "engine.log") as address:
        other = await connect_to(address)
        async with two_cities(tmp_path, (client, other), (stores[0], stores[1])) as both:
            yield both
        await end_leftovers(other)
    for store in stores:
        await store.close()


async def offered(cities: TwoCities, ticket: Filed, **body: Any) -> dict[str, Any]:
    answer = await ticket.by(
        Role.DISPATCHER, "handovers", {"neighbour": EAST, "reason": REASON} | body
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def incoming(side: Side, role: Role = Role.DISPATCHER) -> list[dict[str, Any]]:
    answer = await side.api.http.get("/api/v1/handovers", headers=await side.api.token(role))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def decided(side: Side, one: dict[str, Any], what: str, body: Any = None) -> httpx.Response:
    return await side.api.http.post(
        f"/api/v1/handovers/{one['neighbour']}/{one['id']}/{what}",
        json=body or {},
        headers=await side.api.token(Role.DISPATCHER),
    )


async def seen(ticket: Filed) -> dict[str, Any]:
    """Return the last hand-over of a ticket as its citizen sees it."""
    answer = await ticket.api.http.get(f"{ticket.path}/handovers", headers=ticket.citizen)
    assert answer.status_code == 200, answer.text
    last: dict[str, Any] = answer.json()["items"][-1]
    return last


async def until(cities: TwoCities, holds: Callable[[], Awaitable[bool]]) -> None:
    """Let both cities work until it holds."""
    async with asyncio.timeout(60):
        while not await holds():
            await cities.west.job.step()
            await cities.east.job.step()
            await asyncio.sleep(0.05)


async def handed_over(cities: TwoCities, ticket: Filed) -> Filed:
    """Hand the ticket over, and return the one that it is in the other city."""
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200

    async def numbered() -> bool:
        return (await seen(ticket))["other_number"] is not None

    await until(cities, numbered)
    number = (await seen(ticket))["other_number"]
    return Filed(cities.east.api, {"number": number, "access_code": ""})


async def test_the_citizen_keeps_one_number_and_reads_the_other_citys_answer(
    cities: TwoCities,
) -> None:
    ticket = await cities.west.api.unclear(kind="consultation", text="燕郊高速出口的窨井盖坏了。")
    east = await handed_over(cities, ticket)

    shown = await ticket.seen()
    assert (shown["stage"], shown["outcome"]) == ("ended", "referred")
    assert "廊坊市" in shown["reply"], "the citizen is told where it went"
    moments = {one["kind"]: one["text"] for one in shown["timeline"]}
    assert moments["handover_offered"] == "廊坊市"
    assert moments["handed_over"] == f"廊坊市 · {east.number}"
    there = await seen(ticket)
    assert (there["state"], there["here"], there["reason"]) == ("taken", False, None)
    assert there["other_number"] != ticket.number
    desk = await at_desk(cities.east.api, Role.DISPATCHER)
    page = says(await desk.ticket(east))
    assert "由外地移交而来" in page and f"通州区 · {ticket.number}" in page

    answered = await east.by(
        Role.DESK,
        "conclude",
        {"outcome": "answered", "text": "井盖已于今日更换。"},
    )
    assert answered.status_code == 200, answered.text

    async def told() -> bool:
        return ((await seen(ticket))["there"] or {}).get("reply") == "井盖已于今日更换。"

    await until(cities, told)
    assert (await seen(ticket))["there"]["stage"] == "ended"


async def test_a_refusal_brings_it_back_with_the_reason(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert one["reason"] == REASON
    body = {"reason": "该路段在通州区界内。"}
    assert (await decided(cities.east, one, "refuse", body)).status_code == 200
    assert problem(await decided(cities.east, one, "accept")) == (409, "handover_not_now")
    await cities.settle()
    answer = await ticket.api.http.get(
        f"{ticket.path}/handovers", headers=await ticket.api.token(Role.DISPATCHER)
    )
    (mine,) = answer.json()["items"]
    assert (mine["state"], mine["here"], mine["answer"]) == ("refused", True, body["reason"])
    assert (await ticket.seen())["stage"] == "triage", "it is where it was"
    assert await incoming(cities.east) == []
