"""Tests of an upload that breaks off, on a real server: a clear end, and nothing is left."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from api.http.app import create_app
from runtime.settings import Settings
from store.db.engine import Store
from store.files import files
from tests.support.media import a_photo, a_voice
from tests.support.served import Address, served


@pytest.fixture
async def server(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Address]:
    """Serve the API alone, on a port."""
    settings = Settings(home=tmp_path, temporal_address="127.0.0.1:1", upload_seconds=2)
    async with served(create_app(settings, store=sqlite_store)) as address:
        yield address


def _head(length: int) -> bytes:
    value = f"POST /api/v1/files HTTP/1.1\r\nHost: jiesu.test\r\nContent-Length: {length}\r\n\r\n"
    return value.encode()


async def _answer(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(60):
        return (await reader.read(65_536)).decode()


async def _nothing_left(store: Store, home: Path) -> bool:
    """Return whether neither a row, nor an object, nor a received file is left."""
    left = [path for folder in ("files", "uploads") for path in (home / folder).rglob("*")]
    return await files.waiting_bytes(store) == 0 and left == []


async def _broken_off(address: Address) -> int:
    """Return how many uploads broke off, according to the server's metrics."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: jiesu.test\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(60):
        value = (await reader.read()).decode()
    writer.close()
    match = re.search(r'_total\{method="POST",route="/api/v1/files",status="400"\} (\d+)', value)
    return int(match[1]) if match else 0


@pytest.mark.parametrize("goodbye", ["closed", "reset"])
async def test_nothing_is_left_of_an_upload_that_breaks_off(
    goodbye: str, server: Address, sqlite_store: Store, tmp_path: Path
) -> None:
    voice = a_voice(100)
    before = await _broken_off(server)
    _, writer = await asyncio.open_connection(*server)
    writer.write(_head(len(voice)) + voice[: len(voice) // 2])
    await writer.drain()
    await asyncio.sleep(0.2)
    if goodbye == "reset":
        linger: Any = b"\1\0\0\0\0\0\0\0"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    async with asyncio.timeout(60):
        while await _broken_off(server) <= before:
            await asyncio.sleep(0.05)
    assert await _nothing_left(sqlite_store, tmp_path)


async def test_an_upload_that_takes_too_long_is_told_so(
    server: Address, sqlite_store: Store, tmp_path: Path
) -> None:
    photo = a_photo()
    reader, writer = await asyncio.open_connection(*server)
    writer.write(_head(len(photo)) + photo[:100])
    answer = await _answer(reader)
    assert answer.startswith("HTTP/1.1 408")
    assert '"code":"upload_too_slow"' in answer.replace(" ", "")
    writer.close()
    assert await _nothing_left(sqlite_store, tmp_path)


async def test_what_cannot_be_taken_is_refused_before_all_of_it_has_come(
    server: Address, sqlite_store: Store, tmp_path: Path
) -> None:
    reader, writer = await asyncio.open_connection(*server)
    writer.write(_head(50_000_000) + b"<!doctype html>" + bytes(5000))
    answer = await _answer(reader)
    assert answer.startswith("HTTP/1.1 415")
    writer.close()
    assert await _nothing_left(sqlite_store, tmp_path)


async def test_what_says_it_is_too_large_is_refused_unread(server: Address) -> None:
    reader, writer = await asyncio.open_connection(*server)
    writer.write(_head(500_000_000))
    answer = await _answer(reader)
    assert answer.startswith("HTTP/1.1 413")
    assert "body_too_large" in answer
    writer.close()


async def test_what_grows_too_large_is_refused_on_the_way(
    server: Address, sqlite_store: Store, tmp_path: Path
) -> None:
    reader, writer = await asyncio.open_connection(*server)
    writer.write(_head(90_000_000) + a_voice(0)[:44])
    with suppress(ConnectionError):
        for _ in range(25):
            writer.write(bytes(1024 * 1024))
            await writer.drain()
    answer = await _answer(reader)
    assert answer.startswith("HTTP/1.1 413")
    assert "file_too_large" in answer
    writer.close()
    assert await _nothing_left(sqlite_store, tmp_path)
