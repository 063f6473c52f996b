"""Dependencies of routes."""

from typing import Annotated

from fastapi import Depends, Header, Request

from app.context import Door


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(_door)]


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Something unguessable, a UUID for instance. The same key again gives the "
        "same answer, and nothing happens twice.",
    ),
]
