"""The refusal of a caller before a body is read: who asks, and whether they may.

The framework reads the body of a route that has a model for it before it asks the route's
dependencies. Here the permission is asked when the body is about to be read; the dependency then
finds the answer.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.access import early_check
from api.http.problem_responses import REFUSALS, RefusedUnread


class EarlyRefusal:
    """ASGI middleware that refuses who may not send a body, before any of it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = False

        async def after_asking() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                try:
                    await early_check(Request(scope))
                except REFUSALS as error:
                    raise RefusedUnread(error) from error
            return await receive()

        await self.app(scope, after_asking, send)
