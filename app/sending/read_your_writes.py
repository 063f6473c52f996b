"""Waiting, for a short time, until the record shows a change that was just made."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")
Look = Callable[[], Awaitable[Value | None]]

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.2


async def until(look: Look[Value], within: float, pause: float = _FIRST_PAUSE) -> Value | None:
    """Return the first value that `look` finds; None when `within` seconds have passed.

    Looks at once and then with growing pauses, so that a quick answer is seen quickly and a slow
    one costs few queries.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while True:
        row = await look()
        if row is not None:
            return row
        left = deadline - clock()
        if left <= 0:
            return None
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.6, _LONGEST_PAUSE)


class Watch:
    """A wait for changes of similar duration: it first looks when they are likely there.

    A busy system answers later, and is then polled less often: that is when queries cost most.
    """

    def __init__(self, within: float) -> None:
        self._within = within
        self._usual = _FIRST_PAUSE

    async def until(self, look: Look[Value]) -> Value | None:
        """Wait as `until` does, but for what cannot be there at once."""
        clock = asyncio.get_running_loop().time
        began = clock()
        await asyncio.sleep(min(max(0.8 * self._usual, _FIRST_PAUSE), _LONGEST_PAUSE, self._within))
        pause = max(self._usual / 6, _FIRST_PAUSE)
        row = await until(look, self._within - (clock() - began), pause)
        self._usual += 0.2 * (clock() - began - self._usual)
        return row
