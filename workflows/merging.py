"""Merging (并单): two tickets that notify each other by signals."""

from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError, TemporalError

from domain.activity_io import MergeQuestion
from domain.actors import Actor
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.commands.system_reasons import coded
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.merging import (
    ComplainantJoined,
    ComplainantLeft,
    Merged,
    RepliedWithParent,
    Unmerged,
)
from domain.messages import MergedTicket, ParentReply, Parting
from domain.model import Recorded
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.because import Because, ReasonCode, because, sentence
from domain.ticket.stages import Stage
from runtime.names import ticket_workflow_id
from workflows.calls import ask
from workflows.escalation import EscalatingTicket

with workflow.unsafe.imports_passed_through():
    from activities.merge import Merging

JOINED, LEFT, ANSWERED, PARTED = "joined", "left", "answered_with_parent", "parted"


async def merge(flow: EscalatingTicket, command: Merge, actor: Actor, at: datetime) -> None:
    """Check the merge, notify the other ticket, and record it."""
    complaint = flow.ticket.complaint
    question = MergeQuestion(city=complaint.city, number=complaint.number, into=command.into)
    plan = await ask(Merging.check, question)
    clocks: list[Clock] = []
    if flow.lifecycle and not flow.ticket.promised:
        clocks = await flow.plan_clocks(at, ClockName.PROMISE)
    check(flow.ticket, command, actor, at)
    joined = MergedTicket(number=complaint.number, at=at)
    if not await tell(command.into, JOINED, joined):
        raise Refused("merge_target_ended", "The other ticket has ended.")
    try:
        check(flow.ticket, command, actor, at)
        merged = Merged(
            parent=command.into,
            category=plan.category,
            tier=plan.tier,
            reason=command.reason,
            clocks=clocks,
        )
        flow.record_event(merged, at, actor)
    except Refused:  # it changed while the other one was notified, or became a parent itself
        await tell(command.into, LEFT, joined)
        raise


async def unmerge(flow: EscalatingTicket, command: Unmerge, actor: Actor, at: datetime) -> None:
    clocks = await flow.plan_clocks(at, ClockName.DISPATCH)
    check(flow.ticket, command, actor, at)
    parent = flow.ticket.parent
    flow.record_event(Unmerged(reason=command.reason, clocks=clocks), at, actor)
    await leave(flow, parent, at)


async def leave(flow: EscalatingTicket, parent: str | None, at: datetime) -> None:
    """Notify the ticket it was merged into that it no longer waits."""
    if parent is not None:
        await tell(parent, LEFT, MergedTicket(number=flow.ticket.complaint.number, at=at))


async def answer(flow: EscalatingTicket, numbers: Iterable[str], reply: ParentReply) -> None:
    """Send the answer to the tickets that wait for it."""
    for number in numbers:
        await tell(number, ANSWERED, reply)


async def part(flow: EscalatingTicket, at: datetime) -> None:
    """Answer or unmerge the tickets that still wait when this one ends."""
    ticket = flow.ticket
    for number in ticket.waiting:
        if ticket.reply is not None:
            reply = ParentReply(
                parent=ticket.complaint.number, text=ticket.reply, resolved=False, at=at
            )
            await tell(number, ANSWERED, reply)
        else:
            await _send_off(flow, number, because(ReasonCode.PARENT_ENDED), at)


async def joined(flow: EscalatingTicket, merged: MergedTicket) -> None:
    """Record that another ticket was merged into this one; if it is too late, send it back."""
    try:
        flow.record_event(ComplainantJoined(number=merged.number), merged.at)
    except Refused:
        await _send_off(flow, merged.number, because(ReasonCode.PARENT_ANSWERED), merged.at)


def left(flow: EscalatingTicket, merged: MergedTicket) -> None:
    if merged.number in flow.ticket.complainants and flow.ticket.open:
        flow.record_if_allowed(ComplainantLeft(number=merged.number), merged.at)


async def answered(flow: EscalatingTicket, reply: ParentReply) -> None:
    """Record the answer of the ticket that this one waits for."""
    with flow.receiving(reply.at):
        clocks = await flow.plan_clocks(reply.at, ClockName.RATE)
        if flow.ticket.stage is Stage.MERGED and flow.ticket.parent == reply.parent:
            fact = RepliedWithParent(
                parent=reply.parent, text=reply.text, resolved=reply.resolved, clocks=clocks
            )
            flow.record_event(fact, reply.at)


async def parted(flow: EscalatingTicket, parting: Parting) -> None:
    """Unmerge this ticket, as the one it waits for will not answer it."""
    clocks = await flow.plan_clocks(parting.at, ClockName.DISPATCH)
    if flow.ticket.stage is Stage.MERGED and flow.ticket.parent == parting.parent:
        fact = Unmerged(
            reason=parting.reason, because=coded(flow.ticket, parting.because), clocks=clocks
        )
        flow.record_event(fact, parting.at)


async def _send_off(flow: EscalatingTicket, number: str, why: Because, at: datetime) -> None:
    parent = flow.ticket.complaint.number
    parting = Parting(parent=parent, reason=sentence([why]), because=[why], at=at)
    await tell(number, PARTED, parting)


async def tell(number: str, signal: str, recorded: Recorded) -> bool:
    """Signal another ticket; return False when it has ended."""
    try:
        await workflow.get_external_workflow_handle(ticket_workflow_id(number)).signal(
            signal, recorded
        )
    except (FailureError, TemporalError):
        workflow.logger.info("another ticket could not be told", extra={"signal": signal})
        return False
    return True
