"""A department's program that the city calls: a receiver of webhooks, as a small ASGI application.

The message says only that something has changed; the order is asked for with the unit's token.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from jiesu_department.city import CityApi, CityAway
from jiesu_department.codec import api_client
from jiesu_department.desk import Desk, Handler

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TOLERANCE = 300.0
"""Seconds that a message may be off in time: older ones may be sent again by whoever read along."""

_MOST_BYTES = 64 * 1024
_PREFIX = "whsec_"


class BadSignature(Exception):
    """A message that is not the city's, or is too old."""


def verified(
    secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None
) -> dict[str, Any]:
    """Return the event of a message that the city signed with `secret`.

    `headers`: with names in small letters. Several signatures are there after a rotation: one that
    holds is enough.

    Raises:
        BadSignature
    """
    message, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 12):
        raise BadSignature("no time")
    if abs((time.time() if now is None else now) - int(sent_at)) > TOLERANCE:
        raise BadSignature("too old, or from a time to come")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise BadSignature("the secret is none") from None
    digest = hmac.digest(key, f"{message}.{sent_at}.".encode() + body, hashlib.sha256)
    expected = b"v1," + base64.b64encode(digest)
    given = headers.get("webhook-signature", "").encode()
    if not any(hmac.compare_digest(expected, one) for one in given.split(b" ")):
        raise BadSignature("not signed with this secret")
    try:
        event = json.loads(body)
    except ValueError:
        raise BadSignature("not JSON") from None
    if not isinstance(event, dict):
        raise BadSignature("no event")
    return event


class Receiver:
    """An ASGI application: it verifies a message, looks at what is open, and then answers.

    The city sends a message again until it is answered with 2xx: nothing is lost while its API is
    away. What is open is looked at on starting, too, as the process before may have died.
    """

    def __init__(
        self, desk: Desk, secrets: Sequence[str], now: Callable[[], float] = time.time
    ) -> None:
        self.desk = desk
        self._secrets, self._now = tuple(secrets), now

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            status = await self._answer(scope, receive)
            head = {"type": "http.response.start", "status": status, "headers": []}
            await send(head)
            await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        with suppress(CityAway):  # the next message looks again
            await self.desk.look()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.desk.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive) -> int:
        if scope["method"] != "POST":
            return 405
        body = await _body(receive)
        if body is None:
            return 413
        headers = {name.decode("latin-1").lower(): _text(value) for name, value in scope["headers"]}
        if not self._is_the_citys(headers, body):
            return 401
        try:
            await self.desk.look()
        except CityAway:
            return 503
        return 204

    def _is_the_citys(self, headers: Mapping[str, str], body: bytes) -> bool:
        for secret in self._secrets:
            with suppress(BadSignature):
                verified(secret, headers, body, self._now())
                return True
        return False


def receiver(
    unit: str, handler: Handler, *, api: str, token: str, secrets: Sequence[str]
) -> Receiver:
    """Return the application for a server such as uvicorn.

    `secrets`: of the webhook; two while one is replaced. The others as for `poll_department`.
    """
    return Receiver(Desk(CityApi(api_client(api, token), unit), handler), secrets)


def _text(value: bytes) -> str:
    return value.decode("latin-1")


async def _body(receive: Receive) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += bytes(message.get("body", b""))
        if len(body) > _MOST_BYTES:
            return None
        if not message.get("more_body"):
            return body
