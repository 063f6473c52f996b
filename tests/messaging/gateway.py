"""A real SMS gateway for tests: signed HTTP, one key sent once, and every way to misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.sms_way import GatewayWay
from domain.messaging.signing import signature
from runtime.outbound import Outbound
from tests.messaging.house import body_of, free_port

SECRET = "a secret of the gateway"  # pragma: allowlist secret


class Gateway:
    """The gateway. `phones`: what each phone has received, in order.

    `answer`: what it says instead of sending: a status, or "nonsense", "nothing", "silence".
    """

    def __init__(self) -> None:
        self.phones: dict[str, list[str]] = {}
        self.keys: list[str] = []
        self.requests = 0
        self.answer: int | str | None = None
        self.says_what_became = True
        self.port = free_port()
        self._ends = asyncio.Event()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def send(self, request: Request) -> Response:
        self.requests += 1
        body = await request.body()
        key = request.headers["Idempotency-Key"]
        if not _is_signed(request, key, body):
            return Response(status_code=401)
        if isinstance(self.answer, int):
            return Response(status_code=self.answer)
        said = body_of(body)
        assert said["id"] == key
        if self.answer == "nothing":
            return JSONResponse({"status": "accepted"})
        if key not in self.keys:
            self.keys.append(key)
            self.phones.setdefault(said["to"], []).append(said["text"])
        if self.answer == "nonsense":
            return Response("<html>all good</html>")
        if self.answer == "silence":  # sent, and the answer never comes
            await self._ends.wait()
        return JSONResponse({"id": f"v-{len(self.keys)}", "status": "accepted"}, 202)

    async def ask(self, request: Request) -> Response:
        key = str(request.path_params["key"])
        if not _is_signed(request, key, b""):
            return Response(status_code=401)
        if not self.says_what_became:
            return Response(status_code=405)
        if key not in self.keys:
            return Response(status_code=404)
        return JSONResponse({"status": "accepted"})

    async def start(self) -> None:
        routes = [
            Route("/messages", self.send, methods=["POST"]),
            Route("/messages/{key}", self.ask, methods=["GET"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), "127.0.0.1", self.port, log_level="error", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._ends.set()
        if self._server is not None and self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task
            self._server = None

    def way(self, clock: Any, seconds: float = 5.0) -> GatewayWay:
        url = f"http://127.0.0.1:{self.port}/messages"
        return GatewayWay(url, SECRET, Outbound("127.0.0.1"), clock, seconds)


def _is_signed(request: Request, key: str, body: bytes) -> bool:
    timestamp = request.headers["Jiesu-Timestamp"]
    return request.headers["Jiesu-Signature"] == signature(SECRET, timestamp, key, body)


def receipt_headers(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a receipt that the gateway signs."""
    timestamp = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "Jiesu-Timestamp": timestamp,
        "Jiesu-Signature": signature(secret, timestamp, "receipt", body),
    }


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    running = Gateway()
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
