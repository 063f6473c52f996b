"""Facts possible at any stage, from the citizen's additions to escalations of a clock."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from domain.actors import Role
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.model import Instant, Recorded
from domain.ticket.assignment import HandlingResult
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class FactsAdded(FactBase):
    """An addition by the citizen, or by the desk for them.

    `answers`: a unit had asked for it, so that it does not count against the cap of additions.
    """

    kind: Literal["facts_added"] = "facts_added"
    words = EventWords(
        "The citizen added something",
        "市民补充情况",
        citizen="You added something",
        citizen_zh="您补充了情况",
        quoted=True,
    )
    text: str
    files: list[str] = Field(default_factory=list)
    answers: bool = False

    def apply(self, ticket: Ticket, at: datetime) -> None:
        if ticket.lifecycle and not self.answers:
            ticket.facts_at = [*within_a_day(ticket.facts_at, at), at]


class Urged(FactBase):
    """An urge (催办)."""

    kind: Literal["urged"] = "urged"
    words = EventWords(
        "The citizen urged", "市民催办", citizen="You urged it", citizen_zh="您已催办", quoted=True
    )
    text: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        if ticket.lifecycle:
            recent = within_a_day(ticket.urged_at, at)
            ticket.urges_before += len(ticket.urged_at) - len(recent)
            ticket.urged_at = recent
        ticket.urged_at.append(at)


def within_a_day(moments: list[Instant], at: datetime) -> list[Instant]:
    """Return those of the times that are within the 24 hours before `at`."""
    return [moment for moment in moments if at - moment < timedelta(days=1)]


class SeverityRaised(FactBase):
    """A higher severity: urged repeatedly, repeated tickets, or many complainants."""

    kind: Literal["severity_raised"] = "severity_raised"
    words = EventWords("Severity raised", "严重程度上调")
    severity: int
    why: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.severity = self.severity


class Appointed(FactBase):
    """An appointment (预约): a service is promised for a certain time."""

    kind: Literal["appointed"] = "appointed"
    words = EventWords(
        "Appointment made",
        "已预约服务时间",
        citizen="An appointment was made",
        citizen_zh="已预约服务时间",
        quoted=True,
    )
    unit: str | None = None
    starts_at: Instant
    text: str = ""
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.APPOINTMENT)
        ticket.appointment = self.starts_at
        ticket.start(self.clocks)


class MinutesRecorded(FactBase):
    """A meeting's record; the units present need not be called again."""

    kind: Literal["minutes_kept"] = "minutes_kept"
    words = EventWords("Minutes of a meeting", "会议纪要")
    minutes: Minutes

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.minutes.append(self.minutes)
        for assignment in ticket.opened:
            if self.minutes.what is Meeting.ON_SITE and assignment.unit in self.minutes.units:
                ticket.stop(at, ClockName.MEET, assignment=assignment.n)


class ContactOpened(FactBase):
    """The citizen's consent that the unit may know a contact that was hidden."""

    kind: Literal["contact_opened"] = "contact_opened"
    words = EventWords(
        "The unit may know the citizen's contact",
        "市民同意向承办单位公开联系方式",
        citizen="You let the unit know how to reach you",
        citizen_zh="您已同意承办单位与您联系",
    )
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.contact_opened = True
        ticket.start(self.clocks)


class ContactLeft(FactBase):
    """A phone or an e-mail address that was left later.

    `person`: its id in the vault, which alone has the data; None once it was erased.
    """

    kind: Literal["contact_left"] = "contact_left"
    words = EventWords(
        "A way to reach the citizen was left",
        "市民补留联系方式",
        citizen="You left word how to reach you",
        citizen_zh="您已补留联系方式",
    )
    person: str | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        left = {"person": self.person, "reachable": True}
        ticket.complaint = ticket.complaint.model_copy(update=left)
        ticket.start(self.clocks)


class InspectionsOpened(FactBase):
    """Inspections opened at sibling units (举一反三). `tickets`: their numbers."""

    kind: Literal["inspections_opened"] = "inspections_opened"
    words = EventWords("All of the kind are inspected", "举一反三，同类全查")
    text: str
    tickets: list[str]

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.inspections.extend(self.tickets)


class Withdrawn(FactBase):
    """The citizen's withdrawal."""

    kind: Literal["withdrawn"] = "withdrawn"
    words = EventWords(
        "The citizen withdrew", "市民撤回", citizen="You took it back", citizen_zh="您已撤回"
    )
    reason: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.WITHDRAWN, at)


class CarriedOn(FactBase):
    """The move to a newer lifecycle; promises get the clocks that they lacked."""

    kind: Literal["carried_on"] = "carried_on"
    words = EventWords("Goes on by the present rules of procedure", "转入新的办理流程，继续办理")
    lifecycle: int
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.lifecycle = self.lifecycle
        ticket.start(self.clocks)
        ticket.stand_still(at)


class ResultOvertaken(FactBase):
    """A unit's result submitted just as its share was ended: stored, and reported to staff."""

    kind: Literal["result_overtaken"] = "result_overtaken"
    words = EventWords(
        "A result came when the share had just been ended; it is kept",
        "任务刚被收回时，办理结果已送达，留存备查",
    )
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
    """The new plan of clocks, after a year's calendar was published or its days changed.

    `clocks` replace their predecessors. `moved` are those with another due time; the others may
    only have levels at another time, or are no longer provisional. `answer_later`: the answer is
    due on a later day.
    """

    kind: Literal["replanned"] = "replanned"
    words = EventWords(
        "Planned again by the published calendar",
        "按公布的放假安排重新核定期限",
        citizen="The day of the answer was set by the published holidays",
        citizen_zh="答复日期已按公布的放假安排调整",
    )
    calendar_version: str
    clocks: list[Clock]
    moved: list[Moved] = Field(default_factory=list)
    answer_later: bool = False

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.replan(self.clocks)


class LevelReached(FactBase):
    """A level reached by a clock: warn (黄牌), due (红牌), supervise (督办), notice (通报)."""

    kind: Literal["rung_climbed"] = "rung_climbed"
    words = EventWords("Card or reminder", "时限提醒")
    clock: ClockName
    assignment: int | None = None
    label: str | None = None
    rung: LevelKind
    due_at: Instant
    unit: str | None = None
    tells: list[Role] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        clock = ticket.running(self.clock, self.assignment, self.label)
        clock.climbed += 1
        clock.reached_in = [*clock.reached_in, ticket.version]
