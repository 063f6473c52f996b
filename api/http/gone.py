"""The end of work for callers who have gone: nobody reads the answer any more."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING = ("GET", "HEAD")


class CancelledWhenGone:
    """ASGI middleware that cancels a request which only reads when its caller has gone.

    Cancelling ends the database's work as well (`store.db.backends`). Requests that change
    something are carried out to the end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _READING:
            await self.app(scope, receive, send)
            return
        first = await receive()
        if first.get("more_body"):  # nobody needs it: without watching, nothing is kept in memory
            await self.app(scope, _after(first, receive), send)
            return
        await _watched(self.app, scope, first, receive, send)


def _after(first: Message, receive: Receive) -> Receive:
    messages = [first]

    async def following() -> Message:
        return messages.pop() if messages else await receive()

    return following


async def _watched(
    app: ASGIApp, scope: Scope, first: Message, receive: Receive, send: Send
) -> None:
    """Answer the request unless its caller goes first."""
    whole = False

    async def sent(message: Message) -> None:
        nonlocal whole
        whole = message["type"] == "http.response.body" and not message.get("more_body")
        await send(message)

    async def gone() -> Message:
        return await asyncio.shield(going)

    async def answer() -> None:
        await app(scope, _after(first, gone), sent)

    going = asyncio.create_task(_next(receive))
    answering = asyncio.create_task(answer())
    try:
        await asyncio.wait({answering, going}, return_when=asyncio.FIRST_COMPLETED)
        # A server says the same when the answer is whole: what is then still done, is done.
        if not (answering.done() or whole):
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering
            return
        await answering
    finally:
        for task in (answering, going):
            task.cancel()


async def _next(receive: Receive) -> Message:
    """Return the next message; after a whole body, that is the caller's going."""
    return await receive()
