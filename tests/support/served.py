"""The application on a port, for tests that need a real connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.http.serving import server
from runtime.ports import free_port

Address = tuple[str, int]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[Address]:
    """Serve the application on a free port, with its startup and shutdown."""
    port = free_port()
    running = server(app, "127.0.0.1", port)
    serving = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.02)
    yield "127.0.0.1", port
    running.should_exit = True
    await serving
