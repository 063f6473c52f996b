"""The few commands of one ticket that a door has with the engine at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from api.problems import Problem
from runtime import engine_limits

TOO_LATE = "too_late"


def too_late() -> Problem:
    """Say that a command was not begun in time: it was not carried out, and never will be."""
    return Problem(
        TOO_LATE, "It could not be begun in time, and was not carried out: send it again."
    )


class ConcurrencyLimit:
    """Let a few commands of each ticket be with the engine at once; the others wait, in order.

    The engine does more than refuse the one command too many: it forgets the task in which the
    others are being carried out. Clients that try again and again would stop a busy ticket.
    """

    def __init__(self, at_once: int = engine_limits.SENT_AT_ONCE) -> None:
        self._at_once = at_once
        self._waiting: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, number: str, within: float) -> AsyncIterator[None]:
        """Wait for a place among the commands to this ticket, and keep it.

        Raises:
            Problem: `too_late`, there was none within so many seconds: it was never sent.
        """
        places = self._waiting.get(number)
        if places is None:
            places = self._waiting[number] = asyncio.Semaphore(self._at_once)
        try:
            async with asyncio.timeout(within):
                await places.acquire()
        except TimeoutError:
            raise too_late() from None
        try:
            yield
        finally:
            places.release()
