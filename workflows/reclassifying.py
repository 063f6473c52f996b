"""Correction of a classification: new clocks, and another unit where one is named."""

from datetime import datetime

from temporalio import workflow

from domain.activity_io import DispatchPlan, ReclassifyPlan, ReclassifyQuestion, TriageQuestion
from domain.actors import Actor
from domain.commands.intake.reclassify import Reclassify
from domain.facts.intake import Reassigned
from domain.policy.decide import reclassified
from domain.policy.guards import check
from workflows import assigning
from workflows.calls import ask
from workflows.escalation import EscalatingTicket

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks
    from activities.dispatch import Dispatch
    from activities.triage import TriageActivities as TriageActivity


async def reclassify(
    flow: EscalatingTicket, command: Reclassify, actor: Actor, at: datetime
) -> None:
    """Correct the classification, and send the ticket to another unit where one is named."""
    ticket = flow.ticket
    triaged = await ask(
        TriageActivity.triage,
        TriageQuestion(
            complaint=ticket.complaint,
            pack=flow.pack,
            at=at,
            category=command.category,
            area=ticket.area,
            unit=command.unit,
        ),
    )
    plan, lead = await _planned(flow, command, actor, at)
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
    if lead is None or command.unit is None:
        flow.record_event(corrected, at, actor)
        return
    current = ticket.current
    moved = Reassigned(
        assignment=current.n if current else None, unit=command.unit, reason=command.reason
    )
    flow.record_event(moved, at, actor)  # first: it is refused where a unit has just handed in
    flow.record_event(corrected, at, actor)
    assigning.assign(flow, lead, at, actor)


async def _planned(
    flow: EscalatingTicket, command: Reclassify, actor: Actor, at: datetime
) -> tuple[ReclassifyPlan, DispatchPlan | None]:
    """Return the new clocks, and the share of the named unit if there is one.

    Planned again if a clock or a share changed meanwhile.
    """
    ticket = flow.ticket
    while True:
        running = [clock.model_copy() for clock in ticket.clocks if clock.running]
        shares = [share.model_copy() for share in ticket.opened]
        question = ReclassifyQuestion(
            city=ticket.complaint.city,
            pack=flow.pack,
            category=command.category,
            was_category=ticket.category,
            tier=command.tier,
            shares=[] if command.unit is not None else shares,
            clocks=running,
            moved=ticket.promise_moved,
            longer=command.longer,
            promised=bool(flow.lifecycle),
            at=at,
        )
        plan = await ask(Clocks.reclassify, question)
        lead = None
        if command.unit is not None:
            asked = assigning.question_of(flow, command.unit, at).model_copy(
                update={"category": command.category, "tier": plan.tier}
            )
            lead = await ask(Dispatch.dispatch, asked)
        check(ticket, command, actor, at)
        if shares == ticket.opened and running == [c for c in ticket.clocks if c.running]:
            return plan, lead
