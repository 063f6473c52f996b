"""The limit on concurrent commands of one ticket from one API process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from app.errors import Problem
from runtime import engine_limits

TOO_LATE = "too_late"


def too_late() -> Problem:
    """Return the refusal of a command that was not begun in time, and never will be."""
    return Problem(
        TOO_LATE, "It could not be begun in time, and was not carried out: send it again."
    )


class ConcurrencyLimit:
    """A limit on the commands of each ticket in the engine at once; the others wait, in order.

    Above its own limit the engine does more than refuse a command: it drops the workflow task that
    carries out the others. Clients that retry again and again would block a busy ticket.
    """

    def __init__(self, at_once: int = engine_limits.SENT_AT_ONCE) -> None:
        self._at_once = at_once
        self._waiting: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, number: str, within: float) -> AsyncIterator[None]:
        """Wait for a slot among the commands to this ticket, and hold it.

        Raises:
            Problem: `too_late`, none was free within so many seconds: it was never sent.
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
