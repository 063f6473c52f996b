"""A hall: one ticket without an engine. The decisions and the plans are the real ones.

What the workflow does with a ticket, in one thread and in memory: it asks the activities, which
read a pack and nothing else, checks, and records. What the engine does by itself (`go_on`, `climb`)
happens when it is told to: people may come in between.
"""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, cast

from temporalio.exceptions import ApplicationError

from activities.accept import Accept
from activities.clocks import Clocks
from activities.dispatch import Dispatch
from activities.feedback import Feedback
from activities.reasons import Reasons
from activities.triage import Triage
from domain.actors import SYSTEM, Actor, Role
from domain.assignment import Given, HandlingResult, Share
from domain.casting import case_of
from domain.checks import rules_of
from domain.clocks import Clock, ClockName, RungKind
from domain.complaint import Complaint
from domain.decisions import (
    Need,
    arbitration_due,
    follows,
    grave,
    order,
    raised,
    verdict,
    watch_over,
)
from domain.events import Event, Fact
from domain.facts import aftercare, anytime, closing, intake, returning, verifying, waiting
from domain.lifecycle import transition
from domain.pack import Pack
from domain.plans import (
    ClockQuestion,
    DispatchQuestion,
    ReplyQuestion,
    ResumeQuestion,
    TriageQuestion,
)
from domain.rating import Rating
from domain.recording import record
from domain.refusals import Refused
from domain.results import failure_of, result_of
from domain.rules import Escalation
from domain.stages import Outcome, Stage
from domain.ticket import Ticket
from store.engine import Store
from store.pack_book import PinnedPacks
from store.packs import PackShelf, default_root

A = TypeVar("A")

LATEST = datetime(2026, 6, 1, tzinfo=UTC)
"""The packs' calendars end with that year; what starts by then is due within it."""


class OnePack(PinnedPacks):
    """A book that holds one pack, whatever is asked for."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    async def of(self, city: str, version: str | None) -> Pack:
        return self._pack


class Desks:
    """The activities that know nothing but the pack."""

    def __init__(self, pack: Pack) -> None:
        book = OnePack(pack)
        self.pack = pack
        self.accept = Accept(book)
        # The grid and earlier tickets are asked for only where a complaint has a point, and where
        # repeats count: not here.
        self.triage = Triage(book, PackShelf(default_root()), cast(Store, None))
        self.dispatch = Dispatch(book)
        self.clocks = Clocks(book)
        self.feedback = Feedback(book)
        self.reasons = Reasons(book)


def told(asking: Coroutine[Any, Any, A]) -> A:
    """The answer of an activity that has nothing to wait for. Raises Refused, as it does."""
    try:
        asking.send(None)
    except StopIteration as answer:
        return cast(A, answer.value)
    except ApplicationError as error:
        raise Refused(error.type or "", error.message) from None
    raise AssertionError("an activity waits for something")


class Hall:
    """One ticket, its events, and whatever time it is: `now` never goes back."""

    def __init__(self, desks: Desks, complaint: Complaint) -> None:
        self.desks = desks
        self.ticket = Ticket.of(complaint)
        self.events: list[Event] = []
        self.now = complaint.filed_at
        self.triaged = False

    def happen(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        self.events.append(record(self.ticket, fact, actor, at))
        graver = follows(self.ticket)
        if graver is not None:
            self.happen(graver, at)

    # --- what the engine does by itself -------------------------------------------------------

    def go_on(self) -> bool:
        """The next thing that needs nobody; False when somebody, or a clock, is waited for."""
        before = self.ticket.version
        at = self.ticket.updated_at
        match self.ticket.stage:
            case Stage.ACCEPT:
                plan = told(self.desks.accept.accept(self.ticket.complaint))
                self.happen(intake.Accepted(rules=plan.rules, clocks=plan.clocks), at)
            case Stage.TRIAGE if not self.triaged:
                self._triage(at)
            case Stage.DISPATCH:
                self._dispatch(at)
            case Stage.HANDLE if grave(self.ticket):
                self._escalate(at)
            case Stage.FEEDBACK:
                self._reply(at)
            case Stage.RATE:
                self._conclude(at)
            case Stage.AFTERCARE if watch_over(self.ticket):
                self.happen(aftercare.WatchEnded(), at)
            case _:
                pass
        return self.ticket.version > before

    def _triage(self, at: datetime) -> None:
        self.triaged = True
        question = TriageQuestion(complaint=self.ticket.complaint, at=at)
        plan = told(self.desks.triage.triage(question))
        if plan.category is None or plan.tier is None:
            self.happen(intake.TriageUnsure(suggestion=plan.suggestion, why=plan.why), at)
            return
        classified = intake.Classified(
            category=plan.category,
            tier=plan.tier,
            area=plan.area,
            verify_by=plan.verify_by,
            why=plan.why,
            clocks=plan.clocks,
        )
        self.happen(classified, at)

    def _dispatch(self, at: datetime) -> None:
        ticket = self.ticket
        if ticket.verify_by is not None:
            self._verify(ticket.verify_by, "filing", at)
        elif arbitration_due(ticket):
            clocks = self.plan(at, ClockName.ARBITRATE)
            self.happen(returning.ArbitrationCalled(returns=ticket.returns, clocks=clocks), at)
        elif not ticket.by_hand:
            try:
                given = self.share(ticket.next_unit, at)
            except Refused:  # the unit that was named is the one that a report is about
                given = self.share(None, at)
            self.assign(given, at, SYSTEM)

    def _verify(self, unit: str, before: Literal["filing", "closing"], at: datetime) -> None:
        share = self.share(unit, at, Share.VERIFY)
        self.happen(verifying.VerificationAsked(before=before, share=share), at)

    def _escalate(self, at: datetime) -> None:
        lead, why = self.ticket.lead, f"severity {self.ticket.severity}"
        if rules_of(self.ticket).escalate is Escalation.RAISE and lead and lead.above:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.happen(raised(self.ticket, why, clocks, escalated=True), at)
        else:
            clocks = self.plan(at, need=Need(ClockName.ORDER))
            self.happen(order(self.ticket, why, clocks, escalated=True), at)

    def _reply(self, at: datetime) -> None:
        lead = self.ticket.lead
        assert lead is not None
        assert lead.result is not None
        question = ReplyQuestion(
            city=self.ticket.complaint.city,
            tier=self.ticket.tier or "",
            result=lead.result,
            at=at,
            case=case_of(self.ticket, at),
            verified=self.ticket.verified,
        )
        plan = told(self.desks.feedback.prepare(question))
        if plan.refuted is not None:
            self.happen(verifying.ClosingRefuted(reason=plan.refuted, clocks=plan.clocks), at)
        elif plan.verify_by is not None:
            self._verify(plan.verify_by, "closing", at)
        else:
            replied = closing.Replied(
                text=plan.text, resolved=lead.result.resolved, clocks=plan.clocks
            )
            self.happen(replied, at)

    def _conclude(self, at: datetime) -> None:
        match verdict(self.ticket):
            case None:
                pass
            case closing.Closed() as closed:
                self._close(closed, at)
            case closing.Supervised() as supervised:
                supervised.clocks = self.plan(at, ClockName.SUPERVISE)
                self.happen(supervised, at)
            case reworked:
                reworked.clocks = self.plan(at, ClockName.DISPATCH)
                self.happen(reworked, at)

    def _close(self, closed: closing.Closed, at: datetime) -> None:
        if not rules_of(self.ticket).aftercare:
            self.happen(closed, at)
            return
        clocks = self.plan(at, ClockName.AFTERCARE, ClockName.REVISIT)
        watched = aftercare.ClosedOnWatch(
            outcome=closed.outcome, reason=closed.reason, clocks=clocks
        )
        self.happen(watched, at)

    # --- clocks -------------------------------------------------------------------------------

    def climb(self) -> bool:
        """The earliest rung of any clock, in its time or too late; False when none is to come.

        One that lies beyond the published calendar is not lived to see.
        """
        following = self.ticket.next_rung()
        if following is None or following[1].at > LATEST:
            return False
        clock, rung = following
        self.now = max(self.now, rung.at)
        n = clock.assignment
        reached = anytime.RungClimbed(
            clock=clock.name,
            assignment=n,
            label=clock.label,
            rung=rung.kind,
            due_at=clock.due_at,
            unit=self.ticket.assignment(n).unit if n else None,
            tells=rung.tells,
        )
        self.happen(reached, rung.at)
        if rung.kind is RungKind.DUE:
            self._fall_due(clock, rung.at)
        if rung.raises and clock.running:
            self._raise(clock, rung.at)
        return True

    def _raise(self, clock: Clock, at: datetime) -> None:
        lead = self.ticket.lead
        if self.ticket.stage is Stage.HANDLE and lead and lead.open and lead.above is not None:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.happen(raised(self.ticket, f"{clock.name}_overdue", clocks), at)

    def _fall_due(self, clock: Clock, at: datetime) -> None:
        n = clock.assignment or 0
        match clock.name:
            case ClockName.RETURN_WINDOW:
                unit = self.ticket.assignment(n).unit
                self.happen(returning.TakenOn(assignment=n, unit=unit), at)
            case ClockName.ARBITRATE:
                clocks = self.plan(at, ClockName.DISPATCH)
                fallback = rules_of(self.ticket).fallback
                self.happen(returning.FellBack(unit=fallback, clocks=clocks), at)
            case ClockName.CITIZEN:
                self.resume(n, "citizen_silent", at)
            case ClockName.REVIEW:
                pause = self.ticket.assignment(n).pause
                if pause is not None and pause.until is not None and pause.until <= clock.due_at:
                    self.resume(n, "hold_over", at)
            case ClockName.RATE:
                clocks = self.plan(at, ClockName.CALL_BACK)
                self.happen(closing.CallBackDue(clocks=clocks), at)
            case ClockName.CALL_BACK:
                self._close(closing.Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case _:
                pass

    def resume(self, n: int, why: str, at: datetime) -> None:
        standing = self.ticket.paused(n)
        since = [clock.paused_at for clock in standing if clock.paused_at is not None]
        question = ResumeQuestion(city="", clocks=standing, at=max([at, *since]))
        clocks = told(self.desks.clocks.resume(question)).clocks
        self.happen(waiting.Resumed(assignment=n, why=why, clocks=clocks), at)

    def plan(
        self,
        at: datetime,
        *names: ClockName,
        need: Need | None = None,
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
        return told(self.desks.clocks.plan(question)).clocks

    # --- units --------------------------------------------------------------------------------

    def share(
        self, unit: str | None, at: datetime, share: Share = Share.LEAD, **more: object
    ) -> Given:
        """A share as planned; the next number is its."""
        ticket = self.ticket
        question = DispatchQuestion(
            city="",
            category=ticket.category or "",
            tier=ticket.tier or "",
            area=ticket.area,
            unit=unit,
            assignment=len(ticket.assignments) + 1,
            at=at,
            share=share,
            place=ticket.complaint.place,
            accused=ticket.accused,
        ).model_copy(update=more)
        return told(self.desks.dispatch.dispatch(question))

    def assign(self, given: Given, at: datetime, actor: Actor) -> None:
        fields = {name: getattr(given, name) for name in Given.model_fields}
        self.happen(intake.Assigned(**fields), at, actor)

    def hand_in(self, n: int, result: HandlingResult) -> None:
        """A unit is done; of a share that has ended nothing comes of it."""
        share = self.ticket.assignment(n)
        if share.open:
            fact = result_of(self.ticket, n, result)
            self.happen(fact, self.now, Actor(role=Role.OFFICER, unit=share.unit))

    def fail(self, n: int) -> None:
        """A department's program gives up."""
        share = self.ticket.assignment(n)
        clocks = self.plan(self.now, ClockName.DISPATCH)
        leads = share.share is Share.LEAD
        actor = Actor(role=Role.OFFICER, unit=share.unit) if leads else SYSTEM
        self.happen(failure_of(self.ticket, n, "gave_up", clocks), self.now, actor)

    # --- the citizen --------------------------------------------------------------------------

    def judge(self, rating: Rating, actor: Actor) -> None:
        """The signal: a rating that is not due is kept, and does not count."""
        if not self.ticket.open:
            return
        try:
            transition(self.ticket.stage, closing.Rated).permit(actor)
            if self.ticket.rating is not None:
                raise Refused("already_rated", "")
            self.happen(closing.Rated(rating=rating), self.now, actor)
        except Refused as refused:
            self.happen(closing.RatingRefused(code=refused.code, rating=rating), self.now, actor)
