"""The desk of a department that works over HTTP: every open order goes to the handler, once.

What is open is asked of the city each time, so nothing depends on having heard of it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jiesu_department.city import CityApi, CityAway, CityRefused, OpenShare
from jiesu_department.orders import UnitOrder, UnitResult
from jiesu_department.worker import CannotHandle

Handler = Callable[[UnitOrder], Awaitable[UnitResult]]

_log = logging.getLogger("jiesu_department")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0


class Desk:
    """The orders in hand. `ground`: on which the city is asked to take back what cannot be handled.

    `handler` may take days. It is called again with the same order when its process died: use
    `order.number` and `order.assignment` as its identity.
    """

    def __init__(
        self,
        city: CityApi,
        handler: Handler,
        *,
        ground: str = "not_ours",
        pause: float = _FIRST_PAUSE,
    ) -> None:
        self.city = city
        self._handler, self._ground, self._pause = handler, ground, pause
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._over: set[str] = set()
        self._looking = asyncio.Lock()

    async def look(self) -> None:
        """Begin with every open order that is not in hand, and stop with those that have ended.

        Raises:
            CityAway: nothing was begun.
        """
        async with self._looking:
            shares = {share.key: share for share in await self.city.open_shares()}
            for key in self._in_hand.keys() - shares.keys():
                self._in_hand.pop(key).cancel()  # taken away, or answered by an officer
            self._over &= shares.keys()
            for key in shares.keys() - self._in_hand.keys() - self._over:
                self._in_hand[key] = asyncio.create_task(self._take(shares[key]), name=key)

    async def close(self) -> None:
        """Stop with all orders; the next process begins with them again."""
        tasks = list(self._in_hand.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _take(self, share: OpenShare) -> None:
        """Take one order to its end; what fails for a while is tried again."""
        pause = self._pause
        while True:
            try:
                await self._once(share)
                break
            except CityAway as error:
                _log.warning("the city is away: %s", error)
            except CityRefused as error:
                _log.error("%s is refused: %s", share.key, error.code)
                break  # it is left to the officers, who have it in their inbox
            except Exception:
                _log.exception("%s failed, and is tried again", share.key)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        # Not begun again, also if the inbox shows it as open for a moment longer.
        self._over.add(share.key)
        self._in_hand.pop(share.key, None)

    async def _once(self, share: OpenShare) -> None:
        order = await self.city.order(share)
        if not share.signed:
            await self.city.sign(share)
        try:
            result = UnitResult.model_validate(await self._handler(order))
        except CannotHandle as cannot:
            await self.city.ask_to_return(share, self._ground, cannot.message)
            return
        await self.city.complete(share, result)
