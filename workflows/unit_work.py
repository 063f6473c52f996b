"""Unit work: each assignment is an activity on its unit's queue, until its result or recall."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority, RawValue, RetryPolicy
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityHandle

from domain.actors import SYSTEM, Actor, Role
from domain.continuation import Carried
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.anytime import ResultOvertaken
from domain.policy.decide import above_threshold
from domain.policy.results import failure_of, result_of, shares_ended
from domain.policy.urgency import urgency
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, HandlingResult, Share, WorkOrder
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from runtime.engine_limits import ORDER_BYTES
from runtime.names import HANDLE_ACTIVITY
from workflows.calls import is_unsealed
from workflows.escalation import IN_ORDER
from workflows.parent import ParentTicket
from workflows.traces import result_arrived

FOREVER = timedelta(days=3650)
"""The timeout of an assignment, which ends by a decision or a result, never by the engine."""

HEARTBEAT = timedelta(seconds=60)
"""The silence after which a department's program is considered dead, and its order retried."""

_PROGRAM_REFUSED = 3
"""The number of results of a department's program that cannot be taken before it has failed."""

_UNREADABLE = "unreadable_result"
"""The code with which a program failed that handed in nothing else than what cannot be read."""

_FAIRNESS_BYTES = 64
"""The longest key of a unit that the engine takes."""

PendingResult = ActivityHandle[RawValue]
"""Work whose result is read by `result_in`: one that cannot be read must not fail the ticket."""


def result_in(work: PendingResult) -> HandlingResult | None:
    """Return the result that was handed in; None if it is none, as empty or of another shape.

    Anybody can hand in an empty one, and a department's program one that is longer than an answer
    may be. Read by the workflow's own converter, it would fail every task of the ticket for good.
    """
    raw: RawValue | None = work.result()
    if raw is None or _is_empty(work):
        return None
    try:
        read: HandlingResult | None = workflow.payload_converter().from_payload(
            raw.payload, HandlingResult
        )
    except (ValueError, TypeError, RuntimeError) as error:
        workflow.logger.error("a result that is none", extra={"error": type(error).__name__})
        return None
    return read


def _is_empty(work: PendingResult) -> bool:
    """Return whether a result has no content, and so may be from anybody."""
    raw: RawValue | None = work.result()
    return raw is None or not raw.payload.data


def turn_of(order: WorkOrder) -> Priority:
    """Return when it is an order's turn, of those that wait on its queue.

    The more urgent ones come first, and of these each unit has its turn, however many another has.
    """
    left = order.due_at - workflow.now() if order.due_at is not None else None
    unit = f"{order.city}/{order.unit}".encode()[:_FAIRNESS_BYTES].decode(errors="ignore")
    return Priority(priority_key=urgency(left), fairness_key=unit)


class AssignedTicket(ParentTicket):
    """A ticket whose assignments are with their units."""

    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)
        self._out: dict[int, PendingResult] = {}
        self._recalled: set[asyncio.Task[None]] = set()
        self._refused: dict[int, int] = {}

    def record_event(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        """Record an event, unless it ends a share whose result is handed in but not recorded."""
        if self.lifecycle and any(n in self.finished() for n in shares_ended(self.ticket, fact)):
            raise Refused("overtaken", "A unit handed in its result in this moment: look again.")
        super().record_event(fact, at, actor)

    def finished(self) -> list[int]:
        """Return the open shares whose result is there, and not recorded yet."""
        return [
            n
            for n, work in self._out.items()
            if work.done()
            and not work.cancelled()
            and self.ticket.assignment(n).open
            and work.exception() is None
            and result_in(work) is not None
        ]

    def has_earlier_work(self, at: datetime) -> bool:
        """Add the results that units handed in."""
        earlier = any(handed_in < at for handed_in in self._handed_in(at).values())
        return earlier or super().has_earlier_work(at)

    def _handed_in(self, otherwise: datetime) -> dict[int, datetime]:
        """Return when the results were handed in that are not recorded yet, earliest first.

        `otherwise`: for those of programs, which do not say when.
        """
        results = {
            n: result.at or otherwise
            for n in self.finished()
            if (result := result_in(self._out[n])) is not None
        }
        return dict(sorted(results.items(), key=lambda one: one[1]))

    async def work(self, stage: Stage) -> None:
        """Send new assignments, wait for a change, record results and recall ended assignments."""
        for assignment in self.ticket.opened:
            if assignment.n not in self._out:
                self._out[assignment.n] = self._send(assignment)
        moment = await self.until(lambda: self._news(stage))
        later = await self._levels_before_results(moment) if self.lifecycle else set()
        for n, work in list(self._out.items()):
            assignment = self.ticket.assignment(n)
            if not assignment.open and self.lifecycle:
                del self._out[n]
                self._recall(assignment, work)
            elif not assignment.open:
                del self._out[n]
                work.cancel()
                with suppress(ActivityError):
                    await work
            elif work.done() and n not in later:
                del self._out[n]
                await self._take(assignment, work, moment)

    def _news(self, stage: Stage) -> bool:
        opened = {assignment.n for assignment in self.ticket.opened}
        done = any(work.done() for work in self._out.values())
        return (
            done
            or self.ticket.stage is not stage
            or opened != set(self._out)
            or self._above_threshold()
        )

    def _above_threshold(self) -> bool:
        return self.ticket.stage is Stage.HANDLE and above_threshold(self.ticket)

    async def _take(self, assignment: Assignment, work: PendingResult, moment: datetime) -> None:
        unit = Actor(role=Role.OFFICER, unit=assignment.unit)
        try:
            await work
        except ActivityError as error:
            if is_unsealed(error) and self._waits_on(assignment):
                return
            code = getattr(error.cause, "type", None) or type(error.cause).__name__
            await self._gave_up(assignment, code, moment)
            return
        result = result_in(work)
        if result is None:
            if not self._waits_on(assignment) and not _is_empty(work):
                await self._gave_up(assignment, _UNREADABLE, moment)
            return
        unit.id = result.by
        self.record_event(result_of(self.ticket, assignment.n, result), result.at or moment, unit)

    async def _gave_up(self, assignment: Assignment, code: str, moment: datetime) -> None:
        """Record that the department's program failed."""
        clocks = await self.plan_clocks(moment, ClockName.DISPATCH)
        if assignment.open:
            failed = failure_of(self.ticket, assignment.n, code, clocks)
            led = assignment.share is Share.LEAD
            actor = Actor(role=Role.OFFICER, unit=assignment.unit) if led else SYSTEM
            self.record_event(failed, moment, actor)

    def _waits_on(self, assignment: Assignment) -> bool:
        """Give an assignment to its unit again, as the result was not of its unit, or is none.

        A department's program would answer the same for ever: after some times it has failed.
        """
        self._refused[assignment.n] = self._refused.get(assignment.n, 0) + 1
        if assignment.heartbeats and self._refused[assignment.n] > _PROGRAM_REFUSED:
            return False
        if assignment.open:
            self._out[assignment.n] = self._send(assignment)
        return True

    async def _levels_before_results(self, moment: datetime) -> set[int]:
        """Wait for escalation levels that fell due before the first result was handed in.

        Returns the shares whose results were handed in later: levels may come before those.
        """
        results = self._handed_in(moment)
        if not results:
            return set()
        ordered = len(results) > 1 and workflow.patched(IN_ORDER)
        last = list(results)[0 if ordered else -1]
        with self.between_steps():
            await self.let_overdue_levels_come_first(results[last])
        return set(results) - {last} if ordered else set()

    def _recall(self, assignment: Assignment, work: PendingResult) -> None:
        """Recall an assignment. A result that was under way is not lost: it becomes an event."""
        if not work.done():
            work.cancel()
        watch = asyncio.create_task(self._take_late(assignment, work))
        self._recalled.add(watch)
        watch.add_done_callback(self._recalled.discard)

    async def _take_late(self, assignment: Assignment, work: PendingResult) -> None:
        try:
            await work
        except (ActivityError, asyncio.CancelledError):
            return
        result = result_in(work)
        if result is None:
            return
        unit = Actor(role=Role.OFFICER, unit=assignment.unit, id=result.by)
        if not self.hears():
            return
        late = ResultOvertaken(assignment=assignment.n, unit=assignment.unit, result=result)
        self.record_for(late, result.at or self.ticket.updated_at, unit)
        await self.project()

    def _send(self, assignment: Assignment) -> PendingResult:
        """Give the assignment to its unit's queue, where it stays until completed or recalled."""
        # By name: the platform's activity parks it, a department's own program takes an order.
        order = self._work_order(assignment)
        work = workflow.start_activity(
            HANDLE_ACTIVITY,
            order,
            result_type=RawValue,
            activity_id=assignment.activity_id,
            task_queue=assignment.queue,
            start_to_close_timeout=FOREVER,
            heartbeat_timeout=HEARTBEAT if assignment.heartbeats else None,
            retry_policy=RetryPolicy(maximum_interval=timedelta(hours=1)),
            # No part of the command sequence: histories from before replay as they are.
            priority=turn_of(order),
            # A recalled assignment may still be handed in, so its cancellation is awaited.
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
            if self.lifecycle
            else workflow.ActivityCancellationType.TRY_CANCEL,
        )
        work.add_done_callback(lambda done: done.cancelled() or result_arrived())
        return work

    def _work_order(self, assignment: Assignment) -> WorkOrder:
        """Return the order, with as much of what citizens said as there is room for."""
        order = self._order_without_words(assignment)
        room = ORDER_BYTES - len(order.model_dump_json().encode())
        heard = self.heard.within(order.number, self.ticket.complainants, max(room, 0))
        return order.model_copy(update={"said": heard.items, "left_out": heard.left_out})

    def _order_without_words(self, assignment: Assignment) -> WorkOrder:
        complaint = self.ticket.complaint
        due = [
            clock.due_at
            for clock in self.ticket.clocks
            if clock.running
            and clock.assignment == assignment.n
            and clock.name in (ClockName.HANDLE, ClockName.VERIFY)
        ]
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
            due_at=due[0] if due else self.ticket.due_at,
            share=assignment.share,
            task=assignment.task,
            files=complaint.files,
        )
