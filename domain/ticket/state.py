"""The state of a ticket, and what can be asked of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from domain.deadlines.clocks import Clock, EscalationLevel, LevelKind
from domain.deadlines.registry import PAUSABLE, ClockName
from domain.model import Instant, Recorded
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Ending, Pause, Request, Share
from domain.ticket.complaint import Complaint, Kind, of_wrongdoing
from domain.ticket.minutes import Minutes, Order
from domain.ticket.rating import Apart, Rating
from domain.ticket.rules_snapshot import Rules
from domain.ticket.stages import ANSWERED, Outcome, Stage

_UNHANDLED = frozenset({Stage.TRIAGE, Stage.DISPATCH, Stage.ARBITRATE, Stage.MERGED})
"""The stages at which no unit's result stands, whatever was handed in before."""


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


class TicketState(Recorded):
    """The state of a ticket, and what can be asked of it; the fields are described at `Ticket`."""

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
    site: str | None = None
    site_part: str | None = None
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

    # --- the state --------------------------------------------------------------------------

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
    def led(self) -> bool:
        """True if a unit leads, or its answer is that of the present round.

        Not where the ticket was taken from it, or waits for another unit to do it again.
        """
        lead = self.lead
        if lead is None or lead.open:
            return lead is not None
        present = lead.rework == self.reworks and lead.n > self.shares_before
        return present and lead.ending is Ending.DONE

    @property
    def orders_unanswered(self) -> list[int]:
        """The numbers of the supervisor's orders without an answer."""
        return [order.n for order in self.orders if order.answer is None]

    @property
    def orders_waiting(self) -> list[int]:
        """The numbers of unanswered orders whose time does not run: they wait for a unit."""
        running = {c.label for c in self.clocks if c.name is ClockName.ORDER and c.running}
        return [n for n in self.orders_unanswered if str(n) not in running]

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
        """True if a unit's question to this ticket's citizen waits for an answer.

        Earlier versions also asked the citizens of merged tickets, except those of reports of
        wrongdoing, whose words are not passed on.
        """
        if self.asking_citizen:
            return True
        parent = None if self.of_wrongdoing or self._one_asked else self.parent_pause
        return parent is not None and parent.why == "citizen"

    @property
    def _one_asked(self) -> bool:
        return self.rules is not None and self.rules.one_asked

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
    def promised_since(self) -> datetime | None:
        """Since when the first promise runs, where not since it is made.

        The citizen of a complaint that was taken over has waited since they filed it.
        """
        taken_over = self.complaint.taken_over_at is not None
        return self.complaint.filed_at if taken_over and self.promise is None else None

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

    def without_needless_promise(self, clocks: Iterable[Clock]) -> list[Clock]:
        """Return planned clocks, without a promise that is settled, or due no sooner than one made.

        Asked when they are recorded: two units may have been planned at once, and the promise
        begins with the first.
        """
        unsettled, running = self.promise_unsettled, self.promises_running
        return [
            clock
            for clock in clocks
            if clock.name is not ClockName.PROMISE
            or (unsettled and all(clock.due_at < promise.due_at for promise in running))
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
        return self.dropped.promise_broken or any(breaks_promise(clock) for clock in self.clocks)

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

    # --- pauses ---------------------------------------------------------------------------

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

    def to_resume(self, but: Pause | None = None) -> list[Clock]:
        """Return the paused clocks that no pause covers; `but`: a pause that does not count."""
        paused = [clock for clock in self.clocks if clock.running and clock.paused_at]
        return [clock for clock in paused if not self.stands_still(clock, but)]

    @property
    def pause_ended_at(self) -> datetime:
        """The moment at which the last share ended, and with it what it paused.

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


def breaks_promise(clock: Clock) -> bool:
    """Return whether a promise's due time was reached, and not moved by an earlier request."""
    due = any(level.kind is LevelKind.DUE for level in clock.counting)
    return clock.name is ClockName.PROMISE and due
