"""A small HTTP/1.1 client: kept-alive connections and very little work per request.

On a small machine, CPU time of the load generator is lost to the measured system.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

_HEAD_END = b"\r\n\r\n"


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection, one request at a time; opened at the first request, and again if closed."""

    def __init__(self, host: str, port: int) -> None:
        self._where = (host, port)
        self._head = f"Host: {host}:{port}\r\n"
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        values = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        return await self._send("POST", path, {**values, **headers}, content)

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        return await self._send("GET", path, headers, b"")

    def close(self) -> None:
        if self._stream is not None:
            self._stream[1].close()
            self._stream = None

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{lines}\r\n".encode()
        reader, writer = await self._opened()
        try:
            writer.write(head + content)
            return await _read(reader)
        except BaseException:
            self.close()  # leftover data would be read as the next answer
            raise

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._stream is not None and self._stream[0].at_eof():
            self.close()  # the server closed an idle connection
        if self._stream is None:
            self._stream = await asyncio.open_connection(*self._where)
        return self._stream


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(_HEAD_END)
    status_line, *lines = head[: -len(_HEAD_END)].decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    status = int(status_line.split(" ", 2)[1])
    if "transfer-encoding" in headers:
        raise ValueError("a chunked answer: not what the API sends")
    return Answer(status, await reader.readexactly(int(headers.get("content-length", "0"))))


class Pool:
    """A pool of reusable connections, as many as are needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._where = (host, port)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        used = self._idle.pop() if self._idle else Connection(*self._where)
        try:
            yield used
        finally:
            self._idle.append(used)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
