"""Guards of what can be guessed: an attempt is counted first, and judged after.

    async with attempt(context, f"code/{network}", rules, "too_many_attempts") as tried:
        if right:
            await tried.succeeded(...)

Whoever is counted is counted by what is tried and by the network that tries it; no guard refuses
anybody for what somebody else does in another network, except that attempts on one thing from very
many networks are slowed down, for those networks that never succeeded with it.

What nobody guesses, a code of sixty bits or more, is looked up first (`opened`): whoever has it is
not kept out by those who try codes in the same network.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from limits import parse

from app.access.turns import PATIENCE, waiting
from app.context import AppContext
from app.errors import Problem
from store.identity import reservations
from store.identity.reservations import Pauses, ReserveResult, Rule, Window

Found = TypeVar("Found")

_LOOK_AGAIN = 0.1
_WINDOW = timedelta(minutes=10)


class Attempt:
    """An attempt that was counted. It has failed unless it is said to have succeeded."""

    def __init__(self, context: AppContext, attempt_id: str) -> None:
        self._context, self._id, self._settled = context, attempt_id, False

    async def succeeded(self, key: str, known: str, lasts: timedelta) -> None:
        """Give back all attempts that count under `key`; remember `known` for so long."""
        self._settled = True
        store, now = self._context.store, self._context.now()
        await reservations.forgive(store, self._id, key, known, now, lasts)

    async def undecided(self) -> None:
        """Give back this attempt, and no others."""
        self._settled = True
        await reservations.give_back(self._context.store, self._id)

    async def settle(self) -> None:
        """Keep it counted, if it has not succeeded."""
        if not self._settled:
            await reservations.failed(self._context.store, self._id)


@asynccontextmanager
async def attempt(
    context: AppContext, turn: str, rules: Sequence[Rule], refusal: str
) -> AsyncIterator[Attempt]:
    """Count an attempt; inside, it may be judged. `turn`: what is tried, and from which network.

    Raises:
        Problem: `refusal`, with the time to wait.
    """
    async with context.turns.of(turn, refusal):
        tried = Attempt(context, await _reserved(context, rules, refusal))
        try:
            yield tried
        finally:
            await tried.settle()


async def opened(
    context: AppContext, what: str, network: str, most: int, found: Found | None, unknown: str
) -> Found:
    """Return what a code that nobody guesses has opened. Only a code that opens nothing is counted,
    by network: at most so many within ten minutes.

    Raises:
        Problem: `unknown`; too_many_attempts, once there were too many.
    """
    if found is not None:
        return found
    here = f"{what}/{context.mark(network)}"
    async with attempt(context, here, (Window(here, most, _WINDOW),), "too_many_attempts"):
        raise Problem(unknown)


async def unless_known(context: AppContext, rule: Pauses, known: str) -> Pauses:
    """Return a rule that only counts if `known` is remembered: who succeeded is not slowed down."""
    if await reservations.is_known(context.store, known, context.now()):
        return replace(rule, free=sys.maxsize)
    return rule


def window(key: str, limit: str) -> Window:
    """Return the rule of a limit as settings write it: 30/10 minutes."""
    item = parse(limit)
    return Window(key, item.amount, timedelta(seconds=item.get_expiry()))


async def _reserved(context: AppContext, rules: Sequence[Rule], refusal: str) -> str:
    """Count the attempt; wait for those that are being judged, if it depends on them."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    outcome: ReserveResult = await reservations.reserve(context.store, rules, context.now())
    while outcome.id is None and outcome.unsettled and loop.time() < until:
        await asyncio.sleep(_LOOK_AGAIN)
        outcome = await reservations.reserve(context.store, rules, context.now())
    if outcome.id is None:
        raise waiting(refusal, outcome.wait)
    return outcome.id
