"""The ticket: the state of one complaint. Facts change it, through `domain.policy.record`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.deadlines.cards import cards_shown
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.ticket.assignment import Assignment, AssignmentPlan, Ending, Pause, Share
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Outcome
from domain.ticket.state import TicketState, breaks_promise

LIFECYCLE = 1
"""The version of a ticket's automatic behaviour.

A ticket keeps the one it began with until its history continues in a new run, so that old histories
replay.
"""

_ENDED_RETAINED, _STOPPED_RETAINED = 16, 48
"""The most ended assignments, and stopped clocks of its own, that a ticket's state retains."""


class Ticket(TicketState):
    """State of one complaint; `domain.policy.record.record` is the only way it changes.

    `version` counts the events: version n is the state after event n. `by_hand`: at dispatch, a
    person has to name the unit; otherwise `next_unit`, or the responsibilities, do. `verify_by`:
    the unit that verifies first. `accused`: the units that it accuses, as a person said ([]: none
    of the city's); None: nobody has said yet. `kept_from`: those and every unit below them, none of
    which may have it (see `domain.commands.may_have`). `no_returns`: the responsible unit is
    settled. `complainants` are the tickets merged into this one; `waiting`: those not answered yet.
    `parent_pause`: why the parent stands still, and the promise with it. `contest`: a requested
    exclusion. `lifecycle`: see `LIFECYCLE`. `unsure`: automatic triage was undecided.
    `urges_before`: the number of urges before those in `urged_at`. `facts_at`: the times of
    additions within the last day. `void_rungs`: versions of the events of levels that were reached
    and became void (see `Clock`). `refuted`: how often the closing condition refused a result.
    `contact_opened`: the citizen let the unit know a contact that was hidden.
    `round`: the number of rounds before the present one; `shares_before`: the number of assignments
    of those. `reply`, `rating` and `excluded` are of the present round (see `begin_round`).
    `borrowed`: category and tier are those of the ticket it is merged into, as it had none.
    `urges_before` includes the urges of citizens of merged tickets.
    """

    @classmethod
    def of(cls, complaint: Complaint) -> "Ticket":
        return cls(
            complaint=complaint,
            updated_at=complaint.filed_at,
            kind=complaint.kind,
            category=complaint.category,
            area=complaint.place.area,
            next_unit=complaint.unit,
            accused=complaint.accused,
            kept_from=list(complaint.kept_from),
        )

    # --- changes made by facts: rounds ----------------------------------------------------

    def begin_round(self) -> None:
        """Begin another round: the answer given, its rating and its exclusion stay in the events.

        Nothing of an earlier round is in the state, so that nobody reads it as the present one.
        """
        self.round += 1
        self.shares_before = self.assignment_count
        self.reply = self.rating = self.rating_apart = None
        self.excluded, self.refuted = False, 0

    # --- changes made by facts: clocks ----------------------------------------------------

    def start(self, clocks: Iterable[Clock]) -> None:
        # Copied, so that a recorded event does not change with its clock.
        self.clocks.extend(clock.model_copy() for clock in clocks)

    def stop(
        self,
        at: datetime,
        *names: ClockName,
        assignment: int | None = None,
        label: str | None = None,
    ) -> None:
        """Stop the clocks of those names; with `label`, only the one that has it."""
        for clock in self.clocks:
            meant = clock.name in names and clock.assignment == assignment
            if meant and label in (None, clock.label):
                clock.stop(at)

    def stop_all(self, at: datetime, *, but: ClockName | None = None) -> None:
        for clock in self.clocks:
            if clock.name is not but:
                clock.stop(at)

    def replace(self, clocks: Iterable[Clock], at: datetime) -> None:
        """Start clocks in place of the running ones of the same name, assignment and label."""
        clocks = list(clocks)
        for new in clocks:
            self.stop(at, new.name, assignment=new.assignment, label=new.label)
        self.start(clocks)

    def pause(self, n: int, pause: Pause) -> None:
        """Pause the clocks that depend on assignment `n`; those already paused are unchanged."""
        self.assignment(n).pause = pause
        self.stand_still(pause.since)

    def stand_still(self, at: datetime) -> None:
        """Pause the running clocks that a pause covers."""
        for clock in self.clocks:
            if clock.paused_at is None and self.stands_still(clock):
                clock.paused_at = max(at, clock.started_at)

    def void(self, clock: Clock, since: datetime) -> None:
        """Void the levels `clock` reached since `since`, including those before its last pause."""
        for one in self.clocks:
            if one.key == clock.key and one.started_at == clock.started_at:
                one.void_from = min(one.void_from or since, since)
                gone = set(one.reached_in[len(one.counting) :])
                self.void_rungs = sorted({*self.void_rungs, *gone})

    def resume(self, n: int, clocks: Iterable[Clock], at: datetime) -> None:
        """Replace the paused clocks of an assignment by the resumed ones."""
        for clock in self.paused(n):
            clock.stop(at)
        self.assignment(n).pause = None
        self.stop(at, ClockName.REVIEW, ClockName.HOLD, ClockName.CITIZEN, assignment=n)
        self.start(clocks)

    def replan(self, clocks: Iterable[Clock]) -> None:
        """Replace clocks by their new plans, in the same positions."""
        for new in clocks:
            key = (new.name, new.assignment, new.label)
            for index, old in enumerate(self.clocks):
                if old.running and (old.name, old.assignment, old.label) == key:
                    self.clocks[index] = new.model_copy()

    # --- changes made by facts: assignments -----------------------------------------------

    def open_assignment(
        self, plan: AssignmentPlan, share: Share, at: datetime, *, of: int | None = None
    ) -> None:
        """Open an assignment, as planned. A promise in the plan replaces a running one."""
        if any(clock.name is ClockName.PROMISE for clock in plan.clocks):
            self.stop(at, ClockName.PROMISE)
        self.assignments.append(
            Assignment(
                n=plan.assignment,
                unit=plan.unit,
                queue=plan.queue,
                heartbeats=plan.heartbeats,
                why=plan.why,
                because=plan.because,
                kind_of_unit=plan.kind_of_unit,
                level=plan.level,
                above=plan.above,
                task=plan.task,
                share=share,
                of=of,
                rework=self.reworks,
                barred="arbitrated" if self.no_returns and share is Share.LEAD else None,
                opened_at=at,
            )
        )
        self.start(plan.clocks)
        if self.lifecycle:
            self.stand_still(at)
            self._drop()

    def answering_share(self, lead: Assignment, at: datetime) -> Assignment:
        """Return the share of the unit whose answer, to another ticket, is given here, too.

        `lead`: its assignment there. It is done as soon as it is opened: the work was done there.
        """
        return Assignment(
            n=self.assignment_count + 1,
            unit=lead.unit,
            queue=lead.queue,
            why=lead.why,
            because=lead.because,
            kind_of_unit=lead.kind_of_unit,
            level=lead.level,
            above=lead.above,
            rework=self.reworks,
            opened_at=at,
            ended_at=at,
            ending=Ending.DONE,
            result=lead.result,
        )

    def add_done(self, share: Assignment) -> None:
        """Add a share that is done already."""
        self.assignments.append(share.model_copy())
        self._drop()

    def _drop(self) -> None:
        """Drop old ended assignments and stopped clocks, and keep their totals."""
        last = self.lead.n if self.lead else 0
        ended = [a for a in self.assignments if not a.open and a.n != last]
        for assignment in ended[: max(len(ended) - _ENDED_RETAINED, 0)]:
            self.assignments.remove(assignment)
            self._count_dropped(assignment)
        remaining = {a.n for a in self.assignments}
        stopped = [c for c in self.clocks if not c.running and c.assignment is None]
        old = {id(c) for c in stopped[: max(len(stopped) - _STOPPED_RETAINED, 0)]}
        gone = [c for c in self.clocks if id(c) in old or c.assignment not in {None, *remaining}]
        if gone:
            left = {id(c) for c in gone}
            self.clocks = [c for c in self.clocks if id(c) not in left]
            self._count_dropped_clocks(gone)

    def _count_dropped(self, assignment: Assignment) -> None:
        counted = self.dropped
        counted.assignments += 1
        counted.co_handlers += assignment.share is Share.CO
        counted.delegations += assignment.share is Share.DELEGATE
        counted.verified |= assignment.share is Share.VERIFY and assignment.result is not None
        counted.extensions += assignment.extensions
        counted.holds += assignment.holds
        if assignment.unit not in counted.units:
            counted.units.append(assignment.unit)

    def _count_dropped_clocks(self, clocks: Sequence[Clock]) -> None:
        void = set(self.void_rungs)
        self.dropped.supervised |= any(clock.name is ClockName.SUPERVISE for clock in clocks)
        self.dropped.yellow_cards += len(cards_shown(clocks, LevelKind.WARN) - void)
        self.dropped.red_cards += len(cards_shown(clocks, LevelKind.DUE) - void)
        self.dropped.promise_broken |= any(breaks_promise(clock) for clock in clocks)

    def end_assignment(self, n: int, ending: Ending, at: datetime) -> None:
        """End an assignment, and those delegated from it."""
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
        """Settle a decided return, extension or hold."""
        self.assignment(n).asked = None
        self.stop(at, ClockName.DECIDE, assignment=n)

    def end(self, outcome: Outcome, at: datetime, *, reply: str | None = None) -> None:
        self.outcome, self.ended_at = outcome, at
        self.reply = reply or self.reply
        self.call_back_due, self.verifying, self.contest = False, None, None
        self.parent_pause = None
        self.end_assignments(Ending.MOOT, at)
        self.stop_all(at)
