"""Tests of departments' programs that work over HTTP: one that asks, and one that is called."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from standardwebhooks.webhooks import Webhook as Signer
from temporalio.client import Client

from domain.actors import Role
from domain.webhooks.messages import new_secret
from jiesu_department import CannotHandle, UnitOrder, UnitResult
from jiesu_department.city import CityApi, CityAway
from jiesu_department.desk import Desk
from jiesu_department.polling import ChangePoller, SavedCursor
from jiesu_department.receiving import BadSignature, Receiver, verified
from runtime.ports import free_port
from store.db import webhook_tables
from store.db.engine import Store
from store.webhooks import subscriptions
from store.webhooks.seeing import Viewer
from tests.api.running_api import Api, Filed, serve_api
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.webhooks import Clock, job, run, subscribe

REPLY = "水务系统已派单清淤。"


@pytest.fixture
async def api(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    async with (
        platform(client, sqlite_store) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as opened,
    ):
        yield opened


class Line(httpx.ASGITransport):
    """The line to the city, which may be cut, at once or after so many requests."""

    cut = False
    cut_after: int | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut_after is not None:
            self.cut, self.cut_after = self.cut_after == 0, max(0, self.cut_after - 1)
        if self.cut:
            raise httpx.ConnectError("cut")
        return await super().handle_async_request(request)


@asynccontextmanager
async def city(api: Api, unit: str = "water") -> AsyncIterator[tuple[CityApi, Line]]:
    line = Line(api.app)
    headers = await api.officer(unit)
    async with httpx.AsyncClient(
        transport=line, base_url="http://jiesu.test", headers=headers
    ) as http:
        yield CityApi(http, unit), line


class Crew:
    """A handler that notes its orders."""

    def __init__(self) -> None:
        self.orders: list[UnitOrder] = []

    async def __call__(self, order: UnitOrder) -> UnitResult:
        self.orders.append(order)
        return UnitResult(reply=REPLY)

    @property
    def numbers(self) -> list[str]:
        return sorted(order.number for order in self.orders)


async def until_rated(*tickets: Filed) -> None:
    for ticket in tickets:
        await ticket.until_stage("rate")


# --- one that asks --------------------------------------------------------------------------------


async def test_one_that_asks_signs_and_answers(api: Api, tmp_path: Path) -> None:
    crew, saved = Crew(), SavedCursor(tmp_path / "cursor.json")
    before = await api.file()
    async with city(api) as (here, _):
        poller = ChangePoller(here, crew, saved)
        await poller.step(0)
        await until_rated(before)
        after = await api.file()
        await poller.step(25)
        await until_rated(after)
        await poller.desk.close()
    assert crew.numbers == sorted([before.number, after.number])
    order = next(one for one in crew.orders if one.number == after.number)
    assert (order.unit, order.city, order.assignment) == ("water", "tongzhou", 1)
    assert "又黑又臭" in order.text
    kinds = await after.kinds()
    assert kinds.index("signed") < kinds.index("handled")


async def test_down_for_a_day_it_has_lost_nothing(api: Api, tmp_path: Path) -> None:
    """It stops in the middle of an order: that, and what came meanwhile, is done after."""
    saved = SavedCursor(tmp_path / "cursor.json")
    begun = asyncio.Event()

    async def never(_order: UnitOrder) -> UnitResult:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    first = await api.file()
    async with city(api) as (here, _):
        dying = ChangePoller(here, never, saved)
        await dying.step(0)
        await asyncio.wait_for(begun.wait(), 60)
        await dying.desk.close()
    meanwhile = [await api.file() for _ in range(3)]
    crew = Crew()
    async with city(api) as (here, _):
        poller = ChangePoller(here, crew, saved)
        await poller.step(0)
        await until_rated(first, *meanwhile)
        await poller.desk.close()
    assert crew.numbers == sorted(one.number for one in [first, *meanwhile])


async def test_while_the_city_is_away_the_cursor_stays(api: Api, tmp_path: Path) -> None:
    crew, saved = Crew(), SavedCursor(tmp_path / "cursor.json")
    async with city(api) as (here, line):
        poller = ChangePoller(here, crew, saved)
        await poller.step(0)
        kept = saved.read()
        ticket = await api.file()
        line.cut = True
        with pytest.raises(CityAway):
            await poller.step(0)
        assert saved.read() == kept
        line.cut = False
        await poller.step(0)
        await until_rated(ticket)
        await poller.desk.close()
    assert crew.numbers == [ticket.number]


async def test_what_was_open_is_looked_at_though_the_city_goes_away_at_the_beginning(
    api: Api, tmp_path: Path
) -> None:
    ticket = await api.file()
    crew, saved = Crew(), SavedCursor(tmp_path / "cursor.json")
    async with city(api) as (here, line):
        poller = ChangePoller(here, crew, saved)
        line.cut_after = 1
        with pytest.raises(CityAway):
            await poller.step(0)
        line.cut, line.cut_after = False, None
        await poller.step(0)
        await until_rated(ticket)
        await poller.desk.close()
    assert crew.numbers == [ticket.number]


async def test_a_cursor_that_is_too_old_begins_anew(api: Api, tmp_path: Path) -> None:
    crew, saved = Crew(), SavedCursor(tmp_path / "cursor.json")
    async with city(api) as (here, _):
        poller = ChangePoller(here, crew, saved)
        await poller.step(0)
        ticket = await api.file()
        await here.changes("now")
        feed = webhook_tables.change_feed
        await api.store.change(feed.update().values(pruned=feed.c.last))
        await poller.step(0)
        await until_rated(ticket)
        await poller.step(0)
        await poller.desk.close()
    assert crew.numbers == [ticket.number]


async def test_what_cannot_be_handled_is_asked_to_be_taken_back(api: Api) -> None:
    async def never_ours(_order: UnitOrder) -> UnitResult:
        raise CannotHandle("not_ours", "该河段不在我局名录。")

    ticket = await api.file()
    async with city(api) as (here, _):
        desk = Desk(here, never_ours)
        await desk.look()
        async with asyncio.timeout(60):
            while "return_asked" not in await ticket.kinds():
                await asyncio.sleep(0.05)
        await desk.look()
        await desk.close()
    assert (await ticket.kinds()).count("return_asked") == 1


async def test_a_photo_goes_with_the_answer(api: Api) -> None:
    async with city(api) as (here, _):

        async def with_photo(_order: UnitOrder) -> UnitResult:
            reference = await here.upload(a_photo(), "after.jpg", "image/jpeg")
            return UnitResult(reply=REPLY, evidence=[reference])

        ticket = await api.file()
        desk = Desk(here, with_photo)
        await desk.look()
        await until_rated(ticket)
        await desk.close()
    files = await api.http.get(f"{ticket.path}/files", headers=await api.token(Role.DESK))
    assert [one["purpose"] for one in files.json()] == ["after"]


# --- one that is called ---------------------------------------------------------------------------


@asynccontextmanager
async def served(app: Receiver, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def test_one_that_is_called_answers_and_down_for_a_day_loses_nothing(api: Api) -> None:
    clock, crew, port = Clock(), Crew(), free_port()
    viewer = Viewer(Role.OFFICER, "water", "tongzhou")
    url = f"http://127.0.0.1:{port}/"
    webhook, secret = await subscribe(api.store, url, clock(), viewer=viewer)

    def receiver(here: CityApi) -> Receiver:
        return Receiver(Desk(here, crew), [secret], lambda: clock().timestamp())

    working = job(api.store, clock)
    async with city(api) as (here, _), served(receiver(here), port):
        first = await api.file()
        await run(working)
        await until_rated(first)
    missed = [await api.file() for _ in range(3)]
    for _ in range(12):
        await run(working)
        clock.on(timedelta(hours=2))
    assert crew.numbers == [first.number]
    async with city(api) as (here, _), served(receiver(here), port):
        await run(working)
        await until_rated(*missed)
        await run(working)
    known = await subscriptions.get(api.store, webhook)
    assert known is not None
    assert known.waiting == 0
    assert crew.numbers == sorted(one.number for one in [first, *missed])


async def test_while_the_city_cannot_be_asked_it_has_the_message_sent_again(api: Api) -> None:
    crew = Crew()
    async with city(api) as (here, line):
        receiver = Receiver(Desk(here, crew), [SECRET])
        ticket = await api.file()
        line.cut = True
        assert await _call(receiver, *_signed(b"{}")) == 503
        line.cut = False
        assert await _call(receiver, *_signed(b"{}")) == 204
        await until_rated(ticket)
        await receiver.desk.close()
    assert crew.numbers == [ticket.number]


SECRET = new_secret()


def _signed(body: bytes, secret: str = SECRET, at: float | None = None) -> tuple[bytes, Any]:
    sent = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    headers = {
        "webhook-id": "chg_1",
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": Signer(secret).sign("chg_1", sent, body.decode()),
    }
    return body, headers


async def _call(receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    transport = httpx.ASGITransport(receiver)
    async with httpx.AsyncClient(transport=transport, base_url="http://water.test") as http:
        return (await http.post("/", content=body, headers=headers)).status_code


class Nobody:
    """A desk that nothing may reach."""

    async def look(self) -> None:
        raise AssertionError("a message was taken for the city's")


async def test_a_message_that_is_not_the_citys_is_refused() -> None:
    receiver = Receiver(Nobody(), [SECRET])  # type: ignore[arg-type]
    body, headers = _signed(b"{}")
    attempts: list[tuple[bytes, Any]] = [
        _signed(b"{}", new_secret()),
        _signed(b"{}", at=time.time() - 3600),
        _signed(b"{}", at=time.time() + 3600),
        (b"[]", headers),
        (body, headers | {"webhook-id": "chg_2"}),
        (body, headers | {"webhook-signature": "v1,"}),
        (body, headers | {"webhook-signature": "v1,é"}),
        (body, headers | {"webhook-timestamp": "²"}),
        (body, {}),
        _signed(b"[]"),
        _signed(b"x"),
    ]
    for wrong in attempts:
        assert await _call(receiver, wrong[0], _encodable(wrong[1])) == 401, wrong
    assert await _call(receiver, b"x" * 70_000, headers) == 413


def _encodable(headers: dict[str, str]) -> Any:
    return {name: value.encode("utf-8") for name, value in headers.items()}


async def test_after_a_rotation_either_secret_is_enough() -> None:
    other = new_secret()
    body, headers = _signed(b"{}")
    _, newer = _signed(b"{}", other)
    both = headers | {
        "webhook-signature": f"{newer['webhook-signature']} {headers['webhook-signature']}"
    }
    assert verified(SECRET, both, body) == verified(other, both, body) == {}
    with pytest.raises(BadSignature):
        verified(new_secret(), both, body)
