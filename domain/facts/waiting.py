"""A unit that may not go on: long works on hold (挂账), a question to the citizen, resumption."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.model import Instant
from domain.ticket.assignment import Pause, Request
from domain.ticket.ticket import Ticket


class HoldRequested(FactBase):
    """A request for a hold (挂账): works that take long, to be reviewed until they are done."""

    kind: Literal["hold_asked"] = "hold_asked"
    words = EventWords("Asked for a hold", "申请挂账")
    assignment: int
    ground: str
    until: Instant
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).asked = Request(
            what="hold", asked_at=at, reason=self.reason, ground=self.ground, until=self.until
        )
        ticket.start(self.clocks)


class Held(FactBase):
    """A granted hold: the unit's clock is paused, and the first review is due.

    `since`: when it was requested; clocks that were not due then are paused since, and levels
    reached since are void. Facts from before the field existed pause them from the request only if
    they became due before the decision.
    """

    kind: Literal["held"] = "held"
    words = EventWords(
        "On hold",
        "挂账",
        citizen="This takes long: put aside, and reviewed regularly",
        citizen_zh="需较长时间办理，已挂账并定期复核",
    )
    assignment: int
    until: Instant
    reason: str
    since: Instant | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        request = ticket.assignment(self.assignment).asked
        ticket.settle_request(self.assignment, at)
        ticket.assignment(self.assignment).holds += 1
        # A question sent to the citizen since the request no longer waits for an answer.
        ticket.stop(at, ClockName.CITIZEN, assignment=self.assignment)
        ticket.pause(self.assignment, Pause(why="hold", since=at, until=self.until))
        for clock in ticket.paused(self.assignment) if ticket.lifecycle and request else ():
            if self.since is not None:
                paused_since(ticket, clock, self.since)
            else:
                since_requested(ticket, clock, request.asked_at if request else at)
        ticket.start(self.clocks)


def paused_since(ticket: Ticket, clock: Clock, requested_at: datetime) -> None:
    """Start the pause at a timely request, so that waiting for the decision costs nothing.

    A pause for a question in between is over: its time was given back already.
    """
    if clock.paused_at is None or requested_at >= clock.due_at:
        return
    paused_before = (one.stopped_at for one in ticket.clocks if one.key == clock.key)
    resumed = [at for at in paused_before if at is not None and at <= clock.paused_at]
    since = max(requested_at, clock.started_at, *resumed)
    clock.paused_at = min(clock.paused_at, since)
    ticket.void(clock, requested_at)


def since_requested(ticket: Ticket, clock: Clock, asked_at: datetime) -> None:
    """Start the pause at a timely request, so that waiting for the decision costs no time."""
    if clock.paused_at is not None and asked_at < clock.due_at < clock.paused_at:
        clock.paused_at = max(asked_at, clock.started_at)
        ticket.void(clock, clock.paused_at)


class HoldRefused(FactBase):
    kind: Literal["hold_refused"] = "hold_refused"
    words = EventWords("Hold refused", "挂账不批")
    assignment: int
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.settle_request(self.assignment, at)


class Reviewed(FactBase):
    """A review of a hold. `clocks`: the next review, if the hold goes on."""

    kind: Literal["reviewed"] = "reviewed"
    words = EventWords("Hold reviewed", "已复核挂账")
    assignment: int
    note: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.REVIEW, assignment=self.assignment)
        ticket.start(self.clocks)


class ReviewMissed(FactBase):
    """A missed review of a hold: the next one is set, the missed one stays on record.

    The clock of the missed one keeps escalating until somebody reviews the hold.
    """

    kind: Literal["review_missed"] = "review_missed"
    words = EventWords("Hold not reviewed in time", "挂账未按时复核")
    assignment: int
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.start(self.clocks)


class QuestionAsked(FactBase):
    """A question to the citizen that the unit needs answered; its clock is paused meanwhile."""

    kind: Literal["citizen_asked"] = "citizen_asked"
    words = EventWords(
        "The citizen was asked; the clock stands still",
        "请市民补充情况，时限暂停",
        citizen="The unit has a question for you",
        citizen_zh="承办单位请您补充情况",
        quoted=True,
    )
    assignment: int
    text: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.assignment(self.assignment).questions += 1
        ticket.pause(self.assignment, Pause(why="citizen", since=at))
        ticket.start(self.clocks)


class Resumed(FactBase):
    """The resumption of the unit's clock.

    `why`: `citizen_answered`, `citizen_silent`, `hold_over`, `reviewed` or `pause_ended`, if the
    cause of the pause has ended by itself.
    """

    kind: Literal["resumed"] = "resumed"
    words = EventWords(
        "Going on; the clock runs", "时限恢复", citizen="The work goes on", citizen_zh="继续办理"
    )
    assignment: int
    why: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.resume(self.assignment, self.clocks, at)
