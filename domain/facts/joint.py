"""Several units: whistle (吹哨), delegation (转派), a level up (提级), intervention."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.ticket.assignment import AssignmentPlan, Ending, Share
from domain.ticket.because import Because
from domain.ticket.ticket import Ticket


class Whistled(FactBase):
    """吹哨. The lead calls other units in, each with its own limits."""

    kind: Literal["whistled"] = "whistled"
    words = EventWords(
        "Whistle: other units called in",
        "吹哨，召集其他单位",
        citizen="Other units were called in to help",
        citizen_zh="已请其他单位共同办理",
    )
    assignment: int
    ground: str
    reason: str
    shares: list[AssignmentPlan]

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for plan in self.shares:
            ticket.open_assignment(plan, Share.CO, at, of=self.assignment)


class Released(FactBase):
    """The release of a co-handler or a delegate who is no longer needed."""

    kind: Literal["released"] = "released"
    words = EventWords("Co-handler released", "协办解除")
    assignment: int
    unit: str
    reason: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignment(self.assignment, Ending.RELEASED, at)


class Overridden(FactBase):
    """The lead's decision, with a reason, to answer without waiting for the co-handlers."""

    kind: Literal["overridden"] = "overridden"
    words = EventWords("The lead no longer waits for co-handlers", "主办说明理由，不再等待协办")
    reason: str
    released: list[int] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.RELEASED, at)


class Delegated(FactBase):
    """转派. A unit below does the work; the one above stays answerable, and both clocks run."""

    kind: Literal["delegated"] = "delegated"
    words = EventWords("Delegated", "转派下级")
    assignment: int
    reason: str
    share: AssignmentPlan

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.open_assignment(self.share, Share.DELEGATE, at, of=self.assignment)


class LevelRaised(FactBase):
    """提级. One level up, because it exceeds the unit's authority, or because time ran out.

    `because`: why the system raised it; empty if a person did.
    """

    kind: Literal["level_raised"] = "level_raised"
    words = EventWords(
        "Level raised", "提级办理", citizen="Raised one level up", citizen_zh="已提级办理"
    )
    assignment: int
    unit: str
    level: str | None = None
    reason: str
    because: list[Because] = Field(default_factory=list)
    escalated: bool = False
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.RAISED, at)
        ticket.escalated = ticket.escalated or self.escalated
        ticket.raised += 1
        ticket.next_unit, ticket.by_hand = self.unit, False
        ticket.start(self.clocks)


_BEFORE_A_UNIT = (
    ClockName.TRIAGE,
    ClockName.DISPATCH,
    ClockName.ARBITRATE,
    ClockName.FEEDBACK,
)


class Intervened(FactBase):
    """The centre's intervention: it takes the ticket from its unit and names the lead."""

    kind: Literal["intervened"] = "intervened"
    words = EventWords(
        "The centre took over",
        "上级指挥中心介入",
        citizen="The city's centre has stepped in",
        citizen_zh="上级指挥中心已介入",
    )
    unit: str
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.TAKEN_OVER, at)
        ticket.verifying = ticket.verify_by = None
        ticket.stop(at, *_BEFORE_A_UNIT)
        ticket.next_unit, ticket.by_hand, ticket.no_returns = self.unit, False, True
        ticket.start(self.clocks)
