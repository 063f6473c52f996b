"""并单: one handling for several complaints; each complainant gets their own answer and rating."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import Ending
from domain.ticket.because import Because
from domain.ticket.ticket import Ticket


class Merged(FactBase):
    """A merge: this ticket waits for the answer of another about the same problem."""

    kind: Literal["merged"] = "merged"
    words = EventWords(
        "Merged into another ticket",
        "并入另一工单",
        citizen="Handled together with others about the same",
        citizen_zh="与同一问题的其他诉求合并办理",
    )
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
    """The end of a merge, by a person or because the other ticket ended unanswered.

    `because`: why the system ended it; empty if a person did.
    """

    kind: Literal["unmerged"] = "unmerged"
    words = EventWords(
        "Goes its own way again",
        "拆分，单独办理",
        citizen="Handled on its own again",
        citizen_zh="恢复单独办理",
    )
    reason: str
    because: list[Because] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.parent = None
        ticket.start(self.clocks)


class RepliedWithParent(FactBase):
    """The answer of the ticket it was merged into, given here, too; rated separately."""

    kind: Literal["replied_with_parent"] = "replied_with_parent"
    words = EventWords(
        "Answered with the ticket it was merged into",
        "随主单答复群众",
        citizen="You were answered",
        citizen_zh="已答复",
        quoted=True,
    )
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
    words = EventWords("Another citizen complains of the same", "又一位群众反映同一问题")
    number: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number not in numbers:
                numbers.append(self.number)


class ComplainantLeft(FactBase):
    """A ticket that is no longer merged into this one."""

    kind: Literal["complainant_left"] = "complainant_left"
    words = EventWords("A merged ticket goes its own way", "一张并单拆出")
    number: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number in numbers:
                numbers.remove(self.number)
