"""Shares: planning the unit of a share, and recording the assignment."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.activity_io import DispatchPlan, DispatchQuestion
from domain.actors import Actor
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.reassign import Reassign
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.lookups import rules_of
from domain.deadlines.registry import ClockName
from domain.facts.intake import Assigned, Reassigned
from domain.facts.joint import Delegated, Intervened, Whistled
from domain.messages import Command
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, AssignmentPlan, Share
from domain.ticket.preconditions import startable
from workflows.calls import ask, ask_until_answered
from workflows.escalation import EscalatingTicket
from workflows.turns import PATIENCE

with workflow.unsafe.imports_passed_through():
    from activities.dispatch import Dispatch


_OF_THE_TICKET = (ClockName.PROMISE, ClockName.ORDER)
"""The clocks that are planned with a share and are not its own."""


async def plan_lead(flow: EscalatingTicket, unit: str | None, at: datetime) -> DispatchPlan:
    """Plan the lead share of the named unit, else of the unit the responsibilities name."""
    return await _planned(question_of(flow, unit, at))


async def plan_verifier(flow: EscalatingTicket, unit: str, at: datetime) -> DispatchPlan:
    """Plan the share of the unit that verifies on the spot; `unit` as in the pack (@street)."""
    question = question_of(flow, unit, at).model_copy(update={"share": Share.VERIFY})
    try:
        return await ask(Dispatch.dispatch, question)
    except ApplicationError:  # the pack's unit is gone: the responsible unit verifies
        return await _planned(question.model_copy(update={"unit": None}))


async def _planned(question: DispatchQuestion) -> DispatchPlan:
    """Request a plan, repeatedly unless a command or a named unit is involved."""
    if PATIENCE.get() is not None or question.unit is not None:
        return await ask(Dispatch.dispatch, question)
    if question.kept_from:
        try:
            return await ask(Dispatch.dispatch, question)
        except ApplicationError as error:
            if error.type == "accused_unit":  # of every unit that the rules name: a person decides
                raise
    return await ask_until_answered(Dispatch.dispatch, question)


def question_of(flow: EscalatingTicket, unit: str | None, at: datetime) -> DispatchQuestion:
    ticket = flow.ticket
    return DispatchQuestion(
        city=ticket.complaint.city,
        pack=flow.pack,
        category=ticket.category or "",
        tier=ticket.tier or "",
        area=ticket.area,
        unit=unit,
        assignment=ticket.assignment_count + 1,
        at=at,
        place=ticket.complaint.place,
        accused=ticket.accused or [],
        kept_from=ticket.kept_from,
        promise=bool(flow.lifecycle) and ticket.promise_unsettled,
        promise_from=ticket.promised_since,
        orders=ticket.orders_unanswered if rules_of(ticket).preconditions else [],
    )


def assign(flow: EscalatingTicket, plan: DispatchPlan, at: datetime, actor: Actor) -> None:
    """Record the planned unit as the lead."""
    assignment_plan = plan_fields(flow, plan)
    flow.record_event(
        Assigned(**{name: getattr(assignment_plan, name) for name in AssignmentPlan.model_fields}),
        at,
        actor,
    )


def plan_fields(
    flow: EscalatingTicket, plan: DispatchPlan, share: Share = Share.LEAD
) -> AssignmentPlan:
    """Return the planned share with its current number: others may have been recorded meanwhile.

    Without the clocks whose precondition does not hold.
    """
    n = flow.ticket.assignment_count + 1
    values = {name: getattr(plan, name) for name in AssignmentPlan.model_fields}
    planned = startable(flow.ticket, flow.ticket.without_needless_promise(plan.clocks), share)
    clocks = [
        clock.model_copy(update={"assignment": n})
        for clock in planned
        if clock.name not in _OF_THE_TICKET
    ]
    clocks += [clock for clock in planned if clock.name in _OF_THE_TICKET]
    return AssignmentPlan(**values | {"assignment": n, "clocks": clocks})


async def reassign(flow: EscalatingTicket, command: Reassign, actor: Actor, at: datetime) -> None:
    plan = await plan_lead(flow, command.unit, at)
    check(flow.ticket, command, actor, at)
    current = flow.ticket.current
    taken_from = current.n if current else None
    flow.record_event(
        Reassigned(assignment=taken_from, unit=command.unit, reason=command.reason), at, actor
    )
    assign(flow, plan, at, actor)


async def intervene(flow: EscalatingTicket, command: Intervene, actor: Actor, at: datetime) -> None:
    plan = await plan_lead(flow, command.unit, at)
    check(flow.ticket, command, actor, at)
    flow.record_event(Intervened(unit=command.unit, reason=command.reason), at, actor)
    assign(flow, plan, at, actor)


async def whistle(flow: EscalatingTicket, command: Whistle, actor: Actor, at: datetime) -> None:
    lead = command.share_in(flow.ticket, actor)
    first, shares = flow.ticket.assignment_count, list[AssignmentPlan]()
    for n, call in enumerate(command.units, first + 1):
        shares.append(await _plan_help(flow, lead, call, n, at))
    _still(flow, command, actor, at, first)
    whistled = Whistled(
        assignment=lead.n, ground=command.ground, reason=command.reason, shares=shares
    )
    flow.record_event(whistled, at, actor)


async def delegate(flow: EscalatingTicket, command: Delegate, actor: Actor, at: datetime) -> None:
    above = command.share_in(flow.ticket, actor)
    first = flow.ticket.assignment_count
    call = Call(unit=command.unit, task=command.task, limit=command.limit)
    share = await _plan_help(flow, above, call, first + 1, at, below=above.unit)
    _still(flow, command, actor, at, first)
    flow.record_event(Delegated(assignment=above.n, reason=command.task, share=share), at, actor)


async def _plan_help(
    flow: EscalatingTicket,
    delegator: Assignment,
    call: Call,
    n: int,
    at: datetime,
    below: str | None = None,
) -> AssignmentPlan:
    """Plan a co-handler's or (`below`) a delegate's share, due no later than `delegator`."""
    due = [
        clock.due_at
        for clock in flow.ticket.clocks
        if clock.running and clock.assignment == delegator.n and clock.name is ClockName.HANDLE
    ]
    share = Share.DELEGATE if below else Share.CO
    question = question_of(flow, call.unit, at).model_copy(
        update={
            "assignment": n,
            "share": share,
            "task": call.task,
            "limit": call.limit,
            "below": below,
            "no_later_than": due[0] if due else None,
        }
    )
    plan = await ask(Dispatch.dispatch, question)
    clocks = startable(flow.ticket, plan.clocks, share)
    values = {name: getattr(plan, name) for name in AssignmentPlan.model_fields}
    return AssignmentPlan(**values | {"assignment": n, "clocks": clocks})


def _still(
    flow: EscalatingTicket, command: Command, actor: Actor, at: datetime, first: int
) -> None:
    """Refuse the command if another share was given out while its own were planned."""
    check(flow.ticket, command, actor, at)
    if flow.ticket.assignment_count != first:
        raise Refused("overtaken", "Somebody else gave out a share in the same moment: try again.")
