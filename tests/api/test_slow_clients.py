"""Tests of slow clients and idle connections, on a real server with short times."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from api.http.app import create_app
from api.http.serving import server
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from tests.support.cities import SHIPPED
from tests.support.served import Address, served

SHORT: dict[str, Any] = {
    "temporal_address": "127.0.0.1:1",
    "header_seconds": 0.6,
    "body_seconds": 0.8,
    "idle_seconds": 0.5,
    "upload_seconds": 1.5,
    "connections_per_address": 8,
}
JSON = "POST /api/v1/complaints HTTP/1.1\r\nHost: jiesu.test\r\nContent-Type: application/json\r\n"
FORM = (
    "POST /report HTTP/1.1\r\nHost: jiesu.test\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
UPLOAD = "POST /api/v1/files HTTP/1.1\r\nHost: jiesu.test\r\n"
GET = "GET /healthz HTTP/1.1\r\nHost: jiesu.test\r\n"
SLOWEST = 20.0
"""Seconds after which a busy machine, too, has cut off a client that never ends."""


@pytest.fixture
async def address(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Address]:
    settings = Settings(home=tmp_path, **SHORT)
    async with served(create_app(settings, store=sqlite_store, packs=SHIPPED)) as address:
        yield address


async def _drip(address: Address, head: str, drop: bytes) -> tuple[bytes, float]:
    """Send the head, and then one drop after another; return all answers, and the seconds."""
    reader, writer = await asyncio.open_connection(*address)
    began = time.monotonic()
    writer.write(head.encode())

    async def dripping() -> None:
        while drop:
            await asyncio.sleep(0.1)
            writer.write(drop)

    sending = asyncio.create_task(dripping())
    try:
        async with asyncio.timeout(30):
            answer = b""
            while piece := await reader.read(65_536):
                answer += piece
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        writer.close()
    return answer, time.monotonic() - began


@pytest.mark.parametrize(
    ("head", "drop", "status"),
    [
        ("", b"", None),  # says nothing
        ("", b"G", b"400"),
        (GET, b"X: y\r\n", b"408"),  # headers without end
        (GET + "X-Slow: ", b"y", b"408"),
        (GET, b"", b"408"),
        (JSON + "Content-Length: 50000\r\n\r\n", b" ", b"408"),
        (JSON + "Content-Length: 50000\r\n\r\n", b"", b"408"),
        (JSON + "Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b"408"),
        (FORM + "Content-Length: 50000\r\n\r\n", b"a", b"408"),
        (UPLOAD + "Content-Length: 50000\r\n\r\nRIFF", b"a", b"408"),
        (UPLOAD + "Content-Length: 50000\r\n\r\nRIFF", b"", b"408"),
        (GET + "\r\n", b"", b"200"),  # and then nothing
        (GET + "\r\n", b"\r\n", b"200"),  # and then nothing that is a request
        # The rest of a body that was refused unread.
        ("POST /api/v1/tickets/2603021234560/sign HTTP/1.1\r\nHost: jiesu.test\r\n"
         "Content-Length: 60000\r\n\r\n", b" ", b"401"),
    ],
)  # fmt: skip
async def test_a_slow_client_is_cut_off(
    address: Address, head: str, drop: bytes, status: bytes | None
) -> None:
    answer, seconds = await _drip(address, head, drop)
    # uvicorn keeps a connection for five seconds after an answer, in case another request comes.
    assert seconds < SLOWEST + (6 if status == b"200" else 0)
    if status is None:
        assert answer == b""
    else:
        assert answer.startswith(b"HTTP/1.1 " + status)


async def test_who_is_quick_is_served_on_one_connection_for_long(address: Address) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(6):
        writer.write((GET + "\r\n").encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.2)
        await reader.read(65_536)
    writer.close()


async def test_one_address_has_so_many_connections_and_others_have_theirs(
    address: Address,
) -> None:
    held = [await asyncio.open_connection(*address) for _ in range(8)]
    reader, writer = await asyncio.open_connection(*address)
    with suppress(ConnectionError):
        assert await reader.read() == b""
    other = await asyncio.open_connection(*address, local_addr=("127.0.0.2", 0))
    other[1].write((GET + "Connection: close\r\n\r\n").encode())
    assert (await other[0].read()).startswith(b"HTTP/1.1 200")
    for _, each in (*held, (reader, writer), other):
        each.close()


async def test_a_proxy_has_as_many_connections_as_it_needs(
    sqlite_store: Store, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, trusted_proxies="127.0.0.1", **SHORT)
    async with served(create_app(settings, store=sqlite_store, packs=SHIPPED)) as address:
        held = [await asyncio.open_connection(*address) for _ in range(20)]
        for reader, writer in held:
            writer.write((GET + "Connection: close\r\n\r\n").encode())
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
            writer.close()


def test_the_server_believes_no_header_by_itself(sqlite_store: Store, tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, **SHORT), store=sqlite_store, packs=SHIPPED)
    assert not server(app, "127.0.0.1", free_port()).config.proxy_headers
