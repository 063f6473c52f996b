"""A promise: its text, its day, and the state that follows from both and from the clock."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code, required

MOST_OF_TICKET = 50
"""The most promises of one ticket."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(required)]


class PromiseEnd(StrEnum):
    KEPT = "kept"  # 已兑现
    BROKEN = "broken"  # 未兑现
    EXCUSED = "excused"  # 经督办同意延期或免除


class PromiseState(StrEnum):
    OPEN = "open"  # its day is not here yet
    DUE = "due"  # its day is here, and nothing was said
    KEPT = "kept"
    BROKEN = "broken"
    EXCUSED = "excused"


def state_of(end: PromiseEnd | None, due: date, asked_until: date, today: date) -> PromiseState:
    """Return the state on a day of the city, by what is recorded of the end."""
    if end is not None:
        return PromiseState(end.value)
    if today < due:
        return PromiseState.OPEN
    return PromiseState.DUE if today <= asked_until else PromiseState.BROKEN


class PromiseDraft(Incoming):
    """A promise as it is made. `due`: the last day on which it is kept in time."""

    text: Words
    due: date | None = Field(None, description="Needed: a promise without a day is none.")
    unit: Code | None = Field(None, description="Default: the unit that leads.")


class Promise(Recorded):
    """A promise as it is recorded, with the city's rules of the day on which it was made.

    `n`: its number on the ticket, from 1. `asked_until`: the last day on which something can be
    said before it is broken by itself. `follows`: the number of the promise of the same ticket
    that was moved to this day. `hearing`: the number of the public hearing at which it was given.
    `said`: the evidence that it was kept, or why it was broken or excused. `done_late`: it was
    broken, and done afterwards. `photo`: the id of a file of the ticket.
    """

    id: str
    number: str
    city: str
    n: int
    unit: str
    text: str
    due: date
    asked_until: date
    made_at: Instant
    made_by: str
    follows: int | None = None
    hearing: str | None = None
    end: PromiseEnd | None = None
    ended_at: Instant | None = None
    ended_by: str | None = None
    said: str = ""
    photo: str | None = None
    done_late: bool = False

    def state(self, today: date) -> PromiseState:
        """Return the state on a day of the city: silence after the grace is a broken promise."""
        return state_of(self.end, self.due, self.asked_until, today)

    def unsaid(self, today: date) -> bool:
        """Return whether it was broken by silence, and a supervisor has to look at it."""
        return self.end is None and today > self.asked_until
