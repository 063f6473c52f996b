"""One simulated ticket without an engine, with the real decisions and plans.

It does what the workflow does, in one thread and in memory: it calls the activities, which read
only a pack, checks, and records. Automatic steps are in `clockwork`, commands in `counter`.
"""

from datetime import datetime

from domain.activity_io import ClockQuestion, DispatchQuestion, ResumeQuestion
from domain.actors import SYSTEM, Actor, Role
from domain.commands.base import ClockNeed, Wanted
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Event, Fact
from domain.facts import anytime, closing, intake, waiting
from domain.facts.transitions import transition
from domain.policy.decide import follows
from domain.policy.record import record, with_rounds
from domain.policy.results import failure_of, result_of
from domain.refusals import Refused
from domain.ticket.assignment import AssignmentPlan, HandlingResult, Share
from domain.ticket.complaint import Complaint
from domain.ticket.preconditions import startable
from domain.ticket.rating import Rating
from domain.ticket.ticket import LIFECYCLE, Ticket
from tests.domain.desks import Desks, settled
from tests.domain.invariants import check_accused
from tests.domain.promises_checked import Promises


class Hall:
    """One ticket, its events, and the current time `now`, which never goes back.

    `lifecycle`: the version of the ticket's automatic behaviour, as in `workflows.event_log`.
    """

    def __init__(self, desks: Desks, complaint: Complaint, lifecycle: int = LIFECYCLE) -> None:
        self.desks = desks
        self.lifecycle = lifecycle
        self.ticket = Ticket.of(complaint)
        self.events: list[Event] = []
        self.promises = Promises()
        self.now = complaint.filed_at

    def record_event(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        fact = with_rounds(self.ticket, fact)
        self.events.append(record(self.ticket, fact, actor, at))
        self.promises.see(self.events[-1], self.ticket)
        check_accused(self.events[-1], self.ticket, self.desks.pack)
        raised = follows(self.ticket)
        if raised is not None:
            self.record_event(raised, at)

    def resume(self, n: int, why: str, at: datetime) -> None:
        clocks = self.resumed(self.ticket.paused(n), at)
        self.record_event(waiting.Resumed(assignment=n, why=why, clocks=clocks), at)

    def resumed(self, paused: list[Clock], at: datetime) -> list[Clock]:
        since = [clock.paused_at for clock in paused if clock.paused_at is not None]
        question = ResumeQuestion(city="", clocks=paused, at=max([at, *since]))
        return settled(self.desks.clocks.resume(question)).clocks

    def plan(
        self,
        at: datetime,
        *names: ClockName,
        need: ClockNeed | None = None,
        due_at: datetime | None = None,
    ) -> list[Clock]:
        question = ClockQuestion(
            city="",
            tier=self.ticket.tier,
            names=[need.clock] if need else list(names),
            at=at,
            assignment=need.assignment if need else None,
            wanted=need.wanted if need else None,
            due_at=due_at,
        )
        clocks = settled(self.desks.clocks.plan(question)).clocks
        until = need.wanted.until if need and need.wanted else None
        if self.lifecycle and until is not None:
            clocks = [c for c in clocks if c.name is not ClockName.REVIEW or c.due_at < until]
        return clocks

    def plan_review(self, n: int, until: datetime | None, at: datetime) -> list[Clock]:
        return self.plan(at, need=ClockNeed(ClockName.REVIEW, n, wanted=Wanted(until=until)))

    def plan_hold(self, n: int, until: datetime | None, at: datetime) -> list[Clock]:
        clocks = self.plan_review(n, until, at)
        if self.lifecycle and until is not None:
            clocks += self.plan(at, need=ClockNeed(ClockName.HOLD, n), due_at=until)
        return clocks

    # --- units --------------------------------------------------------------------------------

    def share(
        self, unit: str | None, at: datetime, share: Share = Share.LEAD, **more: object
    ) -> AssignmentPlan:
        """Plan a share; it gets the next assignment number."""
        ticket = self.ticket
        question = DispatchQuestion(
            city="",
            category=ticket.category or "",
            tier=ticket.tier or "",
            area=ticket.area,
            unit=unit,
            assignment=ticket.assignment_count + 1,
            at=at,
            share=share,
            place=ticket.complaint.place,
            accused=ticket.accused or [],
            kept_from=ticket.kept_from,
            promise=bool(self.lifecycle) and ticket.promise_unsettled,
            orders=ticket.orders_unanswered,
        ).model_copy(update=more)
        plan = settled(self.desks.dispatch.dispatch(question))
        if share is Share.LEAD:  # `assign` does it, after what takes it from another unit
            return plan
        # At once, not when it is recorded: nothing happens in between.
        return plan.model_copy(update={"clocks": startable(ticket, plan.clocks, share)})

    def assign(self, assignment_plan: AssignmentPlan, at: datetime, actor: Actor) -> None:
        fields = {name: getattr(assignment_plan, name) for name in AssignmentPlan.model_fields}
        planned = self.ticket.without_needless_promise(assignment_plan.clocks)
        fields["clocks"] = startable(self.ticket, planned)
        self.record_event(intake.Assigned(**fields), at, actor)

    def hand_in(self, n: int, result: HandlingResult) -> None:
        """Record a unit's result; if its share has ended, keep the result as overtaken."""
        share = self.ticket.assignment(n)
        actor = Actor(role=Role.OFFICER, unit=share.unit)
        if share.open:
            self.record_event(result_of(self.ticket, n, result), self.now, actor)
        elif self.lifecycle:
            late = anytime.ResultOvertaken(assignment=n, unit=share.unit, result=result)
            self.record_event(late, self.now, actor)

    def fail(self, n: int) -> None:
        """Record that a department's program gives up."""
        share = self.ticket.assignment(n)
        clocks = self.plan(self.now, ClockName.DISPATCH)
        leads = share.share is Share.LEAD
        actor = Actor(role=Role.OFFICER, unit=share.unit) if leads else SYSTEM
        self.record_event(failure_of(self.ticket, n, "gave_up", clocks), self.now, actor)

    # --- the citizen --------------------------------------------------------------------------

    def judge(self, rating: Rating, actor: Actor) -> None:
        """Record a rating signal; one that is not due is kept, and does not count."""
        try:
            transition(self.ticket.stage, closing.Rated).permit(actor)
            if self.ticket.rating is not None:
                raise Refused("already_rated", "")
            self.record_event(closing.Rated(rating=rating), self.now, actor)
        except Refused as refused:
            self.record_event(
                closing.RatingRefused(code=refused.code, rating=rating), self.now, actor
            )
