"""The access-code throttle: wrong codes are counted per ticket and address, in all processes."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.context import AppContext
from app.errors import Problem
from store.identity import attempts

WINDOW = timedelta(minutes=10)
WRONG_PER_TICKET = 10
WRONG_PER_ADDRESS = 60


async def allow(context: AppContext, number: str, network: str) -> None:
    """Refuse any code after too many wrong ones: accepting the right one would reward guessing."""
    now = datetime.now(UTC)
    ticket, address = _keys(context, number, network)
    blocked = await asyncio.gather(
        attempts.too_many(context.store, ticket, now, WRONG_PER_TICKET, WINDOW),
        attempts.too_many(context.store, address, now, WRONG_PER_ADDRESS, WINDOW),
    )
    if any(blocked):
        seconds = str(int(WINDOW.total_seconds()))
        raise Problem("too_many_attempts", headers={"Retry-After": seconds})


async def count(context: AppContext, number: str, network: str) -> None:
    """Count a wrong code."""
    now = datetime.now(UTC)
    for key in _keys(context, number, network):
        await attempts.count_wrong(context.store, key, now)


def _keys(context: AppContext, number: str, network: str) -> tuple[str, str]:
    return f"ticket/{number}", f"from/{context.mark(network)}"
