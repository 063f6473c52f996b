"""The life of one ticket: six stages, in order. One workflow, one history, the whole story.

This code decides and waits; whatever it does not know it asks (`workflows.asking`), and the answer
is recorded. It reads no clock but `workflow.now()`, no calendar, no setting, no file.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityHandle

from domain.actors import SYSTEM, Actor, Role
from domain.assignment import Assignment, HandlingResult, WorkOrder
from domain.clocks import ClockName
from domain.commands import Act, Conclude, Decide, Extend, Reassign, Return, Triage, Verdict
from domain.complaint import Complaint
from domain.decisions import check, facts_of, verdict
from domain.events import Fact
from domain.facts.closing import Closed, Rated, RatingRefused, Replied, Supervised
from domain.facts.handling import Handled, HandlingFailed
from domain.facts.intake import Accepted, Classified, TriageUnsure
from domain.lifecycle import transition
from domain.plans import (
    ReplyQuestion,
    TriageQuestion,
)
from domain.refusals import Refused
from domain.stages import Stage
from domain.ticket import Snapshot, Ticket
from runtime.names import TICKET_WORKFLOW
from workflows import handlers
from workflows.asking import ask
from workflows.ladder import Ladder

with workflow.unsafe.imports_passed_through():
    from activities.accept import Accept
    from activities.feedback import Feedback
    from activities.handle import handle_assignment
    from activities.triage import Triage as TriageActivity

FOREVER = timedelta(days=3650)
"""An assignment ends by a decision or a result, never because the engine gave up on it."""

HEARTBEAT = timedelta(seconds=60)
"""A department's program that is silent for longer is taken for dead, and asked again."""


@workflow.defn(name=TICKET_WORKFLOW)
class TicketWorkflow(Ladder):
    @workflow.init
    def __init__(self, complaint: Complaint) -> None:
        super().__init__(Ticket.of(complaint))
        self.rating_keys: set[str] = set()

    @workflow.run
    async def run(self, complaint: Complaint) -> Snapshot:
        self.ladder = asyncio.create_task(self.climb())
        await self.accept()
        while self.ticket.open:
            await self.triage()
            await self.dispatch()
            await self.handle()
            await self.feedback()
            await self.rate()
        await self.wind_up()
        return self.ticket.snapshot()

    # --- the six stages ---------------------------------------------------------------------

    async def accept(self) -> None:
        """受理: fix the rules; the triage clock has been running since it was filed."""
        acceptance = await ask(Accept.accept, self.ticket.complaint)
        accepted = Accepted(rules=acceptance.rules, clocks=acceptance.clocks)
        self.happen(accepted, workflow.info().start_time)

    async def triage(self) -> None:
        """分类: by machine when it is sure, else by a person."""
        if self.ticket.stage is not Stage.TRIAGE:
            return
        at = self.ticket.updated_at
        question = TriageQuestion(complaint=self.ticket.complaint, at=at)
        plan = await ask(TriageActivity.triage, question)
        if self.ticket.stage is Stage.TRIAGE:  # nobody was quicker
            if plan.category is not None and plan.tier is not None:
                self.happen(
                    Classified(
                        category=plan.category,
                        tier=plan.tier,
                        area=plan.area,
                        why=plan.why,
                        clocks=plan.clocks,
                    ),
                    at,
                )
            else:
                unsure = TriageUnsure(suggestion=plan.suggestion, area=plan.area, why=plan.why)
                self.happen(unsure, at)
        await self.until(lambda: self.ticket.stage is not Stage.TRIAGE)

    async def dispatch(self) -> None:
        """派单: to the unit that was named, or that the responsibilities name."""
        while self.ticket.stage is Stage.DISPATCH:
            if self.ticket.by_hand:
                await self.until(lambda: not self._to_be_dispatched_by_hand())
                continue
            at = self.ticket.updated_at
            try:
                plan = await handlers.plan_dispatch(self, self.ticket.next_unit, at)
            except ApplicationError:  # the named unit is gone from the pack
                plan = await handlers.plan_dispatch(self, None, at)
            if self._to_be_dispatched():
                handlers.assign(self, plan, at, SYSTEM)

    async def handle(self) -> None:
        """办理: each assignment is an activity; wait for its result, or for it to be taken away."""
        while self.ticket.stage is Stage.HANDLE:
            assignment = self.ticket.assignments[-1]
            work = self.send(assignment)
            came = await self.until(_over(work, assignment))
            if not assignment.open:
                work.cancel()
                with suppress(ActivityError):
                    await work
                continue
            unit = Actor(role=Role.OFFICER, unit=assignment.unit)
            try:
                result = await work
            except ActivityError as error:
                code = getattr(error.cause, "type", None) or type(error.cause).__name__
                clocks = await self.plan_clocks(came, ClockName.DISPATCH)
                if assignment.open:
                    failed = HandlingFailed(assignment=assignment.n, code=code, clocks=clocks)
                    self.happen(failed, came, unit)
            else:
                unit.id = result.by
                handled = Handled(assignment=assignment.n, result=result)
                self.happen(handled, result.at or came, unit)

    async def feedback(self) -> None:
        """反馈: the answer goes to the citizen, and the rating window opens."""
        if self.ticket.stage is not Stage.FEEDBACK:
            return
        result = self.ticket.assignments[-1].result
        if result is None:
            raise RuntimeError("feedback without a result")
        at = self.ticket.updated_at
        plan = await ask(
            Feedback.prepare,
            ReplyQuestion(
                city=self.ticket.complaint.city,
                tier=self.ticket.tier or "",
                result=result,
                at=at,
            ),
        )
        if self.ticket.stage is Stage.FEEDBACK:
            replied = Replied(text=plan.text, resolved=result.resolved, clocks=plan.clocks)
            self.happen(replied, at)

    async def rate(self) -> None:
        """评价: wait for the verdict; close, do it again, or hand it to a supervisor."""
        while self.ticket.stage in (Stage.RATE, Stage.SUPERVISE):
            await self.until(self._judged_since(self.ticket.stage))
            at = self.ticket.updated_at
            match verdict(self.ticket):
                case None:
                    continue
                case Closed() as closed:
                    self.happen(closed, at)
                case Supervised() as supervised:
                    supervised.clocks = await self.plan_clocks(at, ClockName.SUPERVISE)
                    self.happen_if_possible(supervised, at)
                case reworked:
                    reworked.clocks = await self.plan_clocks(at, ClockName.DISPATCH)
                    self.happen_if_possible(reworked, at)

    # --- messages in ------------------------------------------------------------------------

    @workflow.update(name="accept")
    async def receipt(self) -> Snapshot:
        """Answer whoever filed the complaint, once it stands in the record."""
        await workflow.wait_condition(lambda: self.registered)
        return self.ticket.snapshot()

    @workflow.update
    async def act(self, act: Act) -> Snapshot:
        """One command of a citizen, officer, operator, dispatcher or supervisor."""
        command, actor, at = act.command, act.actor, act.at or workflow.now()
        try:
            match command:
                case Triage():
                    await handlers.triage(self, command, actor, at)
                case Reassign():
                    await handlers.reassign(self, command, actor, at)
                case Return():
                    await handlers.return_(self, command, actor, at)
                case Extend():
                    await handlers.extend(self, command, actor, at)
                case Decide():
                    await handlers.decide(self, command, actor, at)
                case Conclude():
                    await handlers.check_conclusion(self, command)
                    self._happen_all(facts_of(self.ticket, command), at, actor)
                case _:
                    self._happen_all(facts_of(self.ticket, command), at, actor)
        except Refused as refused:
            raise _refusal(refused) from None
        await self.project()
        return self.ticket.snapshot()

    @act.validator
    def permit(self, act: Act) -> None:
        """Refuse before anything is recorded."""
        try:
            check(self.ticket, act.command, act.actor, act.at or workflow.now())
        except Refused as refused:
            raise _refusal(refused) from None

    @workflow.signal(name="rate")
    async def rated(self, given: Verdict) -> None:
        """The citizen's rating. One that is not due is kept as said, and does not count."""
        at = given.at or workflow.now()
        await workflow.wait_condition(lambda: self.ticket.stage is not Stage.ACCEPT)
        if not self.ticket.open or given.key in self.rating_keys:
            return
        if given.key:
            self.rating_keys.add(given.key)
        try:
            transition(self.ticket.stage, Rated).permit(given.actor)
            if self.ticket.rating is not None:
                raise Refused("already_rated", "This ticket is rated already.")
            self.happen(Rated(rating=given.rating), at, given.actor)  # `rate` projects it
        except Refused as refused:
            self.happen(RatingRefused(code=refused.code, rating=given.rating), at, given.actor)
            await self.project()

    @workflow.query
    def snapshot(self) -> Snapshot:
        return self.ticket.snapshot()

    # --- what the stages ask and tell --------------------------------------------------------

    def _happen_all(self, facts: list[Fact], at: datetime, actor: Actor) -> None:
        for fact in facts:
            self.happen(fact, at, actor)

    def send(self, assignment: Assignment) -> ActivityHandle[HandlingResult]:
        """Give the assignment to its unit's queue, where it stays until completed or taken away."""
        return workflow.start_activity(
            handle_assignment,
            self.work_order(assignment),
            activity_id=assignment.activity_id,
            task_queue=assignment.queue,
            start_to_close_timeout=FOREVER,
            heartbeat_timeout=HEARTBEAT if assignment.heartbeats else None,
            retry_policy=RetryPolicy(maximum_interval=timedelta(hours=1)),
            cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
        )

    def _to_be_dispatched(self) -> bool:
        """Asked again after each pause: a person may have been quicker."""
        return self.ticket.stage is Stage.DISPATCH and not self.ticket.by_hand

    def _to_be_dispatched_by_hand(self) -> bool:
        return self.ticket.stage is Stage.DISPATCH and self.ticket.by_hand

    def _judged_since(self, stage: Stage) -> Callable[[], bool]:
        return lambda: verdict(self.ticket) is not None or self.ticket.stage is not stage

    def work_order(self, assignment: Assignment) -> WorkOrder:
        complaint = self.ticket.complaint
        return WorkOrder(
            number=complaint.number,
            assignment=assignment.n,
            unit=assignment.unit,
            city=complaint.city,
            title=complaint.title,
            text=complaint.text,
            category=self.ticket.category,
            area=self.ticket.area,
            address=complaint.place.address,
            rework=assignment.rework,
            due_at=self.ticket.due_at,
        )


def _over(work: ActivityHandle[HandlingResult], assignment: Assignment) -> Callable[[], bool]:
    return lambda: work.done() or not assignment.open


def _refusal(refused: Refused) -> ApplicationError:
    return ApplicationError(refused.message, type=refused.code, non_retryable=True)
