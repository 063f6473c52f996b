"""Facts possible at any stage, from the citizen's additions to escalations of a clock."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from domain.actors import Role
from domain.deadlines.clocks import Clock, ClockName, RungKind
from domain.facts.base import FactBase
from domain.model import Instant, Recorded
from domain.ticket.assignment import HandlingResult
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class FactsAdded(FactBase):
    """An addition by the citizen, or by the desk for them."""

    kind: Literal["facts_added"] = "facts_added"
    text: str
    files: list[str] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        if ticket.lifecycle:
            ticket.facts_at = [*_within_a_day(ticket.facts_at, at), at]


class Urged(FactBase):
    """An urge (催办)."""

    kind: Literal["urged"] = "urged"
    text: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        if ticket.lifecycle:
            recent = _within_a_day(ticket.urged_at, at)
            ticket.urges_before += len(ticket.urged_at) - len(recent)
            ticket.urged_at = recent
        ticket.urged_at.append(at)


def _within_a_day(moments: list[Instant], at: datetime) -> list[Instant]:
    return [moment for moment in moments if at - moment < timedelta(days=1)]


class SeverityRaised(FactBase):
    """A higher severity: urged repeatedly, repeated tickets, or many complainants."""

    kind: Literal["severity_raised"] = "severity_raised"
    severity: int
    why: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.severity = self.severity


class Appointed(FactBase):
    """An appointment (预约): a service is promised for a certain time."""

    kind: Literal["appointed"] = "appointed"
    unit: str | None = None
    starts_at: Instant
    text: str = ""
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.APPOINTMENT)
        ticket.appointment = self.starts_at
        ticket.start(self.clocks)


class MinutesKept(FactBase):
    """A meeting's record; the units present need not be called again."""

    kind: Literal["minutes_kept"] = "minutes_kept"
    minutes: Minutes

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.minutes.append(self.minutes)
        for assignment in ticket.opened:
            if self.minutes.what is Meeting.ON_SITE and assignment.unit in self.minutes.units:
                ticket.stop(at, ClockName.MEET, assignment=assignment.n)


class InspectionsOpened(FactBase):
    """Inspections opened at sibling units (举一反三). `tickets`: their numbers."""

    kind: Literal["inspections_opened"] = "inspections_opened"
    text: str
    tickets: list[str]

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.inspections.extend(self.tickets)


class Withdrawn(FactBase):
    """The citizen's withdrawal."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.WITHDRAWN, at)


class CarriedOn(FactBase):
    """The move to a newer lifecycle; promises get the clocks that they lacked."""

    kind: Literal["carried_on"] = "carried_on"
    lifecycle: int
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.lifecycle = self.lifecycle
        ticket.start(self.clocks)
        ticket.stand_still(at)


class ResultOvertaken(FactBase):
    """A unit's result submitted just as its share was ended: stored, and reported to staff."""

    kind: Literal["result_overtaken"] = "result_overtaken"
    assignment: int
    unit: str
    result: HandlingResult


class Moved(Recorded):
    """A due time that has changed. `later`: on a later day, by the city's clocks."""

    clock: ClockName
    assignment: int | None = None
    label: str | None = None
    unit: str | None = None
    was: Instant
    due_at: Instant
    later: bool


class Replanned(FactBase):
    """The new plan of provisional clocks, after a year's calendar was published.

    `clocks` replace their predecessors. `moved` are those with another due time; the others may
    only have levels at another time, or are no longer provisional. `answer_later`: the answer is
    due on a later day.
    """

    kind: Literal["replanned"] = "replanned"
    calendar_version: str
    clocks: list[Clock]
    moved: list[Moved] = Field(default_factory=list)
    answer_later: bool = False

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.replan(self.clocks)


class RungClimbed(FactBase):
    """A level reached by a clock: warn (黄牌), due (红牌), supervise (督办), notice (通报)."""

    kind: Literal["rung_climbed"] = "rung_climbed"
    clock: ClockName
    assignment: int | None = None
    label: str | None = None
    rung: RungKind
    due_at: Instant
    unit: str | None = None
    tells: list[Role] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        clock = ticket.running(self.clock, self.assignment, self.label)
        clock.climbed += 1
        clock.reached_in = [*clock.reached_in, ticket.version]
