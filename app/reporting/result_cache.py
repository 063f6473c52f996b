"""A cache of answers that take long to compute; they are computed one at a time.

Repeated requests, or many different ones, cost one thread and no more. An answer that was computed
at once is hardly cached. A computation that nobody waits for any more is cancelled.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Computation:
    """An answer on its way, and the number of requests that wait for it."""

    task: asyncio.Task[Any]
    waiting: int = 0


class ResultCache:
    """A cache of answers, each for `TIMES` as long as it took to find; bound to one event loop."""

    TIMES = 50

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._computed: dict[Hashable, _Computation] = {}
        self._one = asyncio.Lock()

    async def get(self, key: Hashable, find: Callable[[], Awaitable[T]]) -> T:
        """Return the answer of `find` for `key`, or the cached one.

        All who ask for the same wait for one computation. It goes on as long as one of them waits.
        """
        if self._is_cached(key):
            self._answers.move_to_end(key)
            answer: T = self._answers[key][1]
            return answer
        found: T = await self._wait(key, find)
        return found

    async def _wait(self, key: Hashable, find: Callable[[], Awaitable[Any]]) -> Any:
        computed = self._computed.get(key)
        if computed is None:
            task = asyncio.create_task(self._find(key, find))
            computed = self._computed[key] = _Computation(task)
            task.add_done_callback(lambda _: self._forget(key, computed))
        computed.waiting += 1
        try:
            return await asyncio.shield(computed.task)
        finally:
            computed.waiting -= 1
            if not computed.waiting and not computed.task.done():
                self._forget(key, computed)  # who asks now begins anew
                computed.task.cancel()

    def _forget(self, key: Hashable, computed: _Computation) -> None:
        if self._computed.get(key) is computed:
            del self._computed[key]

    def _is_cached(self, key: Hashable) -> bool:
        return key in self._answers and monotonic() < self._answers[key][0]

    async def _find(self, key: Hashable, find: Callable[[], Awaitable[Any]]) -> Any:
        async with self._one:
            began = monotonic()
            answer = await find()
            now = monotonic()
        self._answers[key] = (now + self.TIMES * (now - began), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return answer
