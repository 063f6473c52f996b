"""A cache of answers that take long to compute; they are computed one at a time.

Repeated requests, or many different ones, cost one thread and no more. An answer that was computed
at once is hardly cached.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")


class ResultCache:
    """A cache of answers, each for `TIMES` as long as it took to find; bound to one event loop."""

    TIMES = 50

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._one = asyncio.Lock()

    async def get(self, key: Hashable, find: Callable[[], Awaitable[T]]) -> T:
        """Return the answer of `find` for `key`, or the cached one."""
        if not self._is_cached(key):
            async with self._one:
                if not self._is_cached(key):  # not found by the request that had the lock before
                    await self._find(key, find)
        self._answers.move_to_end(key)
        answer: T = self._answers[key][1]
        return answer

    def _is_cached(self, key: Hashable) -> bool:
        return key in self._answers and monotonic() < self._answers[key][0]

    async def _find(self, key: Hashable, find: Callable[[], Awaitable[Any]]) -> None:
        began = monotonic()
        answer = await find()
        now = monotonic()
        self._answers[key] = (now + self.TIMES * (now - began), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
