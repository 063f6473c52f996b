"""What can happen at any stage: the citizen speaks up, or a clock climbs its ladder."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Role
from domain.clocks import ClockName, RungKind
from domain.facts.base import FactBase
from domain.model import Instant
from domain.stages import Outcome
from domain.ticket import Ticket


class FactsAdded(FactBase):
    """The citizen, or the desk for them, added something."""

    kind: Literal["facts_added"] = "facts_added"
    text: str


class Urged(FactBase):
    """催办."""

    kind: Literal["urged"] = "urged"
    text: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.urged_at.append(at)


class Withdrawn(FactBase):
    """The citizen took it back."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.WITHDRAWN, at)


class RungClimbed(FactBase):
    """A clock reached a rung: warn (黄牌), due (红牌), supervise (督办), notice (通报)."""

    kind: Literal["rung_climbed"] = "rung_climbed"
    clock: ClockName
    assignment: int | None = None
    rung: RungKind
    due_at: Instant
    unit: str | None = None
    tells: list[Role] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.running(self.clock, self.assignment).climbed += 1
