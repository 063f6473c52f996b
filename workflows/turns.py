"""The time limit of a command: for its turn and its activity requests. Then it gives up by itself.

The caller is notified that it failed only after it cannot be carried out any more
(`runtime.engine_limits.ANSWERED_WITHIN`). The limit is a timer, not a clock reading: the history
records the timer, and a replay sees it at the same place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

from domain.commands.intake.intervene import Intervene
from domain.commands.intake.reassign import Reassign
from domain.messages import Command
from domain.refusals import Refused
from runtime.engine_limits import DONE_WITHIN

_LATEST_COUNTS = (Reassign, Intervene)
"""Commands that name the lead: of several that wait, only the last accepted is carried out."""


class Patience:
    """The time limit of one command. Its timer starts with the first wait: most never wait."""

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
        # After a stop the worker may see both at once, the condition first: the timer decides.
        await asyncio.sleep(0)
        if self._over:
            raise Refused("gave_up", "It took too long, and was not carried out.")

    def close(self) -> None:
        if self._timer is not None and not self._over:
            self._timer.cancel()

    def _end(self) -> None:
        self._over = True


PATIENCE: ContextVar[Patience | None] = ContextVar("PATIENCE", default=None)
"""The time limit of the command in progress; None for the ticket's own requests, without limit."""


@dataclass(eq=False)  # two equal commands may be waiting
class Turn:
    """A command and when it was received; `waiting`: for its turn, or for what was there before."""

    command: Command
    at: datetime
    waiting: bool = True


class Turns:
    """The commands of one ticket, one after another, in the order in which they were accepted."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []

    @property
    def first(self) -> Turn | None:
        """The command whose turn it is."""
        return self._turns[0] if self._turns else None

    @asynccontextmanager
    async def turn(self, command: Command, at: datetime) -> AsyncIterator[Turn]:
        """Wait for this command's turn, and keep the others waiting meanwhile.

        Raises:
            Refused: `gave_up`; `overtaken` when a later command names another lead.
        """
        patience, own = Patience(), Turn(command, at)
        self._turns.append(own)
        token = PATIENCE.set(patience)
        try:
            if self.first is not own:
                await patience.wait(lambda: self.first is own)
            later = [turn.command for turn in self._turns if turn is not own]
            if isinstance(command, _LATEST_COUNTS) and _says(later):
                raise Refused("overtaken", "Somebody else named another unit after you.")
            yield own
        finally:
            PATIENCE.reset(token)
            patience.close()
            self._turns.remove(own)

    @property
    def idle(self) -> bool:
        return not self._turns


def _says(later: list[Command]) -> bool:
    return any(isinstance(one, _LATEST_COUNTS) for one in later)
