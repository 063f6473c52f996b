"""并单: one handling for several complaints; each complainant gets their own answer and rating."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock, ClockName
from domain.facts.base import FactBase
from domain.ticket.assignment import Ending
from domain.ticket.ticket import Ticket


class Merged(FactBase):
    """A merge: this ticket waits for the answer of another about the same problem."""

    kind: Literal["merged"] = "merged"
    parent: str
    category: str
    tier: str
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.MERGED, at)
        # The promise to this citizen stays in force, whichever unit answers.
        ticket.stop_all(at, but=ClockName.PROMISE if ticket.lifecycle else None)
        ticket.start(self.clocks)
        ticket.parent, ticket.verify_by, ticket.by_hand = self.parent, None, False
        ticket.category, ticket.tier = self.category, self.tier


class Unmerged(FactBase):
    """The end of a merge, by a person or because the other ticket ended unanswered."""

    kind: Literal["unmerged"] = "unmerged"
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.parent = None
        ticket.start(self.clocks)


class RepliedWithParent(FactBase):
    """The answer of the ticket it was merged into, given here, too; rated separately."""

    kind: Literal["replied_with_parent"] = "replied_with_parent"
    parent: str
    text: str
    resolved: bool
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.PROMISE)
        ticket.reply, ticket.rating = self.text, None
        ticket.start(self.clocks)


class ComplainantJoined(FactBase):
    """A ticket that was merged into this one."""

    kind: Literal["complainant_joined"] = "complainant_joined"
    number: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number not in numbers:
                numbers.append(self.number)


class ComplainantLeft(FactBase):
    """A ticket that is no longer merged into this one."""

    kind: Literal["complainant_left"] = "complainant_left"
    number: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number in numbers:
                numbers.remove(self.number)
