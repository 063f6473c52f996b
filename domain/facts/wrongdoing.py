"""举报: whom a report of wrongdoing accuses, and the shares taken from those units."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import Ending
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket


class Accused(FactBase):
    """The units that a ticket accuses, as a person said; none: nobody of the city's.

    `covered`: those and the units below them, none of which may have the ticket from now on.
    `released`: the shares of helpers and delegates that are taken from such units by it. What a
    person said before is replaced. `clocks`: of the first contact, if the lead may know it again.
    """

    kind: Literal["accused"] = "accused"
    words = EventWords("Said whom it accuses", "确认被举报单位")
    accused: list[str] = Field(default_factory=list)
    covered: list[str] = Field(default_factory=list)
    released: list[int] = Field(default_factory=list)
    reason: str = ""
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.accused, ticket.kept_from = list(self.accused), list(self.covered)
        for n in self.released:
            if ticket.assignment(n).open:  # it may have ended with the share it was given from
                ticket.end_assignment(n, Ending.RELEASED, at)
        ticket.start(self.clocks)


class TakenFromAccused(FactBase):
    """The ticket taken from an accused unit that led or verified; a person names another."""

    kind: Literal["taken_from_accused"] = "taken_from_accused"
    words = EventWords("Taken from a unit that it accuses", "从被举报单位收回")
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.TAKEN_OVER, at)
        ticket.stop(at, ClockName.FEEDBACK)
        ticket.verifying = ticket.verify_by = None
        ticket.next_unit, ticket.by_hand = None, True
        ticket.start(self.clocks)


class NobodyLeft(FactBase):
    """No unit that the rules name may have it: a person chooses one, or refers it elsewhere.

    An answer that was to be verified goes on without. `clocks`: that of the person's choice, where
    none runs.
    """

    kind: Literal["nobody_left"] = "nobody_left"
    words = EventWords(
        "Every unit that the rules name is accused; a person decides",
        "规则所列单位均被举报，须人工处理",
    )
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.next_unit = ticket.verify_by = None
        if ticket.stage is Stage.FEEDBACK:
            ticket.verified = True
        else:
            ticket.by_hand = True
        ticket.start(self.clocks)
