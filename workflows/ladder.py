"""The ladder: clocks that climb by themselves, rung by rung, until their promise is kept."""

from datetime import datetime, timedelta

from temporalio import workflow

from domain.clocks import Clock, ClockName, Rung, RungKind
from domain.facts.anytime import RungClimbed
from domain.facts.closing import CallBackDue, Closed
from domain.plans import ClockQuestion
from domain.stages import Outcome
from workflows.asking import ask
from workflows.recording import Recording

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks

_AT_ONCE = timedelta(milliseconds=1)


class Ladder(Recording):
    """A recorded ticket whose clocks run."""

    async def climb(self) -> None:
        """The ladder: wait for the earliest rung of any clock, again and again.

        The timer is armed lazily: when a clock stops, it is left to fire in vain rather than be
        cancelled and set anew, and only an earlier rung replaces it.
        """
        while self.ticket.open:
            following = self.ticket.next_rung()
            if following is None:
                await workflow.wait_condition(
                    lambda: not self.ticket.open or self.ticket.next_rung() is not None
                )
                continue
            armed = following[1].at
            if await self._time_came(armed):
                reached = self.ticket.next_rung()
                if reached is not None and reached[1].at <= armed:
                    await self.reach(*reached)

    async def _time_came(self, armed: datetime) -> bool:
        """True when it is time; False when an earlier rung came up, or the ticket ended.

        A rung that is overdue gets a timer, too: whether there is one must not depend on
        `workflow.now()`, which a replay may see a little differently (ADR 0011).
        """
        try:
            await workflow.wait_condition(
                lambda: not self.ticket.open or self._earlier_than(armed),
                timeout=max(armed - workflow.now(), _AT_ONCE),
            )
        except TimeoutError:
            return True
        return False

    def _earlier_than(self, armed: datetime) -> bool:
        following = self.ticket.next_rung()
        return following is not None and following[1].at < armed

    async def reach(self, clock: Clock, rung: Rung) -> None:
        """One rung: an event, told to those it concerns; for the rating, what silence means."""
        assignment = clock.assignment
        unit = self.ticket.assignment(assignment).unit if assignment else None
        self.happen(
            RungClimbed(
                clock=clock.name,
                assignment=assignment,
                rung=rung.kind,
                due_at=clock.due_at,
                unit=unit,
                tells=rung.tells,
            ),
            rung.at,
        )
        if rung.kind is RungKind.DUE and clock.name is ClockName.RATE:
            clocks = await self.plan_clocks(rung.at, ClockName.CALL_BACK)
            self.happen_if_possible(CallBackDue(clocks=clocks), rung.at)
        elif rung.kind is RungKind.DUE and clock.name is ClockName.CALL_BACK:
            self.happen_if_possible(Closed(outcome=Outcome.UNRATED, reason="no_rating"), rung.at)
        await self.project()

    async def plan_clocks(
        self, at: datetime, *names: ClockName, assignment: int | None = None
    ) -> list[Clock]:
        """The named clocks of this ticket, started at `at`."""
        question = ClockQuestion(
            city=self.ticket.complaint.city,
            tier=self.ticket.tier,
            names=list(names),
            at=at,
            assignment=assignment,
        )
        return (await ask(Clocks.plan, question)).clocks
