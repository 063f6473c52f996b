"""Dependencies of routes."""

from typing import Annotated

from fastapi import Depends, Header, Request

from app.context import AppContext


async def _app_context(request: Request) -> AppContext:
    context: AppContext = request.app.state.context
    return context


Context = Annotated[AppContext, Depends(_app_context)]


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Something unguessable, a UUID for instance. The same key again gives the "
        "same answer, and nothing happens twice.",
    ),
]
