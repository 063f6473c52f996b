"""The time that a body may take to arrive: in all, and between two pieces of it."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.settings import Settings


class SlowBodies:
    """ASGI middleware that refuses (408) a body that arrives too slowly, whoever reads it.

    Only waiting for the sender counts. `with_files`: whether a path may be sent files, which have
    more time.
    """

    def __init__(self, app: ASGIApp, settings: Settings, with_files: Callable[[str], bool]) -> None:
        self.app, self.settings, self.with_files = app, settings, with_files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settings, loop = self.settings, asyncio.get_running_loop()
        files = self.with_files(scope["path"])
        left, more = settings.upload_seconds if files else settings.body_seconds, True

        async def timed() -> Message:
            nonlocal left, more
            if not more:  # the next message is the caller's disconnecting
                return await receive()
            began = loop.time()
            try:
                async with asyncio.timeout(min(left, settings.idle_seconds)):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            left = max(0.0, left - (loop.time() - began))
            more = bool(message.get("more_body", False))
            return message

        await self.app(scope, timed, send)
