"""The commands of a simulated ticket: carried out or refused.

Each does the same as its handler in `workflows.handlers`, without pauses in between.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from domain.activity_io import (
    AccuseQuestion,
    ExtensionQuestion,
    ReasonQuestion,
    ReclassifyQuestion,
    ReplanQuestion,
    TriageQuestion,
)
from domain.actors import SYSTEM, Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.intake.accuse import Accuse, accusation
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.reclassify import Reclassify
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.lookups import asking
from domain.commands.supervising.appoint import Appoint
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.replan import Replan
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.units.return_ticket import Return, return_bar
from domain.commands.units.review import Review
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts import aftercare, anytime, handling, merging, returning, waiting
from domain.facts import intake as intake_facts
from domain.facts import joint as joint_facts
from domain.facts.joint import Overridden
from domain.facts.wrongdoing import Accused
from domain.messages import Command, ParentReply
from domain.policy.decide import accused_facts, reclassified, replanned
from domain.policy.guards import check_received
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, AssignmentPlan, Share
from domain.ticket.stages import Stage
from tests.domain.clockwork import Clockwork
from tests.domain.desks import settled

PARENT = "2603020000001"
"""The number of a ticket elsewhere that others are merged into."""


class Counter(Clockwork):
    """A simulated ticket that takes commands."""

    def give(self, actor: Actor, command: Command, at: datetime) -> None:
        """Carry out a command. Raises Refused: nothing has changed, except by a barred return."""
        check_received(self.ticket, command, actor, at)
        barred = self._bar(command, actor) if isinstance(command, Return) else None
        reason = command.reason_code()
        if reason is not None and barred is None:
            kind, code = reason
            settled(self.desks.reasons.check(ReasonQuestion(city="", kind=kind, code=code)))
        match command:
            case Triage():
                self._classify(command, actor, at)
            case Reclassify():
                self._reclassify(command, actor, at)
            case Accuse():
                self._accuse(command, actor, at)
            case Merge() if self.ticket.of_wrongdoing:
                raise Refused("report_not_merged", "as the activity `check_merge` refuses it")
            case Reassign() | Intervene():
                self._send(command, actor, at)
            case Merge(into=into, reason=why):
                promise = self.lifecycle and not self.ticket.promised
                merged = merging.Merged(
                    parent=into,
                    category="0302",
                    tier="general",
                    reason=why,
                    own=True,
                    clocks=self.plan(at, ClockName.PROMISE) if promise else [],
                )
                self.record_event(merged, at, actor)
            case Unmerge(reason=why):
                if self.ticket.parent_pause is not None:
                    self.parent_goes_on("unmerged", at)
                self._unmerge(why, actor, at)
            case Whistle() | Delegate():
                self._call_in(command, actor, at)
            case Review(resume=True):
                n = command.share_in(self.ticket, actor).n
                self.record_event(waiting.Reviewed(assignment=n, note=command.note), at, actor)
                self.resume(n, "reviewed", at)
            case Decide():
                self._decide(command, actor, at)
            case Appoint(starts_at=starts_at):
                clocks = self.plan(at, ClockName.APPOINTMENT, due_at=starts_at)
                self.record_event(anytime.Appointed(starts_at=starts_at, clocks=clocks), at, actor)
            case Replan():
                self._replan(actor, at)
            case SettleAll(text=text):
                self.record_event(anytime.InspectionsOpened(text=text, tickets=[PARENT]), at, actor)
            case AddFacts(text=text):
                asking_citizen = self.ticket.asking_citizen
                added = anytime.FactsAdded(text=text, answers=bool(asking_citizen))
                self.record_event(added, at, actor)
                for each in asking_citizen:
                    self.resume(each.n, "citizen_answered", at)
            case _:
                need = None if barred else command.clock_need(self.ticket, actor)
                clocks = self.plan(at, need=need) if need else []
                for fact in command.facts(self.ticket, actor, clocks):
                    self.record_event(fact, at, actor)
        if barred is not None:
            raise barred

    def _unmerge(self, why: str, actor: Actor, at: datetime) -> None:
        if self.ticket.borrowed:
            self._triaged = False
            clocks = self.plan(at, ClockName.TRIAGE)
            given_back = merging.UnmergedUnclassified(reason=why, clocks=clocks)
            self.record_event(given_back, at, actor)
        else:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.record_event(merging.Unmerged(reason=why, clocks=clocks), at, actor)

    def _bar(self, command: Return, actor: Actor) -> Refused | None:
        return return_bar(self.ticket, command.share_in(self.ticket, actor))

    def _replan(self, actor: Actor, at: datetime) -> None:
        self.desks.publish()
        asking = ReplanQuestion(city="", clocks=list(self.ticket.counted), at=at)
        plan = settled(self.desks.clocks.replan(asking))
        if not plan.clocks:
            raise Refused("nothing_to_replan", "No day was published or changed that it counts.")
        fact = replanned(self.ticket, plan.calendar_version, plan.clocks, plan.moved)
        self.record_event(fact, at, actor)

    def _accuse(self, command: Accuse, actor: Actor, at: datetime) -> None:
        accusing, ticket = accusation(command.units, command.nobody) or [], self.ticket
        question = AccuseQuestion(city="", accused=accusing)
        plan = settled(self.desks.triage.accuse(question))
        clocks = self.plan(at, ClockName.DISPATCH)
        need = command.clock_need(ticket, actor)
        contact = self.plan(at, need=need) if need else []
        merged = ticket.stage is Stage.MERGED
        for fact in accused_facts(ticket, accusing, plan.covered, command.note, clocks, contact):
            self.record_event(fact, at, SYSTEM if isinstance(fact, Overridden) else actor)
        if plan.covered and merged:
            if ticket.parent_pause is not None:
                self.parent_goes_on("unmerged", at)
            apart = merging.Unmerged(reason="r", by_hand=True, clocks=clocks)
            self.record_event(apart, at, actor)
        for number in list(ticket.waiting) if plan.covered else []:
            self.record_event(merging.ComplainantLeft(number=number), at)

    def _classify(self, command: Triage, actor: Actor, at: datetime) -> None:
        accusing = accusation(command.accused, command.nobody)
        question = TriageQuestion(
            complaint=self.ticket.complaint,
            at=at,
            category=command.category,
            area=command.area,
            unit=command.unit,
            accusing=accusing,
            kept_from=self.ticket.kept_from,
        )
        plan = settled(self.desks.triage.triage(question))
        if accusing is not None:
            assert plan.covered is not None
            self.record_event(Accused(accused=accusing, covered=plan.covered), at, actor)
        classified = intake_facts.Classified(
            category=command.category,
            tier=plan.tier or "",
            unit=command.unit,
            verify_by=plan.verify_by,
            why=plan.why,
            clocks=plan.clocks,
        )
        self.record_event(classified, at, actor)

    def _reclassify(self, command: Reclassify, actor: Actor, at: datetime) -> None:
        ticket = self.ticket
        triage = TriageQuestion(
            complaint=ticket.complaint, at=at, category=command.category, unit=command.unit
        )
        triaged = settled(self.desks.triage.triage(triage))
        question = ReclassifyQuestion(
            city="",
            category=command.category,
            was_category=ticket.category,
            tier=command.tier,
            shares=[] if command.unit else ticket.opened,
            clocks=[clock for clock in ticket.clocks if clock.running],
            moved=ticket.promise_moved,
            longer=command.longer,
            promised=bool(self.lifecycle),
            at=at,
        )
        plan = settled(self.desks.clocks.reclassify(question))
        changed: dict[str, Any] = {"category": command.category, "tier": plan.tier}
        lead = self.share(command.unit, at, **changed) if command.unit else None
        command.refuse_unchanged(ticket, plan.tier)
        corrected = reclassified(
            ticket,
            command,
            tier=plan.tier,
            stopped=plan.stopped,
            clocks=plan.clocks,
            repeats=triaged.repeats,
            verify_by=triaged.verify_by,
        )
        if lead is not None and command.unit is not None:
            current = ticket.current
            moved = intake_facts.Reassigned(
                assignment=current.n if current else None, unit=command.unit, reason=command.reason
            )
            self.record_event(moved, at, actor)
        self.record_event(corrected, at, actor)
        if lead is not None:
            self.assign(lead, at, actor)

    def _send(self, command: Reassign | Intervene, actor: Actor, at: datetime) -> None:
        plan = self.share(command.unit, at)
        if isinstance(command, Intervene):
            taken = joint_facts.Intervened(unit=command.unit, reason=command.reason)
            self.record_event(taken, at, actor)
        else:
            current = self.ticket.current
            moved = intake_facts.Reassigned(
                assignment=current.n if current else None, unit=command.unit, reason=command.reason
            )
            self.record_event(moved, at, actor)
        self.assign(plan, at, actor)

    def _call_in(self, command: Whistle | Delegate, actor: Actor, at: datetime) -> None:
        giver = command.share_in(self.ticket, actor)
        if isinstance(command, Delegate):
            call = Call(unit=command.unit, task=command.task, limit=command.limit)
            share = self._help(giver, call, 1, at, below=giver.unit)
            delegated = joint_facts.Delegated(assignment=giver.n, reason="r", share=share)
            self.record_event(delegated, at, actor)
            return
        shares = [self._help(giver, call, i, at) for i, call in enumerate(command.units, 1)]
        whistled = joint_facts.Whistled(
            assignment=giver.n, ground=command.ground, reason=command.reason, shares=shares
        )
        self.record_event(whistled, at, actor)

    def _help(
        self, giver: Assignment, call: Call, nth: int, at: datetime, below: str | None = None
    ) -> AssignmentPlan:
        running = (c for c in self.ticket.clocks if c.running and c.name is ClockName.HANDLE)
        due = next((c.due_at for c in running if c.assignment == giver.n), None)
        return self.share(
            call.unit,
            at,
            Share.DELEGATE if below else Share.CO,
            assignment=self.ticket.assignment_count + nth,
            task=call.task,
            limit=call.limit,
            below=below,
            no_later_than=due,
        )

    def _decide(self, command: Decide, actor: Actor, at: datetime) -> None:
        ticket, why = self.ticket, command.reason
        if ticket.contest is not None:
            done = aftercare.ExclusionGranted if command.approve else aftercare.ExclusionRefused
            self.record_event(done(reason=why), at, actor)
            return
        asker = asking(ticket)
        assert asker is not None
        assert asker.asked is not None
        n, until = asker.n, asker.asked.until
        match asker.asked.what, command.approve:
            case "extension", True:
                clock = ticket.running(ClockName.HANDLE, n)
                question = ExtensionQuestion(
                    city="",
                    clock=clock,
                    by=asker.asked.by or "",
                    also=ticket.waiting_for(n) if self.lifecycle else [],
                    at=at if self.lifecycle else None,
                    asked_at=asker.asked.asked_at if self.lifecycle else None,
                )
                clocks = settled(self.desks.clocks.extend(question)).clocks
                granted = handling.ExtensionGranted(assignment=n, reason=why, clocks=clocks)
                self.record_event(granted, at, actor)
            case "extension", False:
                self.record_event(handling.ExtensionRefused(assignment=n, reason=why), at, actor)
            case "hold", True:
                clocks = self.plan_hold(n, until, at)
                since = asker.asked.asked_at
                held = waiting.Held(
                    assignment=n, until=until or at, reason=why, since=since, clocks=clocks
                )
                self.record_event(held, at, actor)
            case "hold", False:
                self.record_event(waiting.HoldRefused(assignment=n, reason=why), at, actor)
            case _, True:
                self._grant_return(n, command, actor, at)
            case _:
                self.record_event(returning.ReturnRefused(assignment=n, reason=why), at, actor)

    def _grant_return(self, n: int, command: Decide, actor: Actor, at: datetime) -> None:
        why, unit = command.reason, command.unit
        if unit is None:
            clocks = self.plan(at, ClockName.DISPATCH)
            self.record_event(
                returning.Returned(assignment=n, reason=why, clocks=clocks), at, actor
            )
            return
        plan = self.share(unit, at)
        self.record_event(returning.Returned(assignment=n, reason=why, unit=unit), at, actor)
        self.assign(plan, at, actor)

    # --- other tickets ------------------------------------------------------------------------

    def joined(self, number: str) -> None:
        """Record that another ticket was merged into this one; do nothing if it is too late."""
        joinable = self.ticket.stage in (Stage.DISPATCH, Stage.HANDLE, Stage.FEEDBACK)
        if joinable and not self.ticket.of_wrongdoing:
            self.record_event(merging.ComplainantJoined(number=number), self.now)

    def left(self, number: str) -> None:
        if number in self.ticket.complainants and self.ticket.open:
            self.record_event(merging.ComplainantLeft(number=number), self.now)

    def added(self, number: str) -> None:
        """Record what the citizen of a merged ticket added; it answers no question."""
        if number in self.ticket.complainants and self.ticket.open:
            self.record_event(merging.ComplainantAdded(number=number, text="here"), self.now)

    def urged_by(self, number: str) -> None:
        """Record that the citizen of a merged ticket urged."""
        if number in self.ticket.complainants:
            with suppress(Refused):
                self.record_event(merging.ComplainantUrged(number=number), self.now)

    def parent_stands_still(self, why: str) -> None:
        at, until = self.now, self.now + timedelta(days=9)
        if why == "hold":
            asked_at = self._asked_since_the_merge(at)
            held = merging.HeldWithParent(
                parent=PARENT, reason="works", until=until, asked_at=asked_at
            )
            self.record_event(held, at)
        else:
            self.record_event(merging.AskedWithParent(parent=PARENT, until=until), at)

    def _asked_since_the_merge(self, at: datetime) -> datetime:
        merged = (each.at for each in self.events if each.kind == "merged")
        return max(at - timedelta(days=2), *merged)

    def parent_goes_on(self, why: str, at: datetime) -> None:
        paused = self.ticket.paused_with_parent
        clocks = self.resumed(paused, at) if paused else []
        resumed = merging.ResumedWithParent(parent=PARENT, why=why, clocks=clocks)
        self.record_event(resumed, at)

    def parent_gets_more_time(self) -> None:
        at, ticket = self.now, self.ticket
        asked_at = self._asked_since_the_merge(at)
        clocks: list[Clock] = []
        for promise in ticket.promises_running:
            question = ExtensionQuestion(city="", clock=promise, by="2d", at=at, asked_at=asked_at)
            clocks += settled(self.desks.clocks.extend(question)).clocks
        extended = merging.ExtendedWithParent(
            parent=PARENT, reason="r", by="2d", asked_at=asked_at, clocks=clocks
        )
        self.record_event(extended, at)

    def parent_is_reclassified(self, category: str, tier: str) -> None:
        """Record the correction of what this ticket borrows of the one it is merged into."""
        if self.ticket.borrowed and category != self.ticket.category:
            corrected = merging.ReclassifiedWithParent(parent=PARENT, category=category, tier=tier)
            self.record_event(corrected, self.now)

    def answered(self, reply: ParentReply) -> None:
        """Record the answer of the ticket that this one is merged into."""
        clocks = self.plan(reply.at, ClockName.RATE)
        if self.ticket.stage is Stage.MERGED and self.ticket.parent == reply.parent:
            lead = reply.answered_by
            shared = lead is not None and not self.ticket.of_wrongdoing
            told_too = merging.RepliedWithParent(
                parent=reply.parent,
                text=reply.text,
                resolved=reply.resolved,
                answered_by=self.ticket.answering_share(lead, reply.at)
                if lead and shared
                else None,
                clocks=clocks,
            )
            self.record_event(told_too, reply.at)
