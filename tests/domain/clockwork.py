"""The automatic part of a simulated ticket: engine steps and clock levels, one per call."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from domain.activity_io import ReplyQuestion, TriageQuestion
from domain.actors import SYSTEM
from domain.commands.base import ClockNeed
from domain.commands.joint.raise_level import raised
from domain.commands.lookups import rules_of
from domain.commands.supervising.supervise import order
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts import aftercare, anytime, closing, intake, returning, verifying, waiting
from domain.facts.wrongdoing import NobodyLeft
from domain.policy.condition_inputs import case_of
from domain.policy.decide import above_threshold, arbitration_due, verdict, watch_over
from domain.refusals import Refused
from domain.ticket.assignment import Share
from domain.ticket.complaint import Complaint
from domain.ticket.preconditions import holds
from domain.ticket.rules_snapshot import Escalation
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import LIFECYCLE
from tests.domain.desks import Desks, settled
from tests.domain.fake_engine import Hall

LATEST = datetime(2026, 6, 1, tzinfo=UTC)
"""The end of a run: limits that start by then are due in 2026, where the calendars end."""


class Clockwork(Hall):
    """A simulated ticket whose engine steps are single calls, with commands possible in between."""

    def __init__(self, desks: Desks, complaint: Complaint, lifecycle: int = LIFECYCLE) -> None:
        super().__init__(desks, complaint, lifecycle)
        self._triaged = False

    def go_on(self) -> bool:
        """Take the next automatic step; return False if a person or a clock is waited for."""
        before = self.ticket.version
        at = self.ticket.updated_at
        match self.ticket.stage:
            case Stage.ACCEPT:
                plan = settled(self.desks.accept.accept(self.ticket.complaint))
                accepted = intake.Accepted(
                    rules=plan.rules, lifecycle=self.lifecycle, clocks=plan.clocks
                )
                self.record_event(accepted, at)
            case Stage.TRIAGE if not self._triaged:
                self._triage(at)
            case Stage.DISPATCH:
                self._dispatch(at)
            case Stage.HANDLE if above_threshold(self.ticket):
                self._escalate(at)
            case Stage.FEEDBACK:
                self._reply(at)
            case Stage.RATE:
                self._conclude(at)
            case Stage.AFTERCARE if watch_over(self.ticket):
                self.record_event(aftercare.WatchEnded(), at)
            case _:
                pass
        if self.ticket.version == before and self.lifecycle:
            self._pause_ended(at)
        return self.ticket.version > before

    def _pause_ended(self, at: datetime) -> None:
        """Resume the clocks whose pause is over because the share that had it has ended."""
        paused, at = self.ticket.to_resume(), max(at, self.ticket.pause_ended_at)
        if paused:
            n = (
                next((c.assignment for c in paused if c.assignment), None)
                or self.ticket.assignment_count
            )
            clocks = self.resumed(paused, at)
            self.record_event(waiting.Resumed(assignment=n, why="pause_ended", clocks=clocks), at)

    def carry_on(self) -> None:
        """Continue the ticket in a new run with today's lifecycle, as `Carrying.catch_up` does."""
        self.lifecycle = LIFECYCLE
        ticket, at, clocks = self.ticket, self.ticket.updated_at, list[Clock]()
        if ticket.lifecycle >= self.lifecycle or not ticket.open:
            return
        lead = ticket.lead
        if lead is not None and lead.open:
            handling = [
                c for c in ticket.clocks if c.name is ClockName.HANDLE and c.assignment == lead.n
            ]
            for shown in handling[-1:]:
                promise = self.plan(shown.started_at, ClockName.PROMISE, due_at=shown.due_at)
                clocks += [c.model_copy(update={"paused_at": shown.paused_at}) for c in promise]
            if lead.pause is not None and lead.pause.why == "hold":
                hold = ClockNeed(ClockName.HOLD, lead.n)
                clocks += self.plan(at, need=hold, due_at=lead.pause.until)
        self.record_event(anytime.CarriedOn(lifecycle=self.lifecycle, clocks=clocks), at)

    def _triage(self, at: datetime) -> None:
        self._triaged = True
        question = TriageQuestion(complaint=self.ticket.complaint, at=at)
        plan = settled(self.desks.triage.triage(question))
        if plan.category is None or plan.tier is None:
            self.record_event(intake.TriageUnsure(suggestion=plan.suggestion, why=plan.why), at)
            return
        classified = intake.Classified(
            category=plan.category,
            tier=plan.tier,
            area=plan.area,
            verify_by=plan.verify_by,
            why=plan.why,
            clocks=plan.clocks,
        )
        self.record_event(classified, at)

    def _dispatch(self, at: datetime) -> None:
        ticket = self.ticket
        if ticket.verify_by is not None:
            self._verify(ticket.verify_by, "filing", at)
        elif arbitration_due(ticket):
            clocks = self.plan(at, ClockName.ARBITRATE)
            self.record_event(
                returning.ArbitrationCalled(returns=ticket.returns, clocks=clocks), at
            )
        elif not ticket.by_hand:
            try:
                plan = self.share(ticket.next_unit, at)
            except Refused:  # the named unit is the one accused in a report
                try:
                    plan = self.share(None, at)
                except Refused:
                    self._leave_to_a_person(at)
                    return
            self.assign(plan, at, SYSTEM)

    def _leave_to_a_person(self, at: datetime) -> None:
        watched = any(one.name is ClockName.DISPATCH and one.running for one in self.ticket.clocks)
        choosing = self.ticket.stage is Stage.DISPATCH and not watched
        clocks = self.plan(at, ClockName.DISPATCH) if choosing else []
        self.record_event(NobodyLeft(clocks=clocks), at)

    def _verify(
        self,
        unit: str,
        before: Literal["filing", "closing"],
        at: datetime,
        clocks: Sequence[Clock] = (),
    ) -> None:
        try:
            share = self.share(unit, at, Share.VERIFY)
        except Refused:
            self._leave_to_a_person(at)
            return
        meanwhile = list(clocks) if self.lifecycle else []
        fact = verifying.VerificationRequested(before=before, share=share, clocks=meanwhile)
        self.record_event(fact, at)

    def _escalate(self, at: datetime) -> None:
        lead, why = self.ticket.lead, f"severity {self.ticket.severity}"
        if rules_of(self.ticket).escalate is Escalation.RAISE and lead and lead.above:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.record_event(raised(self.ticket, why, clocks, escalated=True), at)
        else:
            clocks = self.plan(at, need=ClockNeed(ClockName.ORDER))
            self.record_event(order(self.ticket, why, clocks, escalated=True), at)

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
        plan = settled(self.desks.feedback.prepare(question))
        if plan.refuted is not None:
            self.record_event(verifying.ClosingRefuted(reason=plan.refuted, clocks=plan.clocks), at)
        elif plan.verify_by is not None:
            self._verify(plan.verify_by, "closing", at, plan.clocks)
        else:
            replied = closing.Replied(
                text=plan.text, resolved=lead.result.resolved, clocks=plan.clocks
            )
            self.record_event(replied, at)

    def _conclude(self, at: datetime) -> None:
        match verdict(self.ticket):
            case None:
                pass
            case closing.Closed() as closed:
                self._close(closed, at)
            case closing.Supervised() as supervised:
                supervised.clocks = self.plan(at, ClockName.SUPERVISE)
                self.record_event(supervised, at)
            case reworked:
                reworked.clocks = self.plan(at, ClockName.DISPATCH)
                self.record_event(reworked, at)

    def _close(self, closed: closing.Closed, at: datetime) -> None:
        if not rules_of(self.ticket).aftercare:
            self.record_event(closed, at)
            return
        clocks = self.plan(at, ClockName.AFTERCARE, ClockName.REVISIT)
        watched = aftercare.ClosedOnWatch(
            outcome=closed.outcome, reason=closed.reason, clocks=clocks
        )
        self.record_event(watched, at)

    # --- clocks -------------------------------------------------------------------------------

    def reach_next_level(self) -> bool:
        """Reach the earliest escalation level of any clock, on time or late; return False if none.

        A level beyond the published calendar does not count.
        """
        following = self.ticket.next_level()
        if following is None or following[1].at > LATEST:
            return False
        clock, level = following
        self.now = max(self.now, level.at)
        n = clock.assignment
        reached = anytime.LevelReached(
            clock=clock.name,
            assignment=n,
            label=clock.label,
            rung=level.kind,
            due_at=clock.due_at,
            unit=self.ticket.assignment(n).unit if n else None,
            tells=level.tells,
        )
        self.record_event(reached, level.at)
        if level.kind is LevelKind.DUE:
            self._fall_due(clock, level.at)
        if level.raises and clock.running:
            self._raise(clock, level.at)
        return True

    def _raise(self, clock: Clock, at: datetime) -> None:
        lead = self.ticket.lead
        if self.ticket.stage is Stage.HANDLE and lead and lead.open and lead.above is not None:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.record_event(raised(self.ticket, f"{clock.name}_overdue", clocks), at)

    def _fall_due(self, clock: Clock, at: datetime) -> None:
        n = clock.assignment or 0
        match clock.name:
            case ClockName.RETURN_WINDOW if self._return_requested(n):
                pass
            case ClockName.RETURN_WINDOW:
                unit = self.ticket.assignment(n).unit
                self.record_event(returning.TakenOn(assignment=n, unit=unit), at)
            case ClockName.ARBITRATE:
                clocks = self.plan(at, ClockName.DISPATCH)
                fallback = rules_of(self.ticket).fallback
                self.record_event(returning.FellBack(unit=fallback, clocks=clocks), at)
            case ClockName.CITIZEN:
                self.resume(n, "citizen_silent", at)
            case ClockName.HOLD:
                self.resume(n, "hold_over", at)
            case ClockName.REVIEW if self.lifecycle:
                self._review_missed(n, at)
            case ClockName.REVIEW:
                pause = self.ticket.assignment(n).pause
                if pause is not None and pause.until is not None and pause.until <= clock.due_at:
                    self.resume(n, "hold_over", at)
            case ClockName.RATE if not holds(self.ticket, ClockName.CALL_BACK):
                self._close(closing.Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case ClockName.RATE:
                clocks = self.plan(at, ClockName.CALL_BACK)
                self.record_event(closing.CallBackDue(clocks=clocks), at)
            case ClockName.CALL_BACK:
                self._close(closing.Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case _:
                pass

    def _return_requested(self, n: int) -> bool:
        request = self.ticket.assignment(n).asked
        return bool(self.lifecycle) and request is not None and request.what == "return"

    def _review_missed(self, n: int, at: datetime) -> None:
        pause = self.ticket.assignment(n).pause
        if pause is None:
            return
        reviews = [c for c in self.ticket.clocks if c.name is ClockName.REVIEW]
        label = str(sum(clock.assignment == n for clock in reviews) + 1)
        clocks = self.plan_review(n, pause.until, at)
        following = [clock.model_copy(update={"label": label}) for clock in clocks]
        self.record_event(waiting.ReviewMissed(assignment=n, clocks=following), at)
