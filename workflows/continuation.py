"""Commands in turn, and a ticket that goes on in a new run before a limit of the engine is reached.

See `runtime.engine_limits` for the numbers, and ADR 0021 for why.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

from domain.actors import SYSTEM, Actor
from domain.commands.messages import Act
from domain.continuation import Carried
from domain.deadlines.clocks import Clock, ClockName
from domain.events import Fact
from domain.facts.anytime import CarriedOn
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from runtime.engine_limits import Used, near_a_limit
from workflows import handlers
from workflows.optional_stages import Aside
from workflows.turns import PATIENCE, Turns

_AHEAD = timedelta(seconds=5)
"""How far a door's clock may be ahead of the engine's before it is not believed."""

_REMEMBERED = 200
"""Commands whose ids the next run knows: whoever sends one again is answered, not obeyed twice."""

_MUST = 1.25
"""Of those limits: then no department's program is waited for, which is asked a second time."""


_A_MOMENT = timedelta(milliseconds=1)
"""Until the next task, in which everything that came with the last one has been told."""


class Carrying(Aside):
    """A ticket that is carried from run to run, and takes its commands one after another."""

    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)
        self.turns = Turns()
        self.updates = 0
        self.signals = 0
        self.told_to_carry_on = False
        self._full = False
        carried = self.carried
        self.update_ids = list(carried.update_ids) if carried else []
        self.rating_keys = list(carried.rating_keys) if carried else []

    # --- commands -----------------------------------------------------------------------------

    def check_time(self, act: Act) -> None:
        """Refuse what comes too late, or from a clock that is not to be believed.

        Raises:
            Refused: `too_late`, `clock_differs`; `carrying_on`: send it again in a moment.
        """
        now = workflow.now()
        if act.until is not None and now > act.until:
            raise Refused("too_late", "It came too late, and was not carried out.")
        if act.until is not None and act.at is not None and act.at > now + _AHEAD:
            raise Refused("clock_differs", "The clock of the door is ahead of the engine's.")
        if self.carrying_on:
            raise Refused("carrying_on", "The ticket is being carried on: send it again.")

    def carried_out_before(self) -> bool:
        """Whether an earlier run carried this update out: the engine knows only those of this one.

        It is answered and not refused, however late it is asked again.
        """
        info = workflow.current_update_info()
        return info is not None and info.id in self.update_ids

    async def in_turn(self, act: Act, at: datetime) -> None:
        """Carry a command out when it is its turn, by the ticket as it is then."""
        self.updates += 1
        self._look_at_limits()
        if self.carried_out_before():
            return
        info = workflow.current_update_info()
        async with self.turns.turn(act.command):
            await self._take_finished()
            patience = PATIENCE.get()
            if patience is not None and self.behind(at):
                await patience.wait(lambda: not self.behind(at))
            check(self.ticket, act.command, act.actor, at)
            await handlers.give(self, act.command, act.actor, at)
        if info is not None:
            self.update_ids = [*self.update_ids, info.id][-_REMEMBERED:]

    async def _take_finished(self) -> None:
        """Let what units have handed in be recorded first."""
        # What the engine told before this command. A result that it tells with it, in the same
        # task, comes after it: what it finds ended then is kept as overtaken.
        for _ in range(3):
            await asyncio.sleep(0)
        patience = PATIENCE.get()
        if self.finished() and patience is not None:
            await patience.wait(lambda: not self.finished())

    # --- a new run ----------------------------------------------------------------------------

    @property
    def carrying_on(self) -> bool:
        if not self._full and not self.told_to_carry_on:
            return False
        programs = any(assignment.heartbeats for assignment in self.ticket.opened)
        return not programs or self.told_to_carry_on or near_a_limit(self._used(), _MUST)

    def happen(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        super().happen(fact, at, actor)
        self._look_at_limits()

    def _look_at_limits(self) -> None:
        """Decide here, and not whenever somebody looks: a replay decides at the same place."""
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
        """End this run and begin the next, once nothing is under way; else return, and live on.

        A message that comes in this very moment makes the engine refuse the end of the run: it is
        then taken first.
        """
        while True:
            await workflow.wait_condition(self._at_rest)
            # In one task the engine's library lets messages be dealt with before it tells results:
            # whoever goes on at once never sees what a unit handed in meanwhile.
            await workflow.sleep(_A_MOMENT)
            if self._at_rest():
                break
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
            )
        )

    def _at_rest(self) -> bool:
        return workflow.all_handlers_finished() and not self.climbing and not self._projecting

    async def catch_up(self) -> None:
        """Give a ticket of an older lifecycle the clocks that it did not have.

        The citizen's promise is the day that they have been shown; a hold ends when it was to end.
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
        self.happen(CarriedOn(lifecycle=self.lifecycle, clocks=clocks), at)
