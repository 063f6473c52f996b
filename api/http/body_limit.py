"""The limit on request bodies; a declared length above it is refused before reading."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Problem

LIMIT = 64 * 1024
"""Bytes: four thousand characters, all other fields of a complaint, and a reserve."""

Refuse = Callable[[Request, Problem], Awaitable[Response]]


def is_below(path: str, keys: Iterable[str]) -> str | None:
    """Return the first of the keys that is this path, or ends with / and begins it."""
    return next((k for k in keys if path == k or (k.endswith("/") and path.startswith(k))), None)


def length_of(request: Request) -> int | None:
    """Return the length that the body is said to have."""
    value = request.headers.get("content-length", "")
    return int(value[:20]) if value.isdecimal() else None


class BodyLimit:
    """ASGI middleware that refuses larger bodies by `refuse`; FastAPI's own answers in plain text.

    `larger`: the paths with a higher limit, and that limit; one that ends with / means all below
    it. `may_send_more`: whether a request may use the higher limit; otherwise the small one applies
    there, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Refuse,
        larger: Mapping[str, int],
        may_send_more: Callable[[Request], bool],
    ) -> None:
        self.app, self.refuse = app, refuse
        self.larger, self.may_send_more = larger, may_send_more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        if (length_of(Request(scope)) or 0) > limit:
            refused = await self.refuse(Request(scope), Problem("body_too_large"))
            await refused(scope, receive, send)
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

    def _limit_of(self, scope: Scope) -> int:
        key = is_below(scope["path"], self.larger)
        if key is not None and self.may_send_more(Request(scope)):
            return self.larger[key]
        return LIMIT
