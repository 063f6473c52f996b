"""No body larger than the door: refused before it is read where its length is told."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import answer

LIMIT = 64 * 1024
"""Bytes. Four thousand characters, everything else of a complaint and room to spare."""


class BodyLimit:
    """ASGI middleware. FastAPI's own limit answers in plain text; this one with a problem.

    `larger`: the paths that take more, and how much; one that ends with / means all below it.
    """

    def __init__(
        self, app: ASGIApp, limit: int = LIMIT, larger: Mapping[str, int] | None = None
    ) -> None:
        self.app, self.limit, self.larger = app, limit, larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told[:20]) > limit:
            await answer("body_too_large")(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)

    def _limit_of(self, path: str) -> int:
        for key, limit in self.larger.items():
            if path == key or (key.endswith("/") and path.startswith(key)):
                return limit
        return self.limit
