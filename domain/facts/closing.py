"""Feedback, rating and after: the citizen's verdict and its consequences."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock, ClockName
from domain.facts.base import FactBase
from domain.ticket.rating import Rating
from domain.ticket.rules_snapshot import ReworkTo
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class Replied(FactBase):
    """反馈. The unit's answer is sent to the citizen; the rating window opens."""

    kind: Literal["replied"] = "replied"
    text: str
    resolved: bool
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.FEEDBACK, ClockName.PROMISE)
        ticket.reply = self.text
        ticket.rating = None
        ticket.waiting = []
        ticket.start(self.clocks)


class Rated(FactBase):
    """评价, by the citizen or reported to the desk on the phone."""

    kind: Literal["rated"] = "rated"
    rating: Rating

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.RATE, ClockName.CALL_BACK)
        ticket.rating = self.rating


class RatingRefused(FactBase):
    """A rating that came when none was due (two at once, or just too late): stored, not counted."""

    kind: Literal["rating_refused"] = "rating_refused"
    code: str
    rating: Rating


class CallBackDue(FactBase):
    """A call-back (回访) by the desk, due because nobody rated in time."""

    kind: Literal["call_back_due"] = "call_back_due"
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.RATE)
        ticket.call_back_due = True
        ticket.start(self.clocks)


class CalledBack(FactBase):
    """One attempt of the desk to reach the citizen."""

    kind: Literal["called_back"] = "called_back"
    reached: bool
    note: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.call_backs += 1


class Reworked(FactBase):
    """重办. Rework of a dissatisfying or unsolved ticket, from dispatch on.

    `to`: the same unit, the one above it, or another that a dispatcher chooses.
    """

    kind: Literal["reworked"] = "reworked"
    round: int
    reason: str
    to: ReworkTo = ReworkTo.SAME
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.reworks = self.round
        lead = ticket.lead
        above = lead.above if lead and self.to is ReworkTo.ABOVE else None
        ticket.by_hand = self.to is ReworkTo.OTHER
        ticket.next_unit = None if ticket.by_hand else above or ticket.unit
        ticket.verified = False
        ticket.call_back_due = False
        ticket.call_backs = 0
        ticket.start(self.clocks)


class Supervised(FactBase):
    """Supervision after the last rework: a supervisor orders another handling, or concludes."""

    kind: Literal["supervised"] = "supervised"
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.call_back_due = False
        ticket.call_backs = 0
        ticket.start(self.clocks)


class FinalReplied(FactBase):
    """最终答复. The matter is concluded although the citizen is not satisfied."""

    kind: Literal["final_replied"] = "final_replied"
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.FINAL_REPLY, at, reply=self.text)


class Closed(FactBase):
    """办结. `outcome` closed (rated well) or unrated (nobody could be asked)."""

    kind: Literal["closed"] = "closed"
    outcome: Literal[Outcome.CLOSED, Outcome.UNRATED]
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(self.outcome, at)
