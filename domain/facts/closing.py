"""Feedback, rating and after: the citizen's verdict and its consequences."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase, RoundFact
from domain.ticket.rating import Apart, Rating
from domain.ticket.rules_snapshot import ReworkTo
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class Replied(FactBase):
    """反馈. The unit's answer is sent to the citizen; the rating window opens."""

    kind: Literal["replied"] = "replied"
    words = EventWords(
        "The citizen was answered",
        "答复市民",
        citizen="You were answered",
        citizen_zh="已答复",
        quoted=True,
    )
    text: str
    resolved: bool
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.FEEDBACK, ClockName.PROMISE)
        ticket.reply = self.text
        ticket.rating = ticket.rating_apart = None
        ticket.waiting = []
        ticket.start(self.clocks)


class Rated(FactBase):
    """评价, by the citizen or reported to the desk on the phone.

    `apart`: why it is set apart: it counts in no figure as a rating, and auditors see it.
    """

    kind: Literal["rated"] = "rated"
    words = EventWords(
        "The citizen rated", "市民评价", citizen="You rated it", citizen_zh="您已评价"
    )
    rating: Rating
    apart: Apart | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.RATE, ClockName.CALL_BACK)
        ticket.rating, ticket.rating_apart = self.rating, self.apart


class RatingRefused(FactBase):
    """A rating that came when none was due (two at once, or just too late): stored, not counted."""

    kind: Literal["rating_refused"] = "rating_refused"
    words = EventWords("A rating that does not count", "评价未计入")
    code: str
    rating: Rating


class CallBackDue(FactBase):
    """A call-back (回访) by the desk, due because nobody rated in time."""

    kind: Literal["call_back_due"] = "call_back_due"
    words = EventWords("Not rated: a call-back is due", "到期未评，等待回访")
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.RATE)
        ticket.call_back_due = True
        ticket.start(self.clocks)


class CalledBack(FactBase):
    """One attempt of the desk to reach the citizen."""

    kind: Literal["called_back"] = "called_back"
    words = EventWords(
        "Called back", "已回访", citizen="The hotline called you back", citizen_zh="热线已回访"
    )
    reached: bool
    note: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.call_backs += 1


class Reworked(RoundFact):
    """重办. Rework of a dissatisfying or unsolved ticket, from dispatch on.

    `to`: the same unit, the one above it, or another that a dispatcher chooses.
    """

    kind: Literal["reworked"] = "reworked"
    words = EventWords(
        "Sent back to be done again",
        "已退回重办",
        citizen="Sent back to be done again",
        citizen_zh="已退回重办",
    )
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
        self.begin(ticket)
        ticket.start(self.clocks)


class Supervised(FactBase):
    """Supervision after the last rework: a supervisor orders another handling, or concludes."""

    kind: Literal["supervised"] = "supervised"
    words = EventWords(
        "To supervision", "转督办", citizen="A supervisor looks into it", citizen_zh="已转督办"
    )
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.call_back_due = False
        ticket.call_backs = 0
        ticket.start(self.clocks)


class FinalReplied(FactBase):
    """最终答复. The matter is concluded although the citizen is not satisfied."""

    kind: Literal["final_replied"] = "final_replied"
    words = EventWords(
        "Final reply", "最终答复", citizen="Final reply", citizen_zh="最终答复", quoted=True
    )
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.FINAL_REPLY, at, reply=self.text)


class Closed(FactBase):
    """办结. `outcome` closed (rated well) or unrated (nobody could be asked)."""

    kind: Literal["closed"] = "closed"
    words = EventWords("Closed", "办结", citizen="Closed", citizen_zh="已办结")
    outcome: Literal[Outcome.CLOSED, Outcome.UNRATED]
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(self.outcome, at)
