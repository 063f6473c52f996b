"""A door lets only a few commands of one ticket be with the engine at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from api.problems import Problem
from runtime import engine_limits

TOO_LATE = "too_late"


def too_late() -> Problem:
    return Problem(
        TOO_LATE, "It could not be begun in time, and was not carried out: send it again."
    )


class Gates:
    """Let a few commands of each ticket be with the engine at once; the others wait, in order.

    The engine does more than refuse the one command too many: it forgets the task in which the
    others are being carried out. Clients that knock again and again would stop a busy ticket.
    """

    def __init__(self, at_once: int = engine_limits.SENT_AT_ONCE) -> None:
        self._at_once = at_once
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def through(self, number: str, within: float) -> AsyncIterator[None]:
        """Wait for room for a command to this ticket.

        Raises:
            Problem: `too_late`, there was none within so many seconds: it was never sent.
        """
        gate = self._gates.get(number)
        if gate is None:
            gate = self._gates[number] = asyncio.Semaphore(self._at_once)
        try:
            await asyncio.wait_for(gate.acquire(), within)
        except TimeoutError:
            raise too_late() from None
        try:
            yield
        finally:
            gate.release()
