"""The state of a simulated ticket, and the plans that its facts need."""

from datetime import datetime
from typing import Any

from demo.history.desks import CityDesks, settled
from domain.activity_io import (
    ClockQuestion,
    DispatchQuestion,
    ExtensionQuestion,
)
from domain.actors import SYSTEM, Actor
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Event, Fact
from domain.facts import (
    intake,
)
from domain.policy.decide import follows
from domain.policy.record import record
from domain.ticket.assignment import AssignmentPlan, Share
from domain.ticket.complaint import Complaint
from domain.ticket.preconditions import startable
from domain.ticket.ticket import Ticket


class PlannedLife:
    """A ticket with its events; `desks` plan for it."""

    def __init__(self, desks: CityDesks, complaint: Complaint) -> None:
        self.desks = desks
        self.ticket = Ticket.of(complaint)
        self.events: list[Event] = []

    def record(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        """Record a fact, and the rise of severity that follows from it."""
        self.events.append(record(self.ticket, fact, actor, at))
        graver = follows(self.ticket)
        if graver is not None:
            self.record(graver, at)

    # --- plans ------------------------------------------------------------------------------

    def plan(self, at: datetime, *names: ClockName, assignment: int | None = None) -> list[Clock]:
        """Return the clocks of these names, from `at`."""
        question = ClockQuestion(
            city="", tier=self.ticket.tier, names=list(names), at=at, assignment=assignment
        )
        return settled(self.desks.clocks.plan(question)).clocks

    def extended(self, n: int, by: str, asked_at: datetime, at: datetime) -> list[Clock]:
        """Return the clocks of a share with so much more time."""
        ticket = self.ticket
        question = ExtensionQuestion(
            city="",
            clock=ticket.running(ClockName.HANDLE, n),
            by=by,
            also=ticket.waiting_for(n),
            at=at,
            asked_at=asked_at,
        )
        return settled(self.desks.clocks.extend(question)).clocks

    def share(self, unit: str | None, at: datetime, share: Share = Share.LEAD) -> AssignmentPlan:
        """Plan a share of that unit, or of the one that the responsibilities name."""
        ticket = self.ticket
        question = DispatchQuestion(
            city=ticket.complaint.city,
            category=ticket.category or "",
            tier=ticket.tier or "",
            area=ticket.area,
            unit=unit,
            assignment=ticket.assignment_count + 1,
            at=at,
            share=share,
            place=ticket.complaint.place,
            promise=ticket.promise_unsettled,
            promise_from=ticket.promised_since,
        )
        plan = settled(self.desks.dispatch.dispatch(question))
        return AssignmentPlan(**{name: getattr(plan, name) for name in AssignmentPlan.model_fields})

    def assign(self, plan: AssignmentPlan, at: datetime, actor: Actor = SYSTEM) -> None:
        """Give the share to the unit that leads."""
        values: dict[str, Any] = {name: getattr(plan, name) for name in AssignmentPlan.model_fields}
        planned = self.ticket.without_needless_promise(plan.clocks)
        values["clocks"] = startable(self.ticket, planned)
        self.record(intake.Assigned(**values), at, actor)
