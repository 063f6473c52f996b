"""A push service as browsers have one: it checks who sends, and cannot read what it passes on."""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import http_ece
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.push_way import PushWay, public_key
from runtime.outbound import Outbound
from store.secrets.key_ring import KeyRing
from tests.messaging.house import free_port

CONTACT = "mailto:hotline@example.org"


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Device:
    """A browser with its keys: only it can read what comes for it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    @property
    def keys(self) -> dict[str, str]:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": text(point), "auth": text(self._auth)}

    @property
    def subscription(self) -> tuple[str, str, str]:
        return self.endpoint, self.keys["p256dh"], self.keys["auth"]

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        said: dict[str, Any] = json.loads(plain)
        return said


class PushService:
    """The service. `answer`: the status in place of taking a message."""

    def __init__(self, ring: KeyRing) -> None:
        self.port = free_port()
        self.bodies: dict[str, list[bytes]] = {}
        self.topics: list[str] = []
        self.requests = 0
        self.answer: int | None = None
        self._key = public_key(ring)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    def device(self, name: str) -> Device:
        return Device(f"http://127.0.0.1:{self.port}/send/{name}")

    async def take(self, request: Request) -> Response:
        self.requests += 1
        if not self._is_signed(request):
            return Response(status_code=403)
        if self.answer is not None:
            return Response(status_code=self.answer)
        if request.headers["Content-Encoding"] != "aes128gcm" or "TTL" not in request.headers:
            return Response(status_code=400)
        name = str(request.path_params["name"])
        self.bodies.setdefault(name, []).append(await request.body())
        self.topics.append(request.headers["Topic"])
        return Response(status_code=201)

    def _is_signed(self, request: Request) -> bool:
        header = request.headers["Authorization"]
        token, _, key = header.removeprefix("vapid t=").partition(",k=")
        padded = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)))
        return (
            bool(Vapid02.verify(header))
            and key == self._key
            and claims["aud"] == f"http://127.0.0.1:{self.port}"
            and claims["sub"] == CONTACT
            and claims["exp"] <= time.time() + 24 * 3600
        )

    async def start(self) -> None:
        app = Starlette(routes=[Route("/send/{name}", self.take, methods=["POST"])])
        config = uvicorn.Config(app, "127.0.0.1", self.port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server._serve())
        while not self._server.started:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task
            self._server = None

    def way(self, ring: KeyRing, clock: Any, allow: str = "127.0.0.1") -> PushWay:
        return PushWay(ring, CONTACT, Outbound(allow), clock, 5.0)


@asynccontextmanager
async def push_service(ring: KeyRing) -> AsyncIterator[PushService]:
    running = PushService(ring)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
