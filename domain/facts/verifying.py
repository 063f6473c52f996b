"""核查: verification on the spot, before a case is filed or before it is answered."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import AssignmentPlan, Ending, HandlingResult, Share
from domain.ticket.because import Because
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket

REFUTED_BY_RULE = 3
"""The number of results the closing condition refuses before a person chooses the unit.

Otherwise a unit's program that always gives the same result would loop for ever.
"""


class VerificationRequested(FactBase):
    """A unit's assignment to verify. `before`: filing or closing."""

    kind: Literal["verification_asked"] = "verification_asked"
    words = EventWords(
        "Somebody was sent to look",
        "已派人现场核查",
        citizen="Somebody goes and looks on the spot",
        citizen_zh="已安排现场核查",
    )
    before: Literal["filing", "closing"]
    share: AssignmentPlan
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.DISPATCH, ClockName.FEEDBACK)
        ticket.start(self.clocks)
        ticket.verifying, ticket.verify_by = self.before, None
        ticket.open_assignment(self.share, Share.VERIFY, at)


class _Looked(FactBase):
    """The verifier's finding; `assignment` None if a rule decided without a verification."""

    assignment: int | None = None
    result: HandlingResult | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def looked(self, ticket: Ticket, at: datetime) -> None:
        ticket.verifying = None
        if self.assignment is not None:
            ticket.assignment(self.assignment).result = self.result
            ticket.end_assignment(self.assignment, Ending.DONE, at)


class FilingConfirmed(_Looked):
    """A confirmed report: the case is filed."""

    kind: Literal["filing_confirmed"] = "filing_confirmed"
    words = EventWords("Found as reported", "核查属实，立案")

    def apply(self, ticket: Ticket, at: datetime) -> None:
        self.looked(ticket, at)
        ticket.start(self.clocks)


class FilingRefuted(_Looked):
    """A report not confirmed on the spot: the ticket ends, and the citizen is notified."""

    kind: Literal["filing_refuted"] = "filing_refuted"
    words = EventWords(
        "Not found on the spot",
        "现场未见，不予立案",
        citizen="Somebody looked, and did not find what you reported",
        citizen_zh="现场核查未发现所反映的问题",
        quoted=True,
    )
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        self.looked(ticket, at)
        ticket.end(Outcome.UNFOUNDED, at, reply=self.text)


class ClosingConfirmed(_Looked):
    """A confirmed completion: the citizen is answered."""

    kind: Literal["closing_confirmed"] = "closing_confirmed"
    words = EventWords("Found done", "核查通过")

    def apply(self, ticket: Ticket, at: datetime) -> None:
        self.looked(ticket, at)
        ticket.verified = True


class ClosingRefuted(_Looked):
    """A refuted completion: on the spot, or by the category's closing condition.

    The unit does it again. After the third time by the condition (`REFUTED_BY_RULE`) a dispatcher
    chooses the unit: the condition may be one that this unit cannot meet. `because`: the condition
    that does not hold; empty after a look on the spot.
    """

    kind: Literal["closing_refuted"] = "closing_refuted"
    words = EventWords("Not done on the spot; done again", "核查未通过，退回重办")
    reason: str
    because: list[Because] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        self.looked(ticket, at)
        ticket.stop(at, ClockName.FEEDBACK)
        ticket.next_unit, ticket.verified = ticket.unit, False
        if self.assignment is None and ticket.lifecycle:
            ticket.refuted += 1
            if ticket.refuted >= REFUTED_BY_RULE:
                ticket.next_unit, ticket.by_hand = None, True
        ticket.start(self.clocks)
