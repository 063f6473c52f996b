"""How long a command waits: for its turn, and for what it has to ask. Then it gives up by itself.

Whoever sent it is told that it failed only after it cannot be carried out any more
(`runtime.engine_limits.ANSWERED_WITHIN`). A timer says when that is, not a clock: what a timer did
stands in the history, and a replay sees it at the same place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from temporalio import workflow

from domain.commands.intake import Intervene, Reassign
from domain.commands.messages import Command
from domain.refusals import Refused
from runtime.engine_limits import DONE_WITHIN

_LATEST_COUNTS = (Reassign, Intervene)
"""Commands that say who leads: of several that wait, only the last accepted is carried out."""


class Patience:
    """The time that one command has. Its timer is started by the first wait: most never wait."""

    def __init__(self) -> None:
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`.

        Raises:
            Refused: `gave_up`, when the time is over; also where the condition came true after it.
        """
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(DONE_WITHIN.total_seconds(), self._end)
        await workflow.wait_condition(lambda: self._over or condition())
        # What stood still may be told both at once, the condition first: the time still decides.
        await asyncio.sleep(0)
        if self._over:
            raise Refused("gave_up", "It took too long, and was not carried out.")

    def close(self) -> None:
        if self._timer is not None and not self._over:
            self._timer.cancel()

    def _end(self) -> None:
        self._over = True


PATIENCE: ContextVar[Patience | None] = ContextVar("PATIENCE", default=None)
"""Of the command that is being carried out; None where the ticket itself asks, and waits on."""


class Turns:
    """The commands of one ticket, one after another, in the order in which they were accepted."""

    def __init__(self) -> None:
        self._waiting: list[Command] = []

    @asynccontextmanager
    async def turn(self, command: Command) -> AsyncIterator[None]:
        """Wait until it is this command's turn, and keep the others waiting meanwhile.

        Raises:
            Refused: `gave_up`; `overtaken` where a later command says the same thing otherwise.
        """
        patience = Patience()
        self._waiting.append(command)
        token = PATIENCE.set(patience)
        try:
            if self._waiting[0] is not command:
                await patience.wait(lambda: self._waiting[0] is command)
            later = [one for one in self._waiting if one is not command]
            if isinstance(command, _LATEST_COUNTS) and _says(later):
                raise Refused("overtaken", "Somebody else named another unit after you.")
            yield
        finally:
            PATIENCE.reset(token)
            patience.close()
            # By identity: two equal commands are two.
            self._waiting = [one for one in self._waiting if one is not command]

    @property
    def idle(self) -> bool:
        return not self._waiting


def _says(later: list[Command]) -> bool:
    return any(isinstance(one, _LATEST_COUNTS) for one in later)
