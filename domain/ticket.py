"""The ticket: the state of one complaint. Facts change it, through `domain.recording`."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from domain.assignment import Assignment, Ending
from domain.clocks import Clock, ClockName, Rung
from domain.complaint import Complaint, Kind
from domain.model import Instant, Recorded
from domain.rating import Rating
from domain.refusals import Refused
from domain.rules import Rules
from domain.stages import Outcome, Stage


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
    due_at: Instant | None = None
    updated_at: Instant


class Ticket(Recorded):
    """State of one complaint; `domain.recording.record` is the only way it changes.

    `version` counts the events: version n is the state after event n. `by_hand`: at dispatch, a
    person has to name the unit; otherwise `next_unit`, or the responsibilities, do.
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
    next_unit: str | None = None
    by_hand: bool = False
    assignments: list[Assignment] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)
    returns: int = 0
    reworks: int = 0
    call_backs: int = 0
    call_back_due: bool = False
    urged_at: list[Instant] = Field(default_factory=list)
    reply: str | None = None
    rating: Rating | None = None

    @classmethod
    def of(cls, complaint: Complaint) -> "Ticket":
        return cls(
            complaint=complaint,
            updated_at=complaint.filed_at,
            kind=complaint.kind,
            category=complaint.category,
            area=complaint.place.area,
        )

    # --- what facts change it with --------------------------------------------------------

    def start(self, clocks: Iterable[Clock]) -> None:
        # Copied: an event must stay as it was recorded when its clock runs on.
        self.clocks.extend(clock.model_copy() for clock in clocks)

    def stop(self, at: datetime, *names: ClockName, assignment: int | None = None) -> None:
        for clock in self.clocks:
            if clock.running and clock.name in names and clock.assignment == assignment:
                clock.stopped_at = at

    def end_assignment(self, n: int, ending: Ending, at: datetime) -> None:
        assignment = self.assignment(n)
        assignment.ending, assignment.ended_at, assignment.asked = ending, at, None
        for clock in self.clocks:
            if clock.running and clock.assignment == n:
                clock.stopped_at = at

    def settle_request(self, n: int, at: datetime) -> None:
        """A return or an extension was decided."""
        self.assignment(n).asked = None
        self.stop(at, ClockName.DECIDE, assignment=n)

    def end(self, outcome: Outcome, at: datetime, *, reply: str | None = None) -> None:
        self.outcome, self.ended_at = outcome, at
        self.reply = reply or self.reply
        self.call_back_due = False
        for assignment in self.assignments:
            if assignment.open:
                self.end_assignment(assignment.n, Ending.MOOT, at)
        for clock in self.clocks:
            if clock.running:
                clock.stopped_at = at

    # --- asking ---------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return self.stage is not Stage.ENDED

    @property
    def current(self) -> Assignment | None:
        """The assignment that is being handled, if any."""
        if self.assignments and self.assignments[-1].open:
            return self.assignments[-1]
        return None

    def assignment(self, n: int) -> Assignment:
        if not 1 <= n <= len(self.assignments):
            raise Refused("unknown_assignment", f"This ticket has no assignment {n}.")
        return self.assignments[n - 1]

    def running(self, name: ClockName, assignment: int | None = None) -> Clock:
        for clock in self.clocks:
            if clock.running and clock.name == name and clock.assignment == assignment:
                return clock
        raise Refused("clock_not_running", f"No clock '{name}' is running.")

    def next_rung(self) -> tuple[Clock, Rung] | None:
        """The clock that climbs next, and to which rung; None when nothing is to come."""
        rungs = [(clock, rung) for clock in self.clocks if (rung := clock.next_rung) is not None]
        return min(rungs, key=lambda pair: pair[1].at, default=None)

    @property
    def due_at(self) -> datetime | None:
        """When the running promise is due: the handle clock's, else the earliest."""
        running = [clock for clock in self.clocks if clock.running]
        handling = [clock.due_at for clock in running if clock.name is ClockName.HANDLE]
        return min(handling or [clock.due_at for clock in running], default=None)

    @property
    def unit(self) -> str | None:
        return self.assignments[-1].unit if self.assignments else None

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
            due_at=self.due_at,
            updated_at=self.updated_at,
        )
