"""Commands in order, and continuation of a ticket in a new run before it reaches a limit.

See `runtime.engine_limits` for the numbers, and ADR 0021 for why.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from temporalio import workflow

from domain.actors import SYSTEM, Actor
from domain.continuation import Carried
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.anytime import CarriedOn
from domain.messages import Act
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from runtime.engine_limits import Used, near_a_limit
from workflows import handlers
from workflows.event_log import all_delivered
from workflows.optional_stages import StagedTicket
from workflows.traces import leave_trace
from workflows.turns import PATIENCE, Turns

_AHEAD = timedelta(seconds=5)
"""The lead of an API process's clock over the engine's above which its commands are refused."""

_REMEMBERED = 200
"""The number of command ids passed on, so that the next run does not repeat a command."""

_MUST = 1.25
"""The share of the limits at which a run ends even if department programs get orders twice."""


_A_MOMENT = timedelta(milliseconds=1)
"""A delay until the next task, by which all results of the last one are delivered."""


class ContinuedTicket(StagedTicket):
    """A ticket that continues from run to run, and takes its commands one after another."""

    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)
        self.turns = Turns()
        self._hearing = asyncio.Lock()
        self.updates = 0
        self.signals = 0
        self.continuation_requested = False
        self._full = False
        carried = self.carried
        self.update_ids = list(carried.update_ids) if carried else []
        self.rating_keys = list(carried.rating_keys) if carried else []
        self.merged_at = carried.merged_at if carried else None

    # --- commands -----------------------------------------------------------------------------

    def check_time(self, act: Act) -> None:
        """Refuse a command that comes too late, or whose sender's clock is too far ahead.

        Raises:
            Refused: `too_late`, `clock_differs`; `carrying_on`: send it again in a moment.
        """
        now = workflow.now()
        if act.until is not None and now > act.until:
            raise Refused("too_late", "It came too late, and was not carried out.")
        if act.until is not None and act.at is not None and act.at > now + _AHEAD:
            raise Refused("clock_differs", "The clock of the API is ahead of the engine's.")
        if self.carrying_on:
            raise Refused("carrying_on", "The ticket is being carried on: send it again.")

    def carried_out_before(self) -> bool:
        """Return whether an earlier run carried this update out: the engine knows only this run's.

        Such an update is answered and not refused, however late it is repeated.
        """
        info = workflow.current_update_info()
        return info is not None and info.id in self.update_ids

    async def in_turn(self, act: Act, at: datetime) -> None:
        """Carry a command out in its turn, checked against the ticket's state at that time."""
        self.updates += 1
        self._look_at_limits()
        if self.carried_out_before():
            return
        info = workflow.current_update_info()
        async with self.turns.turn(act.command, at) as turn:
            await self._take_finished()
            patience = PATIENCE.get()
            if patience is not None and self.has_overdue_levels(at):
                await patience.wait(lambda: not self.has_overdue_levels(at))
            turn.waiting = False
            check(self.ticket, act.command, act.actor, at)
            await handlers.give(self, act.command, act.actor, at)
        if info is not None:
            self.update_ids = [*self.update_ids, info.id][-_REMEMBERED:]

    def has_earlier_work(self, at: datetime) -> bool:
        """Add the command whose turn it is.

        One that still waits for a result, which in turn waits for the level, is not waited for.
        """
        first = self.turns.first
        earlier = first is not None and first.at < at and not (first.waiting and self.finished())
        return earlier or super().has_earlier_work(at)

    @asynccontextmanager
    async def heard_in_turn(self, at: datetime) -> AsyncIterator[None]:
        """Receive what the parent tells in the order in which it was told, after what is overdue.

        The first may come before the merge itself is recorded, which is a command under way.
        """
        self.signals += 1
        async with self._hearing:
            await workflow.wait_condition(
                lambda: self.turns.idle or self.ticket.stage is Stage.MERGED
            )
            with self.receiving(at):
                await self.let_overdue_levels_come_first(at)
                yield
        await self.project()

    async def _take_finished(self) -> None:
        """Wait until results that units have handed in are recorded."""
        # Results delivered before this command are recorded first. One delivered in the same task
        # comes after it, and is recorded as overtaken if its share has ended by then.
        await all_delivered()
        patience = PATIENCE.get()
        if self.finished() and patience is not None:
            await patience.wait(lambda: not self.finished())

    # --- a new run ----------------------------------------------------------------------------

    @property
    def carrying_on(self) -> bool:
        if not self._full and not self.continuation_requested:
            return False
        programs = any(assignment.heartbeats for assignment in self.ticket.opened)
        return not programs or self.continuation_requested or near_a_limit(self._used(), _MUST)

    def record_event(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        super().record_event(fact, at, actor)
        self._look_at_limits()

    def _look_at_limits(self) -> None:
        """Check the limits at fixed points only, so that a replay decides at the same ones."""
        if self.lifecycle and not self._full:
            self._full = near_a_limit(self._used())

    def _used(self) -> Used:
        info = workflow.info()
        return Used(
            updates=self.updates,
            events=info.get_current_history_length(),
            bytes=info.get_current_history_size(),
            signals=self.signals,
            pending_activities=len(self._out) + len(self._recalled),
        )

    async def carry_over(self) -> None:
        """End this run and begin the next once nothing is under way; return if a result is there.

        A message that arrives at this moment makes the engine refuse the end of the run; it is
        then handled first.
        """
        with self.between_steps():
            while True:
                await workflow.wait_condition(self._at_rest)
                # Within a task the SDK handles messages before it delivers results: without this
                # pause a result that a unit handed in meanwhile would be missed.
                await workflow.sleep(_A_MOMENT)
                await self._all_of_this_task()
                if self._at_rest():
                    break
                leave_trace()
        if self.finished() and self.ticket.stage in (Stage.HANDLE, Stage.VERIFY):
            return
        self.ladder.cancel()
        workflow.continue_as_new(
            Carried(
                ticket=self.ticket,
                unprojected=self.unprojected,
                history_length=self.history_length,
                runs=self.carried.runs + 1 if self.carried else 1,
                update_ids=self.update_ids,
                rating_keys=self.rating_keys,
                pause=self.pause,
                merged_at=self.merged_at,
                heard=self.heard,
            )
        )

    async def _all_of_this_task(self) -> None:
        """Let everything that came with this task be delivered, a result after the end of a pause.

        Without it a result that the engine brings together with the end of the pause would be
        missed, and lost with the run. Older tickets decide as their histories do.
        """
        rules = self.ticket.rules
        if rules is not None and rules.traces:
            await workflow.wait_condition(lambda: True)  # asked once nothing else can go on

    def _at_rest(self) -> bool:
        under_way = self.escalating or self._projecting or self.untold
        return workflow.all_handlers_finished() and not under_way

    async def catch_up(self) -> None:
        """Add the clocks that a ticket of an older lifecycle lacks.

        The promise is due on the day the citizen was shown; a hold ends on its planned day.
        """
        ticket = self.ticket
        if ticket.lifecycle >= self.lifecycle or not ticket.open:
            return
        at, clocks = ticket.updated_at, list[Clock]()
        lead = ticket.lead
        if lead is not None and lead.open:
            handling = [
                c for c in ticket.clocks if c.name is ClockName.HANDLE and c.assignment == lead.n
            ]
            for shown in handling[-1:]:
                promise = await self.plan_clocks(
                    shown.started_at, ClockName.PROMISE, due_at=shown.due_at
                )
                clocks += [c.model_copy(update={"paused_at": shown.paused_at}) for c in promise]
            pause = lead.pause
            if pause is not None and pause.why == "hold" and pause.until is not None:
                clocks += await self.plan_clocks(
                    at, ClockName.HOLD, assignment=lead.n, due_at=pause.until
                )
        self.record_event(CarriedOn(lifecycle=self.lifecycle, clocks=clocks), at)
