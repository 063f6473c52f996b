"""A connection to the engine, for tests: answers can be lost on it, and it can be closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Way:
    """A proxy that carries bytes to the engine and back. `losing`: answers do not arrive."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.losing = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def begin(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and break all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break the open connections; new ones are served and answered."""
        self.losing = False
        for writer in self._open:
            writer.transport.abort()

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        reader, to = await asyncio.open_connection(self._host, self._port)
        self._open |= {back, to}
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            await asyncio.gather(self._copy(here, to), self._copy(reader, back, answers=True))
        finally:
            self._open -= {back, to}
            back.close()
            to.close()

    async def _copy(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(ConnectionError, OSError):
            while content := await source.read(65536):
                if not (answers and self.losing):
                    to.write(content)
                    await to.drain()
        to.transport.abort()


@asynccontextmanager
async def way_to(address: str) -> AsyncIterator[Way]:
    way = Way(address)
    await way.begin()
    try:
        yield way
    finally:
        await way.close()
