"""回头看: a closed ticket is watched for a while; it may be reopened, its rating contested."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase, RoundFact
from domain.ticket.assignment import Request
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class ClosedOnWatch(FactBase):
    """办结 with aftercare: counted as closed, with revisits due."""

    kind: Literal["closed_on_watch"] = "closed_on_watch"
    words = EventWords(
        "Closed, to be watched",
        "办结，进入回头看",
        citizen="Closed; we look again later whether it holds",
        citizen_zh="已办结，过一段时间我们会回头看效果",
    )
    outcome: Literal[Outcome.CLOSED, Outcome.UNRATED]
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(self.outcome, at)
        ticket.start(self.clocks)


class Revisited(FactBase):
    """A check whether the effect holds."""

    kind: Literal["revisited"] = "revisited"
    words = EventWords(
        "Revisited",
        "已回头看",
        citizen="Somebody looked again whether it holds",
        citizen_zh="已回头看效果",
    )
    holds: bool
    note: str
    evidence: list[str] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.revisits += 1
        due = [c for c in ticket.clocks if c.running and c.name is ClockName.REVISIT]
        if due:
            min(due, key=lambda clock: clock.due_at).stop(at)


class Reopened(RoundFact):
    """A reopening: the problem recurred, and handling starts again from dispatch."""

    kind: Literal["reopened"] = "reopened"
    words = EventWords(
        "The problem is back; handled again",
        "问题复发，重新办理",
        citizen="The problem is back; handled again",
        citizen_zh="问题复发，重新办理",
    )
    reason: Literal["revisit", "recurred"]
    text: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop_all(at)
        ticket.outcome, ticket.ended_at, ticket.contest = None, None, None
        ticket.recurred += 1
        ticket.call_backs = 0  # no call-back was made yet for the new answer
        ticket.next_unit, ticket.by_hand, ticket.verified = ticket.unit, False, False
        self.begin(ticket)
        ticket.start(self.clocks)


class ExclusionRequested(FactBase):
    """A request for exclusion (剔除): the unit holds, with evidence, that it should not count."""

    kind: Literal["exclusion_asked"] = "exclusion_asked"
    words = EventWords("Asked to be excluded", "申请剔除")
    ground: str
    reason: str
    evidence: list[str]
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.contest = Request(
            what="exclusion", asked_at=at, reason=self.reason, ground=self.ground
        )
        ticket.start(self.clocks)


class ExclusionGranted(FactBase):
    """A granted exclusion; figures are published with and without excluded tickets.

    It holds up to the end of its round: what the citizen says of a later answer counts.
    """

    kind: Literal["exclusion_granted"] = "exclusion_granted"
    words = EventWords("Excluded", "已剔除")
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.contest, ticket.excluded = None, True
        ticket.stop(at, ClockName.DECIDE)


class ExclusionRefused(FactBase):
    kind: Literal["exclusion_refused"] = "exclusion_refused"
    words = EventWords("Exclusion refused", "剔除不批")
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.contest = None
        ticket.stop(at, ClockName.DECIDE)


class WatchEnded(FactBase):
    """The end of aftercare: the effect held, and the ticket is final."""

    kind: Literal["watch_ended"] = "watch_ended"
    words = EventWords("No longer watched", "回头看结束")

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop_all(at)
