"""Idempotency keys: one key stands for one content, and another content is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import EngineUnavailable, NotRunning
from domain.refusals import Refused
from store.tickets import used_keys


async def is_reserved(context: AppContext, caller: Caller, where: str, key: str) -> bool:
    """Return whether an act with this key was begun, and not refused: it may be done."""
    return await used_keys.known(context.store, context.mark(f"key/{caller.id}/{where}/{key}"))


@asynccontextmanager
async def reserved(
    context: AppContext, caller: Caller, where: str, key: str | None, content: str
) -> AsyncIterator[None]:
    """Reserve the caller's key for this content during an act, and after it.

    `where`: the ticket, or what beside a ticket the key is for: forms of one page share a key.

    An act that is refused has done nothing: its key is free again, for what somebody mends.

    Raises:
        KeyReused: the key stands for another content. Nothing was done.
    """
    if key is None:
        yield
        return
    name = context.mark(f"key/{caller.id}/{where}/{key}")
    new = await used_keys.use(context.store, name, context.mark(content), datetime.now(UTC))
    try:
        yield
    except EngineUnavailable:  # its outcome is not known: the key stands for what may be done
        raise
    except (Refused, NotRunning, Problem):
        if new:
            await used_keys.free(context.store, name)
        raise
