"""The escalation policy: clocks that escalate level by level until they are stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.activity_io import ClockQuestion, ResumeQuestion
from domain.commands.base import ClockNeed, Wanted
from domain.commands.joint.raise_level import raised
from domain.commands.lookups import rules_of
from domain.continuation import Carried
from domain.deadlines.clocks import Clock, EscalationLevel, LevelKind, emergency_clock
from domain.deadlines.registry import ClockName
from domain.facts.aftercare import ClosedOnWatch
from domain.facts.anytime import LevelReached
from domain.facts.closing import CallBackDue, Closed
from domain.facts.returning import FellBack, TakenOn
from domain.facts.waiting import Resumed, ReviewMissed
from domain.ticket.because import ReasonCode, because
from domain.ticket.complaint import Complaint
from domain.ticket.preconditions import holds
from domain.ticket.stages import Outcome, Stage
from runtime.engine_limits import DONE_WITHIN
from workflows.calls import ask
from workflows.event_log import RecordedTicket, all_delivered
from workflows.traces import leave_trace, result_arrived
from workflows.turns import PATIENCE

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks

_AT_ONCE = timedelta(milliseconds=1)

IN_ORDER = "in-order"
"""The patch by which levels, commands and results are recorded in the order of their times."""

_RECORDED_WITHIN = DONE_WITHIN + timedelta(seconds=4)
"""The time that a level waits for earlier messages. A command gives up before that."""


class EscalatingTicket(RecordedTicket):
    """A recorded ticket whose clocks run. `escalating`: a level that was reached is processed."""

    escalating = False
    merged_at: datetime | None = None
    """The time of its merge into another ticket; None if that is not known."""

    received_until: datetime | None = None
    """The latest time at which a message was received; levels up to it are due."""

    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)
        self._receiving: list[datetime] = []

    async def run_escalation(self) -> None:
        """Wait for the earliest escalation level of any clock, again and again.

        The timer is set lazily: when a clock stops, its timer is left to fire without effect
        rather than cancelled and set again, and only an earlier level replaces it.
        """
        while self.ticket.open:
            following = self.ticket.next_level()
            if following is None:
                await workflow.wait_condition(
                    lambda: not self.ticket.open or self.ticket.next_level() is not None
                )
                continue
            armed = following[1].at
            if await self._due_now(armed):
                reached = self.ticket.next_level()
                if reached is not None and reached[1].at > armed:
                    continue  # the timer of a clock that was stopped
                traced = result_arrived()
                if reached is not None and self._in_order():
                    await self._let_earlier_work_come_first(reached[1].at)
                    reached = self.ticket.next_level()
                if reached is not None and reached[1].at <= armed:
                    self.escalating = True
                    await self.reach(*reached)
                    self.escalating = False
                elif reached is None and not traced:  # a stopped clock's, and no other to set
                    leave_trace()

    async def _due_now(self, armed: datetime) -> bool:
        """Return True when it is time; False when an earlier level came up, or the ticket ended.

        An overdue level gets a timer, too: whether there is one must not depend on
        `workflow.now()`, which may differ slightly in a replay (ADR 0011).
        """
        try:
            await workflow.wait_condition(
                lambda: not self.ticket.open or self._earlier_than(armed) or self._passed(armed),
                timeout=max(armed - workflow.now(), _AT_ONCE),
            )
        except TimeoutError:
            return True
        return self._passed(armed)

    def _passed(self, armed: datetime) -> bool:
        return self.received_until is not None and armed <= self.received_until

    def _in_order(self) -> bool:
        return bool(self.lifecycle) and workflow.patched(IN_ORDER)

    async def _let_earlier_work_come_first(self, at: datetime) -> None:
        """Wait until what happened before `at` is recorded: then the level may not be due any more.

        A plan may take long while the store is away; the level does not wait longer than a command.
        """
        await all_delivered()
        if self.has_earlier_work(at):
            try:
                await workflow.wait_condition(
                    lambda: not self.has_earlier_work(at), timeout=_RECORDED_WITHIN
                )
            except TimeoutError:
                result_arrived()

    def has_earlier_work(self, at: datetime) -> bool:
        """Return whether something of before `at` is still to be recorded.

        It may be a message, or a step of the ticket itself: an answer that is being planned.
        """
        step = self.in_step and self.ticket.updated_at < at
        return step or any(received < at for received in self._receiving)

    @contextmanager
    def receiving(self, at: datetime) -> Iterator[None]:
        """Mark a message that was received at `at` as still to be recorded."""
        self._receiving.append(at)
        try:
            yield
        finally:
            self._receiving.remove(at)

    def has_overdue_levels(self, at: datetime) -> bool:
        """Return whether an escalation level due by `at` is still to be processed.

        After a time without a worker, late messages and expired timers arrive together. What was
        due first is recorded first: a late answer must not hide that it was late.
        """
        following = self.ticket.next_level()
        if following is not None and following[1].at <= at and self.ticket.open:
            self.received_until = max(at, self.received_until or at)
            return True
        return self.escalating

    async def let_overdue_levels_come_first(self, at: datetime) -> None:
        """Wait until the escalation levels that fell due by `at` are recorded."""
        if self.has_overdue_levels(at):
            leave_trace()
            await workflow.wait_condition(lambda: not self.has_overdue_levels(at))

    def _earlier_than(self, armed: datetime) -> bool:
        following = self.ticket.next_level()
        return following is not None and following[1].at < armed

    async def reach(self, clock: Clock, level: EscalationLevel) -> None:
        """Record an escalation level, notify those concerned, and apply its consequences."""
        assignment = clock.assignment
        unit = self.ticket.assignment(assignment).unit if assignment else None
        self.record_event(
            LevelReached(
                clock=clock.name,
                assignment=assignment,
                label=clock.label,
                rung=level.kind,
                due_at=clock.due_at,
                unit=unit,
                tells=level.tells,
            ),
            level.at,
        )
        if level.kind is LevelKind.DUE:
            await self._fall_due(clock, unit or "", level.at)
        if level.raises and clock.running:
            await self._raise(clock, level.at)
        await self.project()

    async def _fall_due(self, clock: Clock, unit: str, at: datetime) -> None:
        """Apply the consequence of a due clock. Most clocks only notify: somebody has to act.

        Where that takes a plan, the awaited answer may come before the plan is there.
        """
        n = clock.assignment or 0
        match clock.name:
            case ClockName.RETURN_WINDOW if self._return_requested(n):
                pass  # in time: the decision also settles whether another is possible
            case ClockName.RETURN_WINDOW:
                self.record_if_allowed(TakenOn(assignment=n, unit=unit), at)
            case ClockName.ARBITRATE:
                clocks = await self.plan_clocks(at, ClockName.DISPATCH)
                fallback = rules_of(self.ticket).fallback
                if clock.running:
                    self.record_if_allowed(FellBack(unit=fallback, clocks=clocks), at)
            case ClockName.CITIZEN:
                await self.resume(n, "citizen_silent", at)
            case ClockName.HOLD:
                await self.resume(n, "hold_over", at)
            case ClockName.REVIEW if self.lifecycle:
                await self._review_missed(n, at)
            case ClockName.REVIEW:
                pause = self.ticket.assignment(n).pause
                if pause is not None and pause.until is not None and pause.until <= clock.due_at:
                    await self.resume(n, "hold_over", at)
            case ClockName.RATE if not self._can_be_called():
                await self.close(Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case ClockName.RATE:
                clocks = await self.plan_clocks(at, ClockName.CALL_BACK)
                if clock.running:
                    self.record_if_allowed(CallBackDue(clocks=clocks), at)
            case ClockName.CALL_BACK:
                await self.close(Closed(outcome=Outcome.UNRATED, reason="no_rating"), at)
            case _:
                pass

    def _can_be_called(self) -> bool:
        """Return whether a call-back is possible; true before there were preconditions."""
        before = not rules_of(self.ticket).preconditions
        return before or holds(self.ticket, ClockName.CALL_BACK)

    def _return_requested(self, n: int) -> bool:
        request = self.ticket.assignment(n).asked
        return bool(self.lifecycle) and request is not None and request.what == "return"

    async def _review_missed(self, n: int, at: datetime) -> None:
        """Plan the next review, labelled apart from the missed one, which still escalates."""
        pause = self.ticket.assignment(n).pause
        if pause is None:
            return
        clocks = await self.plan_clocks(at, ClockName.REVIEW, assignment=n)
        clocks = [c for c in clocks if pause.until is None or c.due_at < pause.until]
        reviews = sum(
            clock.name is ClockName.REVIEW and clock.assignment == n for clock in self.ticket.clocks
        )
        if self.ticket.assignment(n).pause is pause:
            labelled = [c.model_copy(update={"label": str(reviews + 1)}) for c in clocks]
            self.record_if_allowed(ReviewMissed(assignment=n, clocks=labelled), at)

    async def before_waiting(self) -> None:
        """Resume clocks whose pause is over because the share that had it has ended."""
        paused = self.ticket.to_resume()
        if not paused:
            return
        at = self.ticket.pause_ended_at
        n = (
            next((c.assignment for c in paused if c.assignment), None)
            or self.ticket.assignment_count
        )
        clocks = await self._resumed(paused, at)
        if self.ticket.to_resume() == paused:
            self.record_if_allowed(Resumed(assignment=n, why="pause_ended", clocks=clocks), at)

    async def _raise(self, clock: Clock, at: datetime) -> None:
        """Raise the ticket one level (提级) because time ran out, unless it is at the top."""
        clocks = await self.plan_clocks(at, ClockName.DISPATCH)
        lead = self.ticket.current if self.ticket.stage is Stage.HANDLE else None
        if clock.running and lead is not None and lead.above is not None:
            why = because(ReasonCode.OVERDUE, clock=clock.name.value)
            self.record_if_allowed(raised(self.ticket, why, clocks), at)

    async def resume(self, n: int, why: str, at: datetime) -> None:
        """Resume the clocks of assignment `n`, if they are still paused."""
        pause = self.ticket.assignment(n).pause
        clocks = await self.plan_resumed(n, at)
        if pause is not None and self.ticket.assignment(n).pause is pause:
            self.record_if_allowed(Resumed(assignment=n, why=why, clocks=clocks), at)

    async def resume_answered(self, at: datetime) -> None:
        """Resume what waits for a citizen's answer."""
        for assignment in self.ticket.asking_citizen:
            await self.resume(assignment.n, "citizen_answered", at)

    async def close(self, closed: Closed, at: datetime) -> None:
        """Close the ticket (办结): for good, or with aftercare where the city has it."""
        if not rules_of(self.ticket).aftercare:
            self.record_if_allowed(closed, at)
            return
        clocks = await self.plan_clocks(at, ClockName.AFTERCARE, ClockName.REVISIT)
        if closed.outcome is Outcome.UNRATED and self.ticket.rating is not None:
            return  # a rating came at the last moment and decides the outcome
        watched = ClosedOnWatch(outcome=closed.outcome, reason=closed.reason, clocks=clocks)
        self.record_if_allowed(watched, at)

    async def plan_clocks(
        self,
        at: datetime,
        *names: ClockName,
        need: ClockNeed | None = None,
        assignment: int | None = None,
        due_at: datetime | None = None,
    ) -> list[Clock]:
        """Plan the named clocks of this ticket from `at`; `need`: the one of a command."""
        question = ClockQuestion(
            city=self.ticket.complaint.city,
            pack=self.pack,
            tier=self.ticket.tier,
            names=[need.clock] if need else list(names),
            at=at,
            assignment=need.assignment if need else assignment,
            wanted=need.wanted if need else None,
            due_at=due_at,
        )
        try:
            clocks = (await ask(Clocks.plan, question)).clocks
        except ApplicationError as error:
            if PATIENCE.get() is not None or (need is not None and need.wanted is not None):
                raise  # reported to the caller
            workflow.logger.error("no plan", extra={"code": error.type})
            return [emergency_clock(n, at, question.assignment) for n in question.names]
        until = need.wanted.until if need and need.wanted else None
        if self.lifecycle and until is not None:  # the end of the hold has its own clock
            clocks = [c for c in clocks if c.name is not ClockName.REVIEW or c.due_at < until]
        return clocks

    async def plan_hold(self, n: int, until: datetime | None, at: datetime) -> list[Clock]:
        """Plan the clocks of a hold: its end, and the first review before that."""
        clocks = await self.plan_review(n, until, at)
        if self.lifecycle and until is not None:
            need = ClockNeed(ClockName.HOLD, n)
            clocks += await self.plan_clocks(at, need=need, due_at=until)
        return clocks

    async def plan_review(self, n: int, until: datetime | None, at: datetime) -> list[Clock]:
        """Plan the next review of a hold, not after its end."""
        need = ClockNeed(ClockName.REVIEW, n, wanted=Wanted(until=until))
        return await self.plan_clocks(at, need=need)

    async def plan_resumed(self, n: int, at: datetime) -> list[Clock]:
        """Plan the paused clocks of assignment `n` as resumed.

        The message that resumes them may have been received before the one that paused them, and
        recorded after it: then the pause has no length. An extension granted meanwhile counts.
        """
        return await self._plan_again(lambda: self.ticket.paused(n), at)

    async def plan_resumed_with_parent(self, at: datetime) -> list[Clock]:
        """Plan the clocks that stand still with the parent as resumed."""
        if not self.ticket.paused_with_parent:
            return []
        return await self._plan_again(lambda: self.ticket.paused_with_parent, at)

    async def _plan_again(self, paused: Callable[[], list[Clock]], at: datetime) -> list[Clock]:
        while True:
            clocks = [clock.model_copy() for clock in paused()]
            since = [clock.paused_at for clock in clocks if clock.paused_at is not None]
            resumed = await self._resumed(clocks, max([at, *since]))
            if paused() == clocks:
                return resumed

    async def _resumed(self, clocks: list[Clock], at: datetime) -> list[Clock]:
        question = ResumeQuestion(
            city=self.ticket.complaint.city, pack=self.pack, clocks=clocks, at=at
        )
        try:
            return (await ask(Clocks.resume, question)).clocks
        except ApplicationError as error:
            if PATIENCE.get() is not None:
                raise
            workflow.logger.error("no plan", extra={"code": error.type})
            return [clock.moved(at) for clock in clocks]
