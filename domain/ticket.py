"""The ticket: the state of one complaint. Facts change it, through `domain.recording`."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from domain.assignment import Assignment, Ending, Given, Pause, Request, Share
from domain.clocks import Clock, ClockName, Rung
from domain.complaint import Complaint, Kind
from domain.minutes import Minutes, Order
from domain.model import Instant, Recorded
from domain.rating import Rating
from domain.refusals import Refused
from domain.rules import Rules
from domain.stages import Outcome, Stage

PAUSABLE = (ClockName.HANDLE, ClockName.STEP)
"""The clocks that stand still while a unit may not go on."""


class Snapshot(Recorded):
    """A ticket in short: what a command answers with."""

    number: str
    city: str
    version: int
    stage: Stage
    outcome: Outcome | None = None
    category: str | None = None
    unit: str | None = None
    assignment: int | None = None
    severity: int = 0
    due_at: Instant | None = None
    updated_at: Instant


class Ticket(Recorded):
    """State of one complaint; `domain.recording.record` is the only way it changes.

    `version` counts the events: version n is the state after event n. `by_hand`: at dispatch, a
    person has to name the unit; otherwise `next_unit`, or the responsibilities, do. `verify_by`:
    the unit that looks on the spot first. `no_returns`: whose it is has been arbitrated.
    `complainants` are the tickets merged into this one; `waiting`: those not answered yet.
    `contest`: an exclusion that is asked for.
    """

    complaint: Complaint
    rules: Rules | None = None
    stage: Stage = Stage.ACCEPT
    outcome: Outcome | None = None
    version: int = 0
    updated_at: Instant
    ended_at: Instant | None = None
    kind: Kind
    category: str | None = None
    suggestion: str | None = None
    tier: str | None = None
    area: str | None = None
    accused: str | None = None
    next_unit: str | None = None
    by_hand: bool = False
    verify_by: str | None = None
    verifying: str | None = None
    verified: bool = False
    no_returns: bool = False
    assignments: list[Assignment] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)
    returns: int = 0
    reworks: int = 0
    raised: int = 0
    call_backs: int = 0
    call_back_due: bool = False
    urged_at: list[Instant] = Field(default_factory=list)
    repeats: list[str] = Field(default_factory=list)
    severity: int = 0
    escalated: bool = False
    minutes: list[Minutes] = Field(default_factory=list)
    orders: list[Order] = Field(default_factory=list)
    notices: int = 0
    appointment: Instant | None = None
    inspections: list[str] = Field(default_factory=list)
    parent: str | None = None
    complainants: list[str] = Field(default_factory=list)
    waiting: list[str] = Field(default_factory=list)
    reply: str | None = None
    rating: Rating | None = None
    revisits: int = 0
    recurred: int = 0
    contest: Request | None = None
    excluded: bool = False

    @classmethod
    def of(cls, complaint: Complaint) -> "Ticket":
        return cls(
            complaint=complaint,
            updated_at=complaint.filed_at,
            kind=complaint.kind,
            category=complaint.category,
            area=complaint.place.area,
            next_unit=complaint.unit,
        )

    # --- what facts change it with: clocks ------------------------------------------------

    def start(self, clocks: Iterable[Clock]) -> None:
        # Copied: an event must stay as it was recorded when its clock runs on.
        self.clocks.extend(clock.model_copy() for clock in clocks)

    def stop(
        self,
        at: datetime,
        *names: ClockName,
        assignment: int | None = None,
        label: str | None = None,
    ) -> None:
        """Stop the clocks of those names; of those with a label, only the one that is meant."""
        for clock in self.clocks:
            meant = clock.name in names and clock.assignment == assignment
            if meant and label in (None, clock.label):
                clock.stop(at)

    def stop_all(self, at: datetime) -> None:
        for clock in self.clocks:
            clock.stop(at)

    def pause(self, n: int, pause: Pause) -> None:
        """Let the clocks of assignment `n` stand still; those that do already, since then."""
        self.assignment(n).pause = pause
        for clock in self.clocks:
            going = clock.running and clock.paused_at is None
            if going and clock.assignment == n and clock.name in PAUSABLE:
                clock.paused_at = max(pause.since, clock.started_at)

    def resume(self, n: int, clocks: Iterable[Clock], at: datetime) -> None:
        """Put the clocks that go on in the place of those that stood still."""
        self.assignment(n).pause = None
        for clock in self.paused(n):
            clock.stop(at)
        self.stop(at, ClockName.REVIEW, ClockName.CITIZEN, assignment=n)
        self.start(clocks)

    # --- what facts change it with: assignments -------------------------------------------

    def give(self, given: Given, share: Share, at: datetime, *, of: int | None = None) -> None:
        """Open an assignment, as planned."""
        self.assignments.append(
            Assignment(
                n=given.assignment,
                unit=given.unit,
                queue=given.queue,
                heartbeats=given.heartbeats,
                why=given.why,
                kind_of_unit=given.kind_of_unit,
                level=given.level,
                above=given.above,
                task=given.task,
                share=share,
                of=of,
                rework=self.reworks,
                barred="arbitrated" if self.no_returns and share is Share.LEAD else None,
                opened_at=at,
            )
        )
        self.start(given.clocks)

    def end_assignment(self, n: int, ending: Ending, at: datetime) -> None:
        """End it, and what was delegated from it."""
        assignment = self.assignment(n)
        assignment.ending, assignment.ended_at, assignment.asked = ending, at, None
        assignment.pause = None
        for clock in self.clocks:
            if clock.assignment == n:
                clock.stop(at)
        for below in self.opened:
            if below.of == n and below.share is Share.DELEGATE:
                self.end_assignment(below.n, Ending.RELEASED, at)

    def end_assignments(self, ending: Ending, at: datetime) -> None:
        for assignment in list(self.opened):
            if assignment.open:
                self.end_assignment(assignment.n, ending, at)

    def settle_request(self, n: int, at: datetime) -> None:
        """A return, an extension or a hold was decided."""
        self.assignment(n).asked = None
        self.stop(at, ClockName.DECIDE, assignment=n)

    def end(self, outcome: Outcome, at: datetime, *, reply: str | None = None) -> None:
        self.outcome, self.ended_at = outcome, at
        self.reply = reply or self.reply
        self.call_back_due, self.verifying, self.contest = False, None, None
        self.end_assignments(Ending.MOOT, at)
        self.stop_all(at)

    # --- asking ---------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return self.stage is not Stage.ENDED

    @property
    def opened(self) -> list[Assignment]:
        """The assignments that are being handled."""
        return [assignment for assignment in self.assignments if assignment.open]

    @property
    def lead(self) -> Assignment | None:
        """The assignment whose answer is the ticket's: the last lead's, open or not."""
        leads = (a for a in reversed(self.assignments) if a.share is Share.LEAD)
        return next(leads, None)

    @property
    def current(self) -> Assignment | None:
        """The lead's assignment while it is being handled; in a verification, the verifier's."""
        if self.stage is Stage.VERIFY:
            return next(iter(self.opened), None)
        lead = self.lead
        return lead if lead is not None and lead.open else None

    def assignment(self, n: int) -> Assignment:
        if not 1 <= n <= len(self.assignments):
            raise Refused("unknown_assignment", f"This ticket has no assignment {n}.")
        return self.assignments[n - 1]

    def paused(self, n: int) -> list[Clock]:
        """The clocks of assignment `n` that stand still."""
        return [
            clock
            for clock in self.clocks
            if clock.running and clock.paused_at and clock.assignment == n
        ]

    def running(
        self, name: ClockName, assignment: int | None = None, label: str | None = None
    ) -> Clock:
        for clock in self.clocks:
            key = (clock.name, clock.assignment, clock.label)
            if clock.running and key == (name, assignment, label):
                return clock
        raise Refused("clock_not_running", f"No clock '{label or name}' is running.")

    @property
    def provisional(self) -> list[Clock]:
        """The clocks that are planned again when a calendar is published; see `Clock`.

        One that stands still is planned again when it goes on.
        """
        return [c for c in self.clocks if c.provisional and c.running and not c.paused_at]

    def replan(self, clocks: Iterable[Clock]) -> None:
        """Put clocks that were planned again in their own places."""
        for new in clocks:
            key = (new.name, new.assignment, new.label)
            for index, old in enumerate(self.clocks):
                if old.running and (old.name, old.assignment, old.label) == key:
                    self.clocks[index] = new.model_copy()

    def next_rung(self) -> tuple[Clock, Rung] | None:
        """The clock that climbs next, and to which rung; None when nothing is to come."""
        rungs = [(clock, rung) for clock in self.clocks if (rung := clock.next_rung) is not None]
        return min(rungs, key=lambda pair: pair[1].at, default=None)

    @property
    def due_at(self) -> datetime | None:
        """When the running promise is due: the lead's handle clock's, else the earliest."""
        going = [clock for clock in self.clocks if clock.running and not clock.paused_at]
        n = self.lead.n if self.lead else None
        handling = [c.due_at for c in going if c.name is ClockName.HANDLE and c.assignment == n]
        return min(handling or [clock.due_at for clock in going], default=None)

    @property
    def promise(self) -> Clock | None:
        """The clock that says when the answer is, or was, due: the lead's handle clock."""
        n = self.lead.n if self.lead else None
        clocks = (c for c in reversed(self.clocks) if c.name is ClockName.HANDLE)
        return next((clock for clock in clocks if clock.assignment == n), None)

    @property
    def promised_at(self) -> datetime | None:
        """When the answer is, or was, due, as last moved."""
        return self.promise.due_at if self.promise else None

    @property
    def unit(self) -> str | None:
        return self.lead.unit if self.lead else None

    def snapshot(self) -> Snapshot:
        current = self.current
        return Snapshot(
            number=self.complaint.number,
            city=self.complaint.city,
            version=self.version,
            stage=self.stage,
            outcome=self.outcome,
            category=self.category,
            unit=self.unit,
            assignment=current.n if current else None,
            severity=self.severity,
            due_at=self.due_at,
            updated_at=self.updated_at,
        )
