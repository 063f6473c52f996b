"""Tests of the load generator's own HTTP client against a real HTTP server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.http import Connection

_ANSWER = (
    b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\ncontent-length: 8\r\n\r\n{"n": 1}'
)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def _server(
    answer: bytes, *, hang_up: bool = False
) -> AsyncIterator[tuple[int, list[bytes]]]:
    heard: list[bytes] = []
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"--connected--")
        try:
            while head := await _head(reader):
                contents = head.lower().split(b"content-length: ")
                length = int(contents[1].split(b"\r\n")[0]) if len(contents) == 2 else 0
                heard.append(head + await reader.readexactly(length))
                writer.write(answer)
                if hang_up:
                    break
        finally:
            writer.close()
            gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        await gone.wait()


async def test_requests_share_one_connection() -> None:
    async with _server(_ANSWER) as (port, heard):
        connection = Connection("127.0.0.1", port)
        first = await connection.post("/complaints", {"text": "路灯"}, {"Idempotency-Key": "k"})
        second = await connection.get("/tickets/1", {})
        connection.close()
    assert (first.status, first.json()) == (201, {"n": 1})
    assert second.status == 201
    assert heard[0] == b"--connected--"
    assert heard[1].startswith(b"POST /complaints HTTP/1.1\r\n")
    assert b"Idempotency-Key: k\r\n" in heard[1]
    assert heard[1].endswith('\r\n\r\n{"text":"路灯"}'.encode())
    assert heard[2].startswith(b"GET /tickets/1 HTTP/1.1\r\n")
    assert len(heard) == 3


async def test_a_connection_the_server_closed_is_opened_again() -> None:
    async with _server(_ANSWER, hang_up=True) as (port, heard):
        connection = Connection("127.0.0.1", port)
        await connection.get("/", {})
        await asyncio.sleep(0.05)
        assert (await connection.get("/", {})).status == 201
        connection.close()
    assert heard.count(b"--connected--") == 2


async def test_an_answer_of_unknown_length_is_not_guessed() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    async with _server(chunked) as (port, _):
        connection = Connection("127.0.0.1", port)
        with pytest.raises(ValueError, match="chunked"):
            await connection.get("/", {})
        connection.close()
