"""Commands that need a plan from outside (a route, a due time, a known code) before they are facts.

Each handler asks first and records after. Between the two the ticket may have moved on; recording
checks the table again, so that the second of two officers is refused and nothing is half-done.
"""

from datetime import datetime

from temporalio import workflow

from domain.actors import Actor
from domain.clocks import ClockName
from domain.commands import Conclude, Decide, Extend, Reassign, Return, Triage
from domain.decisions import asked, assignment_of, check
from domain.facts.handling import (
    ExtensionAsked,
    ExtensionGranted,
    ExtensionRefused,
    ReturnAsked,
    Returned,
    ReturnRefused,
)
from domain.facts.intake import Assigned, Classified, Reassigned
from domain.plans import (
    DispatchPlan,
    DispatchQuestion,
    ExtensionQuestion,
    ReasonQuestion,
    TriageQuestion,
)
from domain.refusals import Refused
from workflows.asking import ask
from workflows.ladder import Ladder

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks
    from activities.dispatch import Dispatch
    from activities.reasons import Reasons
    from activities.triage import Triage as TriageActivity


async def triage(flow: Ladder, command: Triage, actor: Actor, at: datetime) -> None:
    question = TriageQuestion(
        complaint=flow.ticket.complaint,
        at=at,
        category=command.category,
        area=command.area,
        unit=command.unit,
    )
    plan = await ask(TriageActivity.triage, question)
    flow.happen(
        Classified(
            category=command.category,
            tier=plan.tier or "",
            complaint_kind=command.kind,
            area=command.area,
            unit=command.unit,
            why=command.note or plan.why,
            clocks=plan.clocks,
        ),
        at,
        actor,
    )


async def reassign(flow: Ladder, command: Reassign, actor: Actor, at: datetime) -> None:
    plan = await plan_dispatch(flow, command.unit, at)
    check(flow.ticket, command, actor, at)
    current = flow.ticket.current
    taken_from = current.n if current else None
    flow.happen(
        Reassigned(assignment=taken_from, unit=command.unit, reason=command.reason), at, actor
    )
    assign(flow, plan, at, actor)


async def plan_dispatch(flow: Ladder, unit: str | None, at: datetime) -> DispatchPlan:
    """The unit that was named, else the one that the responsibilities name; with its clocks."""
    question = DispatchQuestion(
        city=flow.ticket.complaint.city,
        category=flow.ticket.category or "",
        tier=flow.ticket.tier or "",
        area=flow.ticket.area,
        unit=unit,
        assignment=len(flow.ticket.assignments) + 1,
        at=at,
    )
    return await ask(Dispatch.dispatch, question)


def assign(flow: Ladder, plan: DispatchPlan, at: datetime, actor: Actor) -> None:
    """Record that a unit has it, as planned."""
    flow.happen(
        Assigned(
            assignment=len(flow.ticket.assignments) + 1,
            unit=plan.unit,
            queue=plan.queue,
            heartbeats=plan.heartbeats,
            why=plan.why,
            clocks=plan.clocks,
        ),
        at,
        actor,
    )


async def return_(flow: Ladder, command: Return, actor: Actor, at: datetime) -> None:
    question = ReasonQuestion(city=flow.ticket.complaint.city, kind="return", code=command.ground)
    await ask(Reasons.check, question)
    n = assignment_of(flow.ticket, command).n
    clocks = await flow.plan_clocks(at, ClockName.DECIDE, assignment=n)
    check(flow.ticket, command, actor, at)
    flow.happen(
        ReturnAsked(assignment=n, ground=command.ground, reason=command.reason, clocks=clocks),
        at,
        actor,
    )


async def extend(flow: Ladder, command: Extend, actor: Actor, at: datetime) -> None:
    n = assignment_of(flow.ticket, command).n
    clocks = await flow.plan_clocks(at, ClockName.DECIDE, assignment=n)
    check(flow.ticket, command, actor, at)
    flow.happen(
        ExtensionAsked(assignment=n, by=command.by, reason=command.reason, clocks=clocks), at, actor
    )


async def decide(flow: Ladder, command: Decide, actor: Actor, at: datetime) -> None:
    waiting = asked(flow.ticket)
    if waiting is None or waiting.asked is None:
        raise Refused("nothing_asked", "No return or extension is waiting for a decision.")
    n, request = waiting.n, waiting.asked
    if request.what == "extension":
        await _decide_extension(flow, command, actor, at, n, request.by or "")
    elif not command.approve:
        flow.happen(ReturnRefused(assignment=n, reason=command.reason), at, actor)
    elif command.unit is None:
        clocks = await flow.plan_clocks(at, ClockName.DISPATCH)
        check(flow.ticket, command, actor, at)
        flow.happen(Returned(assignment=n, reason=command.reason, clocks=clocks), at, actor)
    else:
        plan = await plan_dispatch(flow, command.unit, at)
        check(flow.ticket, command, actor, at)
        flow.happen(Returned(assignment=n, reason=command.reason, unit=command.unit), at, actor)
        assign(flow, plan, at, actor)


async def _decide_extension(
    flow: Ladder, command: Decide, actor: Actor, at: datetime, n: int, by: str
) -> None:
    if not command.approve:
        flow.happen(ExtensionRefused(assignment=n, reason=command.reason), at, actor)
        return
    clock = flow.ticket.running(ClockName.HANDLE, n)
    question = ExtensionQuestion(city=flow.ticket.complaint.city, clock=clock, by=by)
    plan = await ask(Clocks.extend, question)
    check(flow.ticket, command, actor, at)
    flow.happen(
        ExtensionGranted(assignment=n, reason=command.reason, clocks=plan.clocks), at, actor
    )


async def check_conclusion(flow: Ladder, command: Conclude) -> None:
    """Refuse a reason that the pack does not know."""
    if command.outcome == "declined":
        kind = "decline"
    elif command.outcome == "referred":
        kind = "refer"
    else:
        return
    await ask(
        Reasons.check,
        ReasonQuestion(
            city=flow.ticket.complaint.city,
            kind="decline" if kind == "decline" else "refer",
            code=command.reason or "",
        ),
    )
