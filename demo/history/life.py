"""One ticket without an engine: its automatic steps, its clocks, and what people do.

It records what the workflow would: the facts are those of `domain.facts`, the plans those of the
activities, and every fact passes `domain.policy.record`, which checks the table and the role.
"""

from datetime import datetime
from typing import Any, Literal

from demo.history.desks import CityDesks, settled
from demo.history.plans import PlannedLife
from domain.activity_io import (
    ReplyQuestion,
    TriageQuestion,
)
from domain.actors import Actor
from domain.commands.joint.raise_level import raised
from domain.commands.lookups import rules_of
from domain.deadlines.clocks import Clock, EscalationLevel, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    merging,
    returning,
    verifying,
)
from domain.facts.wrongdoing import Accused
from domain.policy.condition_inputs import case_of
from domain.policy.decide import above_threshold, arbitration_due, verdict, watch_over
from domain.refusals import Refused
from domain.ticket.assignment import Share
from domain.ticket.complaint import Complaint
from domain.ticket.preconditions import holds, startable
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import LIFECYCLE, Ticket


class SimulatedLife(PlannedLife):
    """A ticket that lives in memory."""

    def __init__(self, desks: CityDesks, complaint: Complaint) -> None:
        super().__init__(desks, complaint)
        self._triaged = False

    # --- automatic steps --------------------------------------------------------------------

    def go_on(self) -> None:
        """Take every automatic step, until a person or a clock is waited for."""
        version = -1
        while version != self.ticket.version:
            version = self.ticket.version
            self._step(self.ticket.updated_at)

    def _step(self, at: datetime) -> None:
        match self.ticket.stage:
            case Stage.ACCEPT:
                self._accept(self.ticket.complaint.filed_at)
            case Stage.TRIAGE if not self._triaged:
                self._triage(at)
            case Stage.DISPATCH:
                self._dispatch(at)
            case Stage.HANDLE if above_threshold(self.ticket):
                pass  # a supervisor's order; no city escalates simulated tickets by severity
            case Stage.FEEDBACK:
                self._reply(at)
            case Stage.RATE:
                self._conclude(at)
            case Stage.AFTERCARE if watch_over(self.ticket):
                self.record(aftercare.WatchEnded(), at)
            case _:
                pass

    def _accept(self, at: datetime) -> None:
        plan = settled(self.desks.accept.accept(self.ticket.complaint))
        filed_by = self.ticket.complaint.filed_by
        accepted = intake.Accepted(
            rules=plan.rules, lifecycle=LIFECYCLE, filed_by=filed_by, clocks=plan.clocks
        )
        self.record(accepted, at)

    def _triage(self, at: datetime) -> None:
        self._triaged = True
        question = TriageQuestion(complaint=self.ticket.complaint, at=at)
        plan = settled(self.desks.triage.triage(question))
        if plan.category is None or plan.tier is None:
            unsure = plan.model_dump(
                include={"suggestion", "area", "site", "site_part", "why", "because"}
            )
            self.record(intake.TriageUnsure(**unsure), at)
            return
        values = {name: getattr(plan, name) for name in _OF_TRIAGE}
        self.record(intake.Classified(**values), at)

    def classify(self, category: str, why: str, actor: Actor, at: datetime) -> None:
        """Record a person's choice of a category."""
        accusing: list[str] | None = [] if self.ticket.of_wrongdoing else None
        question = TriageQuestion(
            complaint=self.ticket.complaint, at=at, category=category, accusing=accusing
        )
        plan = settled(self.desks.triage.triage(question))
        if accusing is not None:  # of the invented reports none accuses a unit of the city
            self.record(Accused(accused=accusing, covered=plan.covered or []), at, actor)
        classified = intake.Classified(
            category=category,
            tier=plan.tier or "",
            area=plan.area,
            site=plan.site,
            site_part=plan.site_part,
            verify_by=plan.verify_by,
            why=why,
            because=plan.because,
            clocks=plan.clocks,
        )
        self.record(classified, at, actor)

    def _dispatch(self, at: datetime) -> None:
        ticket = self.ticket
        if ticket.verify_by is not None:
            self._verify(ticket.verify_by, "filing", at)
        elif arbitration_due(ticket):
            clocks = self.plan(at, ClockName.ARBITRATE)
            self.record(returning.ArbitrationCalled(returns=ticket.returns, clocks=clocks), at)
        elif not ticket.by_hand:
            self.assign(self.share(ticket.next_unit, at), at)

    def _verify(
        self, unit: str, before: Literal["filing", "closing"], at: datetime, *clocks: Clock
    ) -> None:
        share = self.share(unit, at, Share.VERIFY)
        share = share.model_copy(
            update={"clocks": startable(self.ticket, share.clocks, Share.VERIFY)}
        )
        fact = verifying.VerificationRequested(before=before, share=share, clocks=list(clocks))
        self.record(fact, at)

    def _reply(self, at: datetime) -> None:
        lead = self.ticket.lead
        if lead is None or lead.result is None:
            return
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
            because = plan.because
            refuted = verifying.ClosingRefuted(
                reason=plan.refuted, because=because, clocks=plan.clocks
            )
            self.record(refuted, at)
        elif plan.verify_by is not None:
            self._verify(plan.verify_by, "closing", at, *plan.clocks)
        else:
            resolved = lead.result.resolved
            replied = closing.Replied(text=plan.text, resolved=resolved, clocks=plan.clocks)
            self.record(replied, at)

    def _conclude(self, at: datetime) -> None:
        match verdict(self.ticket):
            case None:
                pass
            case closing.Closed() as closed:
                self.close(closed, at)
            case closing.Supervised() as supervised:
                supervised.clocks = self.plan(at, ClockName.SUPERVISE)
                self.record(supervised, at)
            case reworked:
                reworked.clocks = self.plan(at, ClockName.DISPATCH)
                self.record(reworked, at)

    def close(self, closed: closing.Closed, at: datetime) -> None:
        """Close it; where the city has aftercare, it is watched from then on."""
        if not rules_of(self.ticket).aftercare:
            self.record(closed, at)
            return
        clocks = self.plan(at, ClockName.AFTERCARE, ClockName.REVISIT)
        watched = aftercare.ClosedOnWatch(
            outcome=closed.outcome, reason=closed.reason, clocks=clocks
        )
        self.record(watched, at)

    # --- clocks -----------------------------------------------------------------------------

    def level_before(self, at: datetime) -> bool:
        """Reach the next level that is due before `at`; return whether there was one."""
        following = self.ticket.next_level()
        if following is None or following[1].at >= at:
            return False
        self._reach(*following)
        self.go_on()
        return True

    def _reach(self, clock: Clock, level: EscalationLevel) -> None:
        n = clock.assignment
        fact = anytime.LevelReached(
            clock=clock.name,
            assignment=n,
            label=clock.label,
            rung=level.kind,
            due_at=clock.due_at,
            unit=self.ticket.assignment(n).unit if n else None,
            tells=level.tells,
        )
        self.record(fact, level.at)
        if level.kind is LevelKind.DUE:
            self._fall_due(clock, level.at)
        lead = self.ticket.lead
        handled = self.ticket.stage is Stage.HANDLE and lead is not None and lead.open
        if level.raises and clock.running and handled and lead is not None and lead.above:
            clocks = self.plan(level.at, ClockName.DISPATCH)
            self.record(raised(self.ticket, f"{clock.name}_overdue", clocks), level.at)

    def _fall_due(self, clock: Clock, at: datetime) -> None:
        n = clock.assignment or 0
        match clock.name:
            case ClockName.RETURN_WINDOW if not self._return_requested(n):
                unit = self.ticket.assignment(n).unit
                self.record(returning.TakenOn(assignment=n, unit=unit), at)
            case ClockName.ARBITRATE:
                clocks = self.plan(at, ClockName.DISPATCH)
                fallback = rules_of(self.ticket).fallback
                self.record(returning.FellBack(unit=fallback, clocks=clocks), at)
            case ClockName.RATE if not holds(self.ticket, ClockName.CALL_BACK):
                self.close(closing.Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case ClockName.RATE:
                clocks = self.plan(at, ClockName.CALL_BACK)
                self.record(closing.CallBackDue(clocks=clocks), at)
            case ClockName.CALL_BACK:
                self.close(closing.Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case _:
                pass

    def _return_requested(self, n: int) -> bool:
        request = self.ticket.assignment(n).asked
        return request is not None and request.what == "return"

    # --- what people do that needs a plan ----------------------------------------------------

    def ask_return(self, n: int, ground: str, reason: str, actor: Actor, at: datetime) -> None:
        """Request a return of the share."""
        clocks = self.plan(at, ClockName.DECIDE, assignment=n)
        fact = returning.ReturnRequested(assignment=n, ground=ground, reason=reason, clocks=clocks)
        self.record(fact, at, actor)

    def grant_return(self, n: int, unit: str, reason: str, actor: Actor, at: datetime) -> None:
        """Grant a return, and give the ticket to another unit."""
        try:
            plan = self.share(unit, at)
        except Refused:
            self.record(returning.ReturnRefused(assignment=n, reason=reason), at, actor)
            return
        self.record(returning.Returned(assignment=n, reason=reason, unit=unit), at, actor)
        self.assign(plan, at, actor)

    def ask_extension(self, n: int, by: str, reason: str, actor: Actor, at: datetime) -> None:
        """Request more time for the share."""
        clocks = self.plan(at, ClockName.DECIDE, assignment=n)
        fact = handling.ExtensionRequested(assignment=n, by=by, reason=reason, clocks=clocks)
        self.record(fact, at, actor)

    def grant_extension(self, n: int, reason: str, actor: Actor, at: datetime) -> None:
        """Grant the time that was requested."""
        asked = self.ticket.assignment(n).asked
        if asked is None or asked.by is None:
            return
        clocks = self.extended(n, asked.by, asked.asked_at, at)
        self.record(
            handling.ExtensionGranted(assignment=n, reason=reason, clocks=clocks), at, actor
        )

    # --- merging ----------------------------------------------------------------------------

    def merge_into(self, parent: Ticket, reason: str, actor: Actor, at: datetime) -> None:
        """Merge this ticket into another one."""
        promised = self.ticket.promised
        merged = merging.Merged(
            parent=parent.complaint.number,
            category=parent.category or "",
            tier=parent.tier or "",
            reason=reason,
            own=True,
            clocks=[] if promised else self.plan(at, ClockName.PROMISE),
        )
        self.record(merged, at, actor)

    def answer_with(self, parent: str, replied: closing.Replied, lead: Any, at: datetime) -> None:
        """Give the answer of the ticket that this one was merged into, by its unit's share."""
        shared = not self.ticket.of_wrongdoing
        fact = merging.RepliedWithParent(
            parent=parent,
            text=replied.text,
            resolved=replied.resolved,
            evidence=lead.result.evidence if lead.result else [],
            answered_by=self.ticket.answering_share(lead, at) if shared else None,
            clocks=self.plan(at, ClockName.RATE),
        )
        self.record(fact, at)


_OF_TRIAGE = (
    "category", "tier", "area", "site", "site_part", "repeats", "verify_by", "why", "because",
    "learned", "clocks",
)  # fmt: skip
