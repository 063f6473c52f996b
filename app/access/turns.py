"""NetworkTurns: how many attempts, or uploads, of one network a process serves at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from weakref import WeakValueDictionary

from app.errors import Problem

PATIENCE = 60.0
"""Seconds to wait for what the same network began before."""


class NetworkTurns:
    """The turns of each network in this process: none occupies all that judge, or receive."""

    def __init__(self, at_once: int, waiting: int = 1000) -> None:
        self._at_once, self._most = at_once, at_once + waiting
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: str, refusal: str) -> AsyncIterator[None]:
        """Wait for a turn under this key, which names what is done and the network that does it.

        Raises:
            Problem: `refusal`, if too many are waiting already, or the turn does not come.
        """
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = _Turn(self._at_once)
        if turn.here >= self._most:
            raise waiting(refusal, timedelta(seconds=1))
        turn.here += 1
        try:
            try:
                async with asyncio.timeout(PATIENCE):
                    await turn.free.acquire()
            except TimeoutError:
                raise waiting(refusal, timedelta(seconds=1)) from None
            try:
                yield
            finally:
                turn.free.release()
        finally:
            turn.here -= 1


class _Turn:
    def __init__(self, at_once: int) -> None:
        self.free, self.here = asyncio.Semaphore(at_once), 0


def waiting(refusal: str, wait: timedelta) -> Problem:
    """Return the refusal of somebody who has to wait so long."""
    seconds = max(1, int(wait.total_seconds() + 0.999))
    return Problem(refusal, headers={"Retry-After": str(seconds)})
