"""Handling: a unit's work on its share, and the decisions about it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import Ending, HandlingResult, Request
from domain.ticket.ticket import Ticket


class Signed(FactBase):
    """A unit's signing for its share (签收)."""

    kind: Literal["signed"] = "signed"
    words = EventWords(
        "Signed", "已签收", citizen="The unit has seen it", citizen_zh="承办单位已签收"
    )
    assignment: int

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).signed_at = at
        ticket.stop(at, ClockName.SIGN, assignment=self.assignment)


class Contacted(FactBase):
    """首次联系. Only reaching the citizen stops the clock; a failed attempt is recorded, too."""

    kind: Literal["contacted"] = "contacted"
    words = EventWords(
        "Contact with the citizen",
        "联系市民",
        citizen="The unit has contacted you",
        citizen_zh="承办单位已与您联系",
    )
    assignment: int
    reached: bool = True
    note: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        assignment = ticket.assignment(self.assignment)
        if self.reached and assignment.contacted_at is None:
            assignment.contacted_at = at
            ticket.stop(at, ClockName.CONTACT, assignment=self.assignment)


class ExtensionRequested(FactBase):
    """A request for an extension (延期), by a length such as "3d"."""

    kind: Literal["extension_asked"] = "extension_asked"
    words = EventWords("Asked for an extension", "申请延期")
    assignment: int
    by: str
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).asked = Request(
            what="extension", asked_at=at, reason=self.reason, by=self.by
        )
        ticket.start(self.clocks)


class ExtensionGranted(FactBase):
    """The handling clock's replacement by one that is due later, with its own levels.

    The clocks of shares given from this one are replaced, too, and the citizen's promise if the
    unit leads. If it was requested in time, cards shown since are void.
    """

    kind: Literal["extension_granted"] = "extension_granted"
    words = EventWords(
        "Extension granted",
        "延期批准",
        citizen="The unit was given more time",
        citizen_zh="办理期限已延长",
    )
    assignment: int
    reason: str
    clocks: list[Clock]

    def apply(self, ticket: Ticket, at: datetime) -> None:
        request = ticket.assignment(self.assignment).asked
        ticket.settle_request(self.assignment, at)
        ticket.assignment(self.assignment).extensions += 1
        if ticket.lifecycle and request is not None:
            for clock in self.clocks:
                running = ticket.running(clock.name, clock.assignment)
                if request.asked_at < running.due_at:
                    ticket.void(running, request.asked_at)
        ticket.replace(self.clocks, at)


class ExtensionRefused(FactBase):
    kind: Literal["extension_refused"] = "extension_refused"
    words = EventWords("Extension refused", "延期不批")
    assignment: int
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.settle_request(self.assignment, at)


class StepDone(FactBase):
    """A completed stage of a category with staged limits: stopped, punished, demolished."""

    kind: Literal["step_done"] = "step_done"
    words = EventWords("Step done", "阶段完成")
    assignment: int
    step: str
    note: str = ""
    evidence: list[str] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.STEP, assignment=self.assignment, label=self.step)


class ShareHandled(FactBase):
    """A completed share; the answer waits for the others."""

    kind: Literal["share_handled"] = "share_handled"
    words = EventWords("A share is done", "一份任务已办完")
    assignment: int
    result: HandlingResult

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).result = self.result
        ticket.end_assignment(self.assignment, Ending.DONE, at)


class Handled(FactBase):
    """办结 by the unit: the last share is done, and the lead's answer can be given."""

    kind: Literal["handled"] = "handled"
    words = EventWords("Handled", "办理完成")
    assignment: int
    result: HandlingResult
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).result = self.result
        ticket.end_assignment(self.assignment, Ending.DONE, at)
        ticket.start(self.clocks)


class HandlingFailed(FactBase):
    """The failure of a department's program; a dispatcher has to choose the next unit."""

    kind: Literal["handling_failed"] = "handling_failed"
    words = EventWords("The department's program failed", "部门系统出错")
    assignment: int
    code: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignment(self.assignment, Ending.FAILED, at)
        ticket.end_assignments(Ending.RELEASED, at)
        ticket.by_hand = True
        ticket.start(self.clocks)
