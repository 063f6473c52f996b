"""退单: whose it is, disputed: a return asked for, decided or barred; the meeting that ends it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock, ClockName
from domain.facts.base import FactBase
from domain.ticket.assignment import Ending, Request
from domain.ticket.minutes import Minutes
from domain.ticket.ticket import Ticket


class ReturnAsked(FactBase):
    """退单 asked for; the unit keeps the ticket, and its clocks run, until it is decided."""

    kind: Literal["return_asked"] = "return_asked"
    assignment: int
    ground: str
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).asked = Request(
            what="return", asked_at=at, reason=self.reason, ground=self.ground
        )
        if not ticket.lifecycle:
            ticket.stop(at, ClockName.RETURN_WINDOW, assignment=self.assignment)
        ticket.start(self.clocks)


class Returned(FactBase):
    """The return is granted. `unit`: whom the dispatcher named instead, if anyone yet."""

    kind: Literal["returned"] = "returned"
    assignment: int
    reason: str
    unit: str | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignment(self.assignment, Ending.RETURNED, at)
        ticket.end_assignments(Ending.RELEASED, at)
        ticket.returns += 1
        ticket.next_unit, ticket.by_hand = self.unit, self.unit is None
        ticket.start(self.clocks)


class ReturnRefused(FactBase):
    """The unit keeps the ticket. Where the time to return it ran out meanwhile, for good."""

    kind: Literal["return_refused"] = "return_refused"
    assignment: int
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.settle_request(self.assignment, at)
        for clock in ticket.clocks if ticket.lifecycle else ():
            meant = (clock.name, clock.assignment) == (ClockName.RETURN_WINDOW, self.assignment)
            if meant and clock.running and clock.due_at <= at:
                ticket.assignment(self.assignment).barred = "return_window"
                clock.stop(at)


class ReturnBarred(FactBase):
    """A unit tried to return what it may not; nothing changes, the attempt is kept.

    `code`: `returns_not_allowed`, `return_window`, `return_cap` or `arbitrated`.
    """

    kind: Literal["return_barred"] = "return_barred"
    assignment: int
    code: str
    reason: str


class TakenOn(FactBase):
    """Silence: the time to return it is over, and so the unit is the responsible one."""

    kind: Literal["taken_on"] = "taken_on"
    assignment: int
    unit: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).barred = "return_window"
        ticket.stop(at, ClockName.RETURN_WINDOW, assignment=self.assignment)


class ArbitrationCalled(FactBase):
    """Returned as often as may be: a meeting has to say whose it is."""

    kind: Literal["arbitration_called"] = "arbitration_called"
    returns: int
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.DISPATCH)
        ticket.by_hand = False
        ticket.start(self.clocks)


class Arbitrated(FactBase):
    """The meeting named a unit, which cannot return it."""

    kind: Literal["arbitrated"] = "arbitrated"
    unit: str
    minutes: Minutes
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.minutes.append(self.minutes)
        _settled(ticket, self.unit, at)
        ticket.start(self.clocks)


class FellBack(FactBase):
    """兜底: no meeting named anyone in time, and the fallback authority takes it."""

    kind: Literal["fell_back"] = "fell_back"
    unit: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        _settled(ticket, self.unit, at)
        ticket.start(self.clocks)


def _settled(ticket: Ticket, unit: str, at: datetime) -> None:
    ticket.stop(at, ClockName.ARBITRATE)
    ticket.next_unit, ticket.by_hand, ticket.no_returns = unit, False, True
