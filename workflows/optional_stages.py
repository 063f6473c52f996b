"""Optional stages: verification, arbitration, merge, aftercare; and escalation by severity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from temporalio.exceptions import ApplicationError

from domain.commands.base import ClockNeed
from domain.commands.joint.raise_level import raised
from domain.commands.lookups import rules_of
from domain.commands.may_have import may_have
from domain.commands.supervising.supervise import order
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.aftercare import WatchEnded
from domain.facts.returning import ArbitrationCalled
from domain.facts.verifying import VerificationRequested
from domain.facts.wrongdoing import NobodyLeft
from domain.policy.decide import above_threshold, arbitration_due, watch_over
from domain.ticket.assignment import Share
from domain.ticket.because import ReasonCode, because
from domain.ticket.rules_snapshot import Escalation
from domain.ticket.stages import Stage
from workflows import assigning
from workflows.unit_work import AssignedTicket


class StagedTicket(AssignedTicket):
    """A ticket with its optional stages."""

    async def aside(self) -> None:
        """Wait in an optional stage (核查, 协调, 并单, 回头看) until it is over."""
        match self.ticket.stage:
            case Stage.VERIFY:
                await self.work(Stage.VERIFY)
            case Stage.ARBITRATE | Stage.MERGED as stage:
                await self.until(lambda: self.ticket.stage is not stage)
            case Stage.AFTERCARE:
                await self.until(
                    lambda: self.ticket.stage is not Stage.AFTERCARE or watch_over(self.ticket)
                )
                if watch_over(self.ticket):
                    self.record_event(WatchEnded(), self.ticket.updated_at)
            case _:
                pass

    async def ask_to_verify(
        self, unit: str, before: Literal["filing", "closing"], clocks: Sequence[Clock] = ()
    ) -> None:
        """Request a verification on the spot (核查). `clocks`: those of the answer meanwhile."""
        at, stage, known = self.ticket.updated_at, self.ticket.stage, self.reclassified
        try:
            plan = await assigning.plan_verifier(self, unit, at)
        except ApplicationError:  # it accuses every unit of the city
            await self.leave_to_a_person(at)
            return
        unchanged = self.ticket.stage is stage and self.reclassified == known
        if unchanged and may_have(self.ticket, plan.unit):
            share = assigning.plan_fields(self, plan, Share.VERIFY)
            self.record_event(
                VerificationRequested(before=before, share=share, clocks=list(clocks)), at
            )

    async def leave_to_a_person(self, at: datetime) -> None:
        """Record that no unit which the rules name may have it, and watch over the choice."""
        watched = any(one.name is ClockName.DISPATCH and one.running for one in self.ticket.clocks)
        choosing = self.ticket.stage is Stage.DISPATCH and not watched
        clocks = await self.plan_clocks(at, ClockName.DISPATCH) if choosing else []
        self.record_if_allowed(NobodyLeft(clocks=clocks), at)

    async def call_arbitration(self) -> None:
        at = self.ticket.updated_at
        clocks = await self.plan_clocks(at, ClockName.ARBITRATE)
        if self.ticket.stage is Stage.DISPATCH and arbitration_due(self.ticket):
            self.record_event(ArbitrationCalled(returns=self.ticket.returns, clocks=clocks), at)

    async def escalate(self) -> None:
        """Escalate a ticket above the severity threshold, once: one level up, or an order."""
        at, lead = self.ticket.updated_at, self.ticket.lead
        higher = rules_of(self.ticket).escalate is Escalation.RAISE and lead and lead.above
        why = because(ReasonCode.SEVERITY, severity=self.ticket.severity)
        if higher:
            clocks = await self.plan_clocks(at, ClockName.DISPATCH)
        else:
            clocks = await self.plan_clocks(at, need=ClockNeed(ClockName.ORDER))
        if self.ticket.stage is not Stage.HANDLE or not above_threshold(self.ticket):
            return
        if self.ticket.lead is not lead:
            return  # another unit leads by now: `handle` calls this again
        if higher:
            self.record_if_allowed(raised(self.ticket, why, clocks, escalated=True), at)
        else:
            self.record_event(order(self.ticket, why, clocks, escalated=True), at)
