"""The workflow of one ticket: six stages, in order.

This code decides and waits; all other data comes from activities (`workflows.calls`), whose results
are recorded. It reads no clock but `workflow.now()`, no calendar, no setting, no file.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.activity_io import ReplyPlan, ReplyQuestion, TriageQuestion
from domain.actors import SYSTEM
from domain.commands.may_have import may_have
from domain.continuation import Carried
from domain.deadlines.registry import ClockName
from domain.facts.closing import Closed, Rated, RatingRefused, Replied, Supervised
from domain.facts.intake import Accepted, Classified, TriageUnsure
from domain.facts.transitions import transition
from domain.facts.verifying import ClosingRefuted
from domain.messages import (
    Act,
    MergedFacts,
    MergedTicket,
    MergedUrge,
    ParentExtended,
    ParentPause,
    ParentReclassified,
    ParentReply,
    ParentResumed,
    Parting,
    RatingMessage,
)
from domain.policy.condition_inputs import case_of
from domain.policy.decide import above_threshold, arbitration_due, verdict
from domain.policy.guards import check_received
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from domain.ticket.state import Snapshot
from runtime.names import CARRY_ON, RECORD_AGAIN, TICKET_WORKFLOW
from workflows import assigning, handlers, merging
from workflows.calls import ask_until_answered
from workflows.continuation import ContinuedTicket
from workflows.event_log import CarryOn

with workflow.unsafe.imports_passed_through():
    from activities.accept import Accept
    from activities.feedback import Feedback
    from activities.triage import TriageActivities as TriageActivity


@workflow.defn(name=TICKET_WORKFLOW)
class TicketWorkflow(ContinuedTicket):
    @workflow.init
    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)

    @workflow.run
    async def run(self, begun: Complaint | Carried) -> Snapshot:
        self.ladder = asyncio.create_task(self.run_escalation())
        while True:
            try:
                await self.live()
            except CarryOn:
                await self.carry_over()
            else:
                break
        await merging.part(self, self.ticket.updated_at)
        await self.drain()
        return self.ticket.snapshot()

    async def live(self) -> None:
        """Run the six stages in order until the ticket ends, from the stage that it is in."""
        await self.accept()
        while self.ticket.open:
            await self.triage()
            await self.dispatch()
            await self.handle()
            await self.feedback()
            await self.rate()
            await self.aside()

    # --- the six stages ---------------------------------------------------------------------

    async def accept(self) -> None:
        """Accept (受理): fix the rules; the triage clock has been running since it was filed."""
        if self.ticket.stage is not Stage.ACCEPT:
            await self.catch_up()
            return
        acceptance = await ask_until_answered(Accept.accept, self.ticket.complaint)
        accepted = Accepted(
            rules=acceptance.rules,
            lifecycle=self.lifecycle,
            filed_by=self.ticket.complaint.filed_by,
            clocks=acceptance.clocks,
        )
        self.record_event(accepted, workflow.info().start_time)

    async def triage(self) -> None:
        """Classify (分类): by machine when it is sure, else by a person."""
        if self.ticket.stage is not Stage.TRIAGE:
            return
        if not self.ticket.unsure:
            await self.ask_triage()
        await self.until(lambda: self.ticket.stage is not Stage.TRIAGE)

    async def ask_triage(self) -> None:
        at = self.ticket.updated_at
        question = TriageQuestion(complaint=self.ticket.complaint, pack=self.pack, at=at)
        plan = await ask_until_answered(TriageActivity.triage, question)
        if self.ticket.stage is Stage.TRIAGE:  # no person classified it meanwhile
            if plan.category is not None and plan.tier is not None:
                self.record_event(
                    Classified(
                        category=plan.category,
                        tier=plan.tier,
                        area=plan.area,
                        site=plan.site,
                        site_part=plan.site_part,
                        repeats=plan.repeats,
                        verify_by=plan.verify_by,
                        why=plan.why,
                        because=plan.because,
                        learned=plan.learned,
                        clocks=plan.clocks,
                    ),
                    at,
                )
            else:
                unsure = TriageUnsure(
                    suggestion=plan.suggestion,
                    area=plan.area,
                    site=plan.site,
                    site_part=plan.site_part,
                    why=plan.why,
                    because=plan.because,
                    learned=plan.learned,
                )
                self.record_event(unsure, at)

    async def dispatch(self) -> None:
        """Dispatch (派单) to the unit that was named, or that the responsibilities name."""
        while self.ticket.stage is Stage.DISPATCH:
            if self.ticket.verify_by is not None:
                await self.ask_to_verify(self.ticket.verify_by, "filing")
            elif arbitration_due(self.ticket):
                await self.call_arbitration()
            elif self.ticket.by_hand:
                await self.until(lambda: not self._to_be_dispatched_by_hand())
            else:
                await self.send_to_lead()

    async def send_to_lead(self) -> None:
        at, known = self.ticket.updated_at, self.reclassified
        try:
            plan = await assigning.plan_lead(self, self.ticket.next_unit, at)
        except ApplicationError:  # the named unit is gone from the pack
            try:
                plan = await assigning.plan_lead(self, None, at)
            except ApplicationError:  # it accuses every unit that the rules name
                await self.leave_to_a_person(at)
                return
        unchanged = self._to_be_dispatched() and self.reclassified == known
        if unchanged and may_have(self.ticket, plan.unit):
            assigning.assign(self, plan, at, SYSTEM)

    async def handle(self) -> None:
        """Handle (办理): each share is an activity; with the last one the answer is ready."""
        while self.ticket.stage is Stage.HANDLE:
            if above_threshold(self.ticket):
                await self.escalate()
            await self.work(Stage.HANDLE)

    async def feedback(self) -> None:
        """Send the answer to the citizen (反馈), and open the rating window."""
        lead = self.ticket.lead
        if self.ticket.stage is not Stage.FEEDBACK or lead is None or lead.result is None:
            return
        at, known = self.ticket.updated_at, self.reclassified
        question = ReplyQuestion(
            city=self.ticket.complaint.city,
            pack=self.pack,
            tier=self.ticket.tier or "",
            result=lead.result,
            at=at,
            case=case_of(self.ticket, at),
            verified=self.ticket.verified,
        )
        plan = await ask_until_answered(Feedback.prepare, question)
        if self.reclassified == known and self.ticket.stage is Stage.FEEDBACK:
            await self.reply(plan, at, resolved=lead.result.resolved)

    async def reply(self, plan: ReplyPlan, at: datetime, *, resolved: bool) -> None:
        """Answer the citizen and merged tickets, unless closing is refuted or verified first."""
        if plan.refuted is not None:
            refuted = ClosingRefuted(reason=plan.refuted, because=plan.because, clocks=plan.clocks)
            self.record_event(refuted, at)
            return
        if plan.verify_by is not None:
            await self.ask_to_verify(
                plan.verify_by, "closing", plan.clocks if self.lifecycle else ()
            )
            return
        waiting = list(self.ticket.waiting)
        self.record_event(Replied(text=plan.text, resolved=resolved, clocks=plan.clocks), at)
        number = self.ticket.complaint.number
        answer = ParentReply(
            parent=number,
            text=plan.text,
            resolved=resolved,
            answered_by=self.ticket.handled,
            at=at,
        )
        await merging.answer(self, waiting, answer)

    async def rate(self) -> None:
        """Wait for the rating (评价); close, rework, or hand the ticket to a supervisor."""
        while self.ticket.stage in (Stage.RATE, Stage.SUPERVISE):
            await self.until(self._judged_since(self.ticket.stage))
            at = self.ticket.updated_at
            match verdict(self.ticket):
                case None:
                    continue
                case Closed() as closed:
                    await self.close(closed, at)
                case Supervised() as supervised:
                    supervised.clocks = await self.plan_clocks(at, ClockName.SUPERVISE)
                    self.record_if_allowed(supervised, at)
                case reworked:
                    reworked.clocks = await self.plan_clocks(at, ClockName.DISPATCH)
                    self.record_if_allowed(reworked, at)

    # --- messages in ------------------------------------------------------------------------

    @workflow.update(name="accept")
    async def receipt(self) -> Snapshot:
        """Confirm the filing, once the complaint is in the record."""
        await workflow.wait_condition(lambda: self.registered)
        return self.ticket.snapshot()

    @workflow.update
    async def act(self, act: Act) -> Snapshot:
        """Carry out a command of a citizen, officer, operator, dispatcher or supervisor."""
        at = act.at or workflow.now()
        try:
            if self.lifecycle:
                await self.in_turn(act, at)
            else:
                await handlers.give(self, act.command, act.actor, at)
        except Refused as refused:
            raise _refusal(refused) from None
        await self.project()
        return self.ticket.snapshot()

    @act.validator
    def permit(self, act: Act) -> None:
        """Refuse before anything is recorded."""
        self.note_task()
        try:
            if self.carried_out_before():
                return
            self.check_time(act)
            check_received(self.ticket, act.command, act.actor, act.at or workflow.now())
        except Refused as refused:
            raise _refusal(refused) from None

    @workflow.signal(name=CARRY_ON)
    def request_continuation(self) -> None:
        """Continue in a new run once nothing is under way; requested by the renewal or the API."""
        self.continuation_requested = True

    @workflow.signal(name=RECORD_AGAIN)
    async def request_record(self) -> None:
        """Project the state again: the record may show events of a lost task, absent here.

        The API requests it when it refuses a command that such a task may have carried out.
        """
        self.signals += 1
        await workflow.wait_condition(lambda: self.ticket.stage is not Stage.ACCEPT)
        await self.project(again=True)

    @workflow.signal(name="rate")
    async def rated(self, message: RatingMessage) -> None:
        """Record the citizen's rating. One that is not due is recorded, but does not count."""
        at = message.at or workflow.now()
        self.signals += 1
        await workflow.wait_condition(lambda: self.ticket.stage is not Stage.ACCEPT)
        if message.key in self.rating_keys or not self.hears():
            return
        if message.key:
            self.rating_keys.append(message.key)
        try:
            transition(self.ticket.stage, Rated).permit(message.actor)
            if self.ticket.rating is not None:
                raise Refused("already_rated", "This ticket is rated already.")
            rated = Rated(rating=message.rating, apart=message.apart)
            self.record_event(rated, at, message.actor)  # `rate` projects it
        except Refused as refused:
            self.record_event(
                RatingRefused(code=refused.code, rating=message.rating), at, message.actor
            )
            await self.project()

    @workflow.signal
    async def joined(self, merged: MergedTicket) -> None:
        """Record that another ticket was merged into this one (并单)."""
        self.signals += 1
        if await merging.joined(self, merged):
            self.welcome(merged)
        await self.project()

    @workflow.signal
    async def left(self, merged: MergedTicket) -> None:
        """Record that a ticket that was merged into this one has left it."""
        self.signals += 1
        merging.left(self, merged)
        await self.project()

    @workflow.signal
    async def complainant_added(self, facts: MergedFacts) -> None:
        """Record what the citizen of a ticket that was merged into this one added."""
        self.signals += 1
        await merging.added(self, facts)
        await self.project()

    @workflow.signal
    async def complainant_urged(self, urge: MergedUrge) -> None:
        """Record that the citizen of a ticket that was merged into this one urged."""
        self.signals += 1
        await merging.urged(self, urge)
        await self.project()

    @workflow.signal
    async def parent_paused(self, pause: ParentPause) -> None:
        """Record that the ticket that this one was merged into stands still."""
        async with self.heard_in_turn(pause.at):
            merging.paused(self, pause)

    @workflow.signal
    async def parent_resumed(self, resumption: ParentResumed) -> None:
        """Record that the ticket that this one was merged into goes on."""
        async with self.heard_in_turn(resumption.at):
            await merging.resumed(self, resumption)

    @workflow.signal
    async def parent_extended(self, extension: ParentExtended) -> None:
        """Record that the ticket that this one was merged into got more time."""
        async with self.heard_in_turn(extension.at):
            await merging.extended(self, extension)

    @workflow.signal
    async def parent_reclassified(self, corrected: ParentReclassified) -> None:
        """Record that the classification of the ticket that this one was merged into changed."""
        async with self.heard_in_turn(corrected.at):
            merging.reclassified(self, corrected)

    @workflow.signal
    async def answered_with_parent(self, reply: ParentReply) -> None:
        """Record the answer of the ticket that this one was merged into."""
        await merging.answered(self, reply)
        await self.project()

    @workflow.signal
    async def parted(self, parting: Parting) -> None:
        """Unmerge this ticket, as the one it was merged into will not answer it."""
        await merging.parted(self, parting)
        await self.project()

    @workflow.query
    def snapshot(self) -> Snapshot:
        return self.ticket.snapshot()

    # --- conditions of the stages -------------------------------------------------------------

    def _to_be_dispatched(self) -> bool:
        """Return whether to dispatch it; a person may have done so during a wait."""
        return self.ticket.stage is Stage.DISPATCH and not self.ticket.by_hand

    def _to_be_dispatched_by_hand(self) -> bool:
        return self.ticket.stage is Stage.DISPATCH and self.ticket.by_hand

    def _judged_since(self, stage: Stage) -> Callable[[], bool]:
        return lambda: verdict(self.ticket) is not None or self.ticket.stage is not stage


def _refusal(refused: Refused) -> ApplicationError:
    """Return an error with the engine's time, by which the caller can check its own clock."""
    now = workflow.now().isoformat()
    return ApplicationError(refused.message, now, type=refused.code, non_retryable=True)
