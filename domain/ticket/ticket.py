"""The ticket: the state of one complaint. Facts change it, through `domain.policy.record`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from domain.deadlines.cards import cards_shown
from domain.deadlines.clocks import Clock, EscalationLevel, LevelKind
from domain.deadlines.registry import PAUSABLE, ClockName
from domain.model import Instant, Recorded
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, AssignmentPlan, Ending, Pause, Request, Share
from domain.ticket.complaint import Complaint, Kind, of_wrongdoing
from domain.ticket.minutes import Minutes, Order
from domain.ticket.rating import Apart, Rating
from domain.ticket.rules_snapshot import Rules
from domain.ticket.stages import ANSWERED, Outcome, Stage

LIFECYCLE = 1
"""The version of a ticket's automatic behaviour.

A ticket keeps the one it began with until its history continues in a new run, so that old histories
replay.
"""

"""The clocks that are paused while a unit may not go on."""

_UNHANDLED = frozenset({Stage.TRIAGE, Stage.DISPATCH, Stage.ARBITRATE, Stage.MERGED})
"""The stages at which no unit's result stands, whatever was handed in before."""

_ENDED_RETAINED, _STOPPED_RETAINED = 16, 48
"""The most ended assignments, and stopped clocks of its own, that a ticket's state retains."""


def _several(accused: object) -> object:
    # A ticket of before could accuse one unit.
    return [accused] if isinstance(accused, str) else accused


Accused = Annotated[list[str] | None, BeforeValidator(_several)]


class Dropped(Recorded):
    """Totals of assignments and clocks that are not in the state any more.

    Their details are in the events. Only a ticket that was passed on very often drops any.
    """

    assignments: int = 0
    co_handlers: int = 0
    delegations: int = 0
    verified: bool = False
    extensions: int = 0
    holds: int = 0
    yellow_cards: int = 0
    red_cards: int = 0
    supervised: bool = False
    promise_broken: bool = False
    units: list[str] = Field(default_factory=list, description="Those that had a share.")


class Snapshot(Recorded):
    """A ticket in short: the response to a command.

    `due_at`: of what is due next, also of internal limits. `answer_due_at`: the day that the
    citizen was promised, while it runs.
    """

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
    answer_due_at: Instant | None = None
    updated_at: Instant

    def for_citizen(self) -> "Snapshot":
        """Return the snapshot with the promise to the citizen in place of internal limits."""
        return self.model_copy(update={"due_at": self.answer_due_at})


class Ticket(Recorded):
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

    complaint: Complaint
    lifecycle: int = 0
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
    accused: Accused = None
    kept_from: list[str] = Field(default_factory=list)
    next_unit: str | None = None
    by_hand: bool = False
    unsure: bool = False
    verify_by: str | None = None
    verifying: str | None = None
    verified: bool = False
    no_returns: bool = False
    assignments: list[Assignment] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)
    void_rungs: list[int] = Field(default_factory=list)
    dropped: Dropped = Field(default_factory=Dropped)
    returns: int = 0
    reworks: int = 0
    refuted: int = 0
    round: int = 0
    shares_before: int = 0
    borrowed: bool = False
    raised: int = 0
    call_backs: int = 0
    call_back_due: bool = False
    urged_at: list[Instant] = Field(default_factory=list)
    urges_before: int = 0
    facts_at: list[Instant] = Field(default_factory=list)
    repeats: list[str] = Field(default_factory=list)
    severity: int = 0
    escalated: bool = False
    minutes: list[Minutes] = Field(default_factory=list)
    orders: list[Order] = Field(default_factory=list)
    notices: int = 0
    appointment: Instant | None = None
    inspections: list[str] = Field(default_factory=list)
    parent: str | None = None
    parent_pause: Pause | None = None
    complainants: list[str] = Field(default_factory=list)
    waiting: list[str] = Field(default_factory=list)
    reply: str | None = None
    rating: Rating | None = None
    rating_apart: Apart | None = None
    revisits: int = 0
    recurred: int = 0
    contest: Request | None = None
    excluded: bool = False
    contact_opened: bool = False

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

    @property
    def of_wrongdoing(self) -> bool:
        """True if it is, or was filed as, a report of wrongdoing, or accuses a unit."""
        return of_wrongdoing(self.kind, self.complaint.kind) or bool(self.kept_from)

    @property
    def contact_left(self) -> bool:
        """True if the citizen left a phone or an e-mail address."""
        complaint = self.complaint
        known = complaint.person is not None
        return known if complaint.reachable is None else known and complaint.reachable

    @property
    def contact_hidden(self) -> bool:
        """True if units may not know who complained."""
        return self.of_wrongdoing or (self.complaint.anonymous and not self.contact_opened)

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

    def stands_still(self, clock: Clock, but: Pause | None = None) -> bool:
        """Return whether a pause of its assignment, or of one it was given from, covers `clock`.

        Only the unit that leads can be paused: then the citizen's promise is paused as well, also
        that of a ticket merged into this one. `but`: a pause that does not count.
        """
        if not clock.running:
            return False
        if clock.name is ClockName.PROMISE:
            pauses = [a.pause for a in self.opened if a.share is Share.LEAD]
            return any(one and one is not but for one in [*pauses, self.parent_pause])
        if clock.name not in PAUSABLE or clock.assignment is None:
            return False
        above: int | None = clock.assignment
        while above is not None:
            assignment = self.assignment(above)
            if assignment.open and assignment.pause and assignment.pause is not but:
                return True
            above = assignment.of if self.lifecycle else None
        return False

    def void(self, clock: Clock, since: datetime) -> None:
        """Void the levels `clock` reached since `since`, including those before its last pause."""
        for one in self.clocks:
            if one.key == clock.key and one.started_at == clock.started_at:
                one.void_from = min(one.void_from or since, since)
                gone = set(one.reached_in[len(one.counting) :])
                self.void_rungs = sorted({*self.void_rungs, *gone})

    def to_resume(self, but: Pause | None = None) -> list[Clock]:
        """Return the paused clocks that no pause covers; `but`: a pause that does not count."""
        paused = [clock for clock in self.clocks if clock.running and clock.paused_at]
        return [clock for clock in paused if not self.stands_still(clock, but)]

    @property
    def pause_ended_at(self) -> datetime:
        """When the last share ended, and with it what it paused.

        The latest event may be dated before: a level has the time at which it was due.
        """
        if self.rules is None or not self.rules.ends_resume:
            return self.updated_at
        ended = (one.ended_at for one in self.assignments if one.ended_at is not None)
        return max([self.updated_at, *ended])

    @property
    def paused_with_parent(self) -> list[Clock]:
        """The clocks that resume when the parent does."""
        return self.to_resume(but=self.parent_pause)

    def resume(self, n: int, clocks: Iterable[Clock], at: datetime) -> None:
        """Replace the paused clocks of an assignment by the resumed ones."""
        for clock in self.paused(n):
            clock.stop(at)
        self.assignment(n).pause = None
        self.stop(at, ClockName.REVIEW, ClockName.HOLD, ClockName.CITIZEN, assignment=n)
        self.start(clocks)

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
        self.dropped.promise_broken |= any(_broken(clock) for clock in clocks)

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

    # --- queries --------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return self.stage is not Stage.ENDED

    @property
    def opened(self) -> list[Assignment]:
        """The assignments that are being handled."""
        return [assignment for assignment in self.assignments if assignment.open]

    @property
    def lead(self) -> Assignment | None:
        """The assignment with the ticket's answer: the last lead's, open or not."""
        leads = (a for a in reversed(self.assignments) if a.share is Share.LEAD)
        return next(leads, None)

    @property
    def answered(self) -> bool:
        """True if the citizen has the answer of the present round, or was told why there is none.

        On a ticket that began a round by older events, `reply` may be that of an earlier one.
        """
        if self.reply is None or (self.open and self.stage not in ANSWERED):
            return False
        lead = self.lead
        settled = lead is not None and (lead.result is not None or lead.ending is Ending.MERGED)
        present = lead is None or (lead.rework == self.reworks and settled)
        return self.outcome is not Outcome.WITHDRAWN or present

    @property
    def answer(self) -> str | None:
        """The answer of the present round; None until the citizen has it."""
        return self.reply if self.answered else None

    @property
    def verdict(self) -> Rating | None:
        """The citizen's rating of the present answer."""
        return self.rating if self.answered else None

    @property
    def handled(self) -> Assignment | None:
        """The lead's assignment if its result is that of the present round."""
        lead = self.lead
        if lead is None or lead.result is None or lead.n <= self.shares_before:
            return None
        return None if self.stage in _UNHANDLED else lead

    @property
    def current(self) -> Assignment | None:
        """The lead's assignment while it is being handled; in a verification, the verifier's."""
        if self.stage is Stage.VERIFY:
            return next(iter(self.opened), None)
        lead = self.lead
        return lead if lead is not None and lead.open else None

    @property
    def lead_pause(self) -> Pause | None:
        """The pause of the unit that leads, while it has the ticket."""
        lead = self.lead
        return lead.pause if lead is not None and lead.open else None

    @property
    def asking_citizen(self) -> list[Assignment]:
        """The assignments that wait for the citizen's answer to a question."""
        return [a for a in self.opened if a.pause is not None and a.pause.why == "citizen"]

    @property
    def asks_citizen(self) -> bool:
        """True if a unit's question waits for an answer, here or where this ticket was merged.

        What a report of wrongdoing says is not passed on, so that it answers no other's question.
        """
        parent = None if self.of_wrongdoing else self.parent_pause
        return bool(self.asking_citizen) or (parent is not None and parent.why == "citizen")

    @property
    def assignment_count(self) -> int:
        """The number of assignments so far, which is that of the last one."""
        return len(self.assignments) + self.dropped.assignments

    def assignment(self, n: int) -> Assignment:
        for assignment in self.assignments:
            if assignment.n == n:
                return assignment
        raise Refused("unknown_assignment", f"This ticket has no assignment {n}.")

    def paused(self, n: int) -> list[Clock]:
        """Return the clocks that resume when assignment `n` does."""
        if self.lifecycle:
            return self.to_resume(but=self.assignment(n).pause)
        paused = [clock for clock in self.clocks if clock.running and clock.paused_at]
        return [clock for clock in paused if clock.assignment == n]

    def waiting_for(self, n: int) -> list[Clock]:
        """Return the handling clocks of the shares given, also indirectly, from assignment `n`.

        Together with the citizen's promise, if the unit leads.
        """
        numbers = {n}
        for assignment in self.assignments:
            if assignment.of in numbers:
                numbers.add(assignment.n)
        leads = self.assignment(n).share is Share.LEAD
        return [
            clock
            for clock in self.clocks
            if clock.running
            and (
                (clock.name is ClockName.HANDLE and clock.assignment in numbers - {n})
                or (leads and clock.name is ClockName.PROMISE)
            )
        ]

    def running(
        self, name: ClockName, assignment: int | None = None, label: str | None = None
    ) -> Clock:
        for clock in self.clocks:
            if clock.running and clock.key == (name, assignment, label):
                return clock
        raise Refused("clock_not_running", f"No clock '{label or name}' is running.")

    @property
    def counted(self) -> list[Clock]:
        """The clocks that are planned again when the days of their calendar change; see `Clock`.

        A paused one is planned again when it resumes.
        """
        return [c for c in self.clocks if c.calendar_version and c.running and not c.paused_at]

    @property
    def provisional(self) -> list[Clock]:
        """The clocks of `counted` that rest on a year that is not published."""
        return [clock for clock in self.counted if clock.provisional]

    def replan(self, clocks: Iterable[Clock]) -> None:
        """Replace clocks by their new plans, in the same positions."""
        for new in clocks:
            key = (new.name, new.assignment, new.label)
            for index, old in enumerate(self.clocks):
                if old.running and (old.name, old.assignment, old.label) == key:
                    self.clocks[index] = new.model_copy()

    def next_level(self) -> tuple[Clock, EscalationLevel] | None:
        """Return the clock that escalates next, and its level; None if nothing is to come."""
        pairs = [(clock, level) for clock in self.clocks if (level := clock.next_level) is not None]
        return min(pairs, key=lambda pair: pair[1].at, default=None)

    @property
    def due_at(self) -> datetime | None:
        """The running promise's due time: the citizen's, else the lead's, else the earliest."""
        going = [clock for clock in self.clocks if clock.running and not clock.paused_at]
        promised = [clock.due_at for clock in going if clock.name is ClockName.PROMISE]
        if promised:
            return promised[0]
        n = self.lead.n if self.lead else None
        handling = [c.due_at for c in going if c.name is ClockName.HANDLE and c.assignment == n]
        return min(handling or [clock.due_at for clock in going], default=None)

    @property
    def answer_clock(self) -> Clock | None:
        """The clock of the answer's due time: the citizen's promise.

        On a ticket of lifecycle 0 it is the lead's handling.
        """
        if self.promise is not None:
            return self.promise
        n = self.lead.n if self.lead else None
        clocks = (c for c in reversed(self.clocks) if c.name is ClockName.HANDLE)
        return next((clock for clock in clocks if clock.assignment == n), None)

    @property
    def answer_due_at(self) -> datetime | None:
        """The answer's due time while it is promised; None before, after, and during a pause.

        The only due time that is a promise to the citizen.
        """
        clock = self.answer_clock
        going = clock is not None and clock.running and clock.paused_at is None
        return clock.due_at if clock is not None and going else None

    @property
    def promised_at(self) -> datetime | None:
        """The answer's due time, as last moved."""
        return self.answer_clock.due_at if self.answer_clock else None

    @property
    def promise(self) -> Clock | None:
        """The citizen's promise: the running one, else the last; None before the first."""
        promises = [clock for clock in self.clocks if clock.name is ClockName.PROMISE]
        return promises[-1] if promises else None

    @property
    def promises_running(self) -> list[Clock]:
        """The running promise to the citizen, also while paused; at most one."""
        return [c for c in self.clocks if c.name is ClockName.PROMISE and c.running]

    @property
    def promise_moved(self) -> bool:
        """True if pauses or extensions moved the running promise."""
        running = self.promise
        if running is None or not running.running:
            return False
        paused = (c.paused_at for c in self.clocks if c.name is ClockName.PROMISE and not c.running)
        return "+" in running.limit or any(at is not None for at in paused)

    @property
    def promise_unsettled(self) -> bool:
        """True if dispatch has to plan the promise: none runs, or one of before any unit had it.

        Such a promise was made at a merge, perhaps before anybody knew how urgent the matter is.
        """
        return not self.promised or self.lead is None

    def without_later_promise(self, clocks: Iterable[Clock]) -> list[Clock]:
        """Return planned clocks, without a promise that is due no sooner than the running one."""
        running = self.promises_running
        return [
            clock
            for clock in clocks
            if clock.name is not ClockName.PROMISE
            or all(clock.due_at < promise.due_at for promise in running)
        ]

    @property
    def promised(self) -> bool:
        """True if a promise to the citizen is running, also while paused."""
        return self.promise is not None and self.promise.running

    @property
    def broke_a_promise(self) -> bool:
        """True if a due time promised to the citizen has passed.

        Neither a rework for dissatisfaction nor more time requested afterwards changes that.
        """
        return self.dropped.promise_broken or any(_broken(clock) for clock in self.clocks)

    @property
    def urges(self) -> int:
        """The number of urges."""
        return self.urges_before + len(self.urged_at)

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
            answer_due_at=self.answer_due_at,
            updated_at=self.updated_at,
        )


def _broken(clock: Clock) -> bool:
    """Return whether a promise's due time was reached, and not moved by an earlier request."""
    due = any(level.kind is LevelKind.DUE for level in clock.counting)
    return clock.name is ClockName.PROMISE and due
