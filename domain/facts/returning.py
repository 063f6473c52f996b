"""退单: disputed responsibility. Returns requested, decided or barred, and the arbitration."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import Ending, Request
from domain.ticket.minutes import Minutes
from domain.ticket.ticket import Ticket


class ReturnRequested(FactBase):
    """A requested return (退单); until the decision the unit keeps the ticket and clocks run."""

    kind: Literal["return_asked"] = "return_asked"
    words = EventWords("Asked to return it", "申请退单")
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
    """A granted return. `unit`: the one the dispatcher named instead, if any yet."""

    kind: Literal["returned"] = "returned"
    words = EventWords("Return granted", "退单批准")
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
    """A refused return; final if the time to return it has run out meanwhile."""

    kind: Literal["return_refused"] = "return_refused"
    words = EventWords("Return refused", "退单不批")
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
    """A return that the unit may not request; nothing changes, the attempt is recorded.

    `code`: `returns_not_allowed`, `return_window`, `return_cap` or `arbitrated`.
    """

    kind: Literal["return_barred"] = "return_barred"
    words = EventWords("Tried to return it, which is not allowed", "试图退单，不被允许，已记录")
    assignment: int
    code: str
    reason: str


class TakenOn(FactBase):
    """Responsibility by silence: the unit did not return the ticket in time."""

    kind: Literal["taken_on"] = "taken_on"
    words = EventWords("Not returned in time: responsible", "超期未退，视为责任单位")
    assignment: int
    unit: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).barred = "return_window"
        ticket.stop(at, ClockName.RETURN_WINDOW, assignment=self.assignment)


class ArbitrationCalled(FactBase):
    """A call for arbitration, because the ticket was returned as often as allowed."""

    kind: Literal["arbitration_called"] = "arbitration_called"
    words = EventWords("Returned too often: a meeting decides", "退单次数用尽，召开协调会")
    returns: int
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.DISPATCH)
        ticket.by_hand = False
        ticket.start(self.clocks)


class Arbitrated(FactBase):
    """The unit the meeting named, which cannot return it."""

    kind: Literal["arbitrated"] = "arbitrated"
    words = EventWords("Decided by the meeting", "协调会裁定")
    unit: str
    minutes: Minutes
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.minutes.append(self.minutes)
        _settled(ticket, self.unit, at)
        ticket.start(self.clocks)


class FellBack(FactBase):
    """兜底: no meeting named a unit in time, and the fallback authority gets the ticket."""

    kind: Literal["fell_back"] = "fell_back"
    words = EventWords("Nobody named: the fallback authority takes it", "无人认领，政府兜底")
    unit: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        _settled(ticket, self.unit, at)
        ticket.start(self.clocks)


def _settled(ticket: Ticket, unit: str, at: datetime) -> None:
    ticket.stop(at, ClockName.ARBITRATE)
    ticket.next_unit, ticket.by_hand, ticket.no_returns = unit, False, True
