"""Merging (并单): two tickets that notify each other by signals."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, TemporalError

from domain.activity_io import ExtensionQuestion, MergeQuestion
from domain.actors import SYSTEM, Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.commands.lookups import rules_of
from domain.commands.system_reasons import coded
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.intake import Classified
from domain.facts.merging import (
    AskedWithParent,
    ComplainantAdded,
    ComplainantJoined,
    ComplainantLeft,
    ComplainantUrged,
    ExtendedWithParent,
    HeldWithParent,
    Merged,
    ReclassifiedWithParent,
    RepliedWithParent,
    ResumedWithParent,
    Unmerged,
    UnmergedUnclassified,
)
from domain.messages import (
    MergedFacts,
    MergedTicket,
    MergedUrge,
    ParentExtended,
    ParentPause,
    ParentReclassified,
    ParentReply,
    ParentResumed,
    Parting,
)
from domain.model import Recorded
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.because import Because, ReasonCode, because, sentence
from domain.ticket.stages import Stage
from runtime.names import ticket_workflow_id
from workflows.calls import ask
from workflows.escalation import EscalatingTicket
from workflows.traces import result_arrived

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks
    from activities.merge import Merging

JOINED, LEFT = "joined", "left"
ADDED, URGED = "complainant_added", "complainant_urged"
ANSWERED, PARTED = "answered_with_parent", "parted"
PAUSED, RESUMED, EXTENDED = "parent_paused", "parent_resumed", "parent_extended"
RECLASSIFIED = "parent_reclassified"


async def merge(flow: EscalatingTicket, command: Merge, actor: Actor, at: datetime) -> None:
    """Check the merge, notify the other ticket, and record it."""
    own = workflow.patched("own-classification")  # asked first: no result is awaited before
    complaint = flow.ticket.complaint
    question = MergeQuestion(
        city=complaint.city,
        number=complaint.number,
        into=command.into,
        of_wrongdoing=flow.ticket.of_wrongdoing,
        member=command.incident is not None,
    )
    plan = await ask(Merging.check, question)
    clocks: list[Clock] = []
    if flow.lifecycle and not flow.ticket.promised:
        clocks = await flow.plan_clocks(flow.ticket.promised_since or at, ClockName.PROMISE)
    check(flow.ticket, command, actor, at)
    text, files = _said(flow)
    joined = MergedTicket(number=complaint.number, text=text, files=files, at=at)
    if flow.ticket.category is None or flow.ticket.tier is None:
        joined.category, joined.tier = plan.category, plan.tier
    # A member of an incident is answered by the incident's job: the lead is not told of each.
    if command.incident is None and not await tell(command.into, JOINED, joined):
        raise Refused("merge_target_ended", "The other ticket has ended.")
    try:
        check(flow.ticket, command, actor, at)
        merged = Merged(
            parent=command.into,
            category=plan.category,
            tier=plan.tier,
            reason=command.reason,
            own=own,
            clocks=clocks,
        )
        flow.record_event(merged, at, actor)
        flow.merged_at = at
    except Refused:  # it changed while the other one was notified, or became a parent itself
        if command.incident is not None:
            raise
        await tell(command.into, LEFT, MergedTicket(number=complaint.number, at=at))
        raise


def _said(flow: EscalatingTicket) -> tuple[str, list[str]]:
    """Return what the citizen has said so far, and the files, for the unit that handles it.

    Nothing of a report (举报): it may accuse that unit.
    """
    complaint = flow.ticket.complaint
    if flow.ticket.of_wrongdoing:
        return "", []
    added = flow.heard.of(complaint.number)
    texts = [complaint.text, *(said.text for said in added)]
    files = [*complaint.files, *(one for said in added for one in said.files)]
    return "\n".join(texts), list(dict.fromkeys(files))


async def unmerge(flow: EscalatingTicket, command: Unmerge, actor: Actor, at: datetime) -> None:
    fact = await _plan_unmerged(flow, command.reason, at)
    resumed = await flow.plan_resumed_with_parent(at)
    check(flow.ticket, command, actor, at)
    parent = flow.ticket.parent
    _record_unmerged(flow, fact, resumed, at, actor)
    await leave(flow, parent, at)


async def _plan_unmerged(
    flow: EscalatingTicket, reason: str, at: datetime, why: Sequence[Because] = ()
) -> Unmerged | UnmergedUnclassified:
    """Plan the end of a merge: with its own category and tier, or back to triage without any."""
    if flow.ticket.borrowed:
        return UnmergedUnclassified(
            reason=reason,
            because=list(why),
            clocks=await flow.plan_clocks(at, ClockName.TRIAGE),
        )
    before = _replaced(flow)
    return Unmerged(
        reason=reason,
        because=list(why),
        category=before.category if before else None,
        tier=before.tier if before else None,
        clocks=await flow.plan_clocks(at, ClockName.DISPATCH),
    )


def _replaced(flow: EscalatingTicket) -> Classified | None:
    """Return the classification that a merge of an earlier version replaced, if it is known."""
    classified: Classified | None = None
    for event in flow.events:
        if isinstance(event.fact, Merged) and event.fact.own:
            return None
        if isinstance(event.fact, Classified):
            classified = event.fact
    replaced = classified is not None and classified.category != flow.ticket.category
    return classified if replaced and workflow.patched("own-classification-again") else None


def _record_unmerged(
    flow: EscalatingTicket,
    unmerged: Unmerged | UnmergedUnclassified,
    resumed: list[Clock],
    at: datetime,
    actor: Actor = SYSTEM,
) -> None:
    """Record the end of a merge, after that of a pause that was the parent's."""
    ticket = flow.ticket
    if ticket.parent is not None and ticket.parent_pause is not None:
        going_on = ResumedWithParent(parent=ticket.parent, why="unmerged", clocks=resumed)
        flow.record_event(going_on, at)
    flow.record_event(unmerged, at, actor)


def go_apart(
    flow: EscalatingTicket, clocks: list[Clock], resumed: list[Clock], at: datetime, actor: Actor
) -> None:
    """Record the end of a merge because it accuses a unit; a person names the one that has it."""
    why = because(ReasonCode.ACCUSES)
    apart = Unmerged(
        reason=sentence([why]), because=coded(flow.ticket, [why]), by_hand=True, clocks=clocks
    )
    _record_unmerged(flow, apart, resumed, at, actor)


async def send_away(flow: EscalatingTicket, at: datetime) -> None:
    """Part from the tickets merged into this one: its answer would come to whoever sees them."""
    for number in list(flow.ticket.waiting):
        flow.record_if_allowed(ComplainantLeft(number=number), at)
        await _send_off(flow, number, because(ReasonCode.PARENT_APART), at)


async def pass_on(flow: EscalatingTicket, command: AddFacts, at: datetime) -> None:
    """Send what a merged citizen adds to the ticket that is worked on.

    Except from a report (举报): it may accuse the unit that works.
    """
    ticket = flow.ticket
    if ticket.stage is not Stage.MERGED or ticket.parent is None:
        return
    if ticket.of_wrongdoing:
        return
    if workflow.patched("facts-reach-the-parent"):
        facts = MergedFacts(
            number=ticket.complaint.number, text=command.text, files=command.files, at=at
        )
        await tell(ticket.parent, ADDED, facts)


async def pass_on_urge(flow: EscalatingTicket, command: Urge, at: datetime) -> None:
    """Send the urge of a merged citizen to the ticket that is worked on, except from a report."""
    ticket = flow.ticket
    if ticket.stage is not Stage.MERGED or ticket.parent is None or ticket.of_wrongdoing:
        return
    if workflow.patched("urging-reaches-the-parent"):
        urge = MergedUrge(number=ticket.complaint.number, text=command.text, at=at)
        await tell(ticket.parent, URGED, urge)


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
    # In a history from before there were rounds, the text of any earlier round was sent.
    by_rounds = ticket.rules is not None and ticket.rules.rounds
    answer = ticket.answer if by_rounds else ticket.reply
    for number in ticket.waiting:
        if answer is not None:
            reply = ParentReply(
                parent=ticket.complaint.number,
                text=answer,
                resolved=False,
                answered_by=ticket.handled,
                at=at,
            )
            await tell(number, ANSWERED, reply)
        else:
            await _send_off(flow, number, because(ReasonCode.PARENT_ENDED), at)


async def joined(flow: EscalatingTicket, merged: MergedTicket) -> bool:
    """Record that another ticket was merged into this one; if it is too late, send it back.

    Return whether it was recorded.
    """
    if flow.ticket.kept_from:  # it was accused after the merge was checked
        await _send_off(flow, merged.number, because(ReasonCode.PARENT_APART), merged.at)
        return False
    try:
        fact = ComplainantJoined(number=merged.number, text=merged.text, files=merged.files)
        flow.record_event(fact, merged.at)
    except Refused:
        await _send_off(flow, merged.number, because(ReasonCode.PARENT_ANSWERED), merged.at)
        return False
    return True


async def added(flow: EscalatingTicket, facts: MergedFacts) -> None:
    """Record what a merged citizen added, for the unit that handles it.

    It ends no question to the citizen of this ticket: a neighbour was not asked. Earlier versions
    took it for an answer.
    """
    with flow.receiving(facts.at):
        await flow.let_overdue_levels_come_first(facts.at)
        if facts.number not in flow.ticket.complainants or not flow.ticket.open:
            return
        fact = ComplainantAdded(number=facts.number, text=facts.text, files=facts.files)
        flow.record_if_allowed(fact, facts.at)
        if not rules_of(flow.ticket).one_asked:
            await flow.resume_answered(facts.at)


async def urged(flow: EscalatingTicket, urge: MergedUrge) -> None:
    """Record the urge of a merged citizen."""
    with flow.receiving(urge.at):
        await flow.let_overdue_levels_come_first(urge.at)
        if urge.number in flow.ticket.complainants and flow.ticket.open:
            fact = ComplainantUrged(number=urge.number, text=urge.text)
            flow.record_if_allowed(fact, urge.at)


def left(flow: EscalatingTicket, merged: MergedTicket) -> None:
    if merged.number in flow.ticket.complainants and flow.ticket.open:
        flow.record_if_allowed(ComplainantLeft(number=merged.number), merged.at)


async def answered(flow: EscalatingTicket, reply: ParentReply) -> None:
    """Record the answer of the ticket that this one waits for."""
    with flow.receiving(reply.at):
        clocks = await flow.plan_clocks(reply.at, ClockName.RATE)
        if flow.ticket.stage is Stage.MERGED and flow.ticket.parent == reply.parent:
            # A unit that a report (举报) may accuse gets no share of it.
            lead = reply.answered_by
            shared = lead is not None and not flow.ticket.of_wrongdoing
            fact = RepliedWithParent(
                parent=reply.parent,
                text=reply.text,
                resolved=reply.resolved,
                evidence=lead.result.evidence if lead and lead.result else [],
                answered_by=flow.ticket.answering_share(lead, reply.at)
                if lead and shared
                else None,
                clocks=clocks,
            )
            flow.record_event(fact, reply.at)


async def parted(flow: EscalatingTicket, parting: Parting) -> None:
    """Unmerge this ticket, as the one it waits for will not answer it."""
    why = coded(flow.ticket, parting.because)
    fact = await _plan_unmerged(flow, parting.reason, parting.at, why)
    resumed = await flow.plan_resumed_with_parent(parting.at)
    if flow.ticket.stage is Stage.MERGED and flow.ticket.parent == parting.parent:
        _record_unmerged(flow, fact, resumed, parting.at)


def paused(flow: EscalatingTicket, pause: ParentPause) -> None:
    """Record that the ticket that this one waits for stands still, and the promise with it."""
    if not _waits_for(flow, pause.parent):
        return
    fact: HeldWithParent | AskedWithParent
    if pause.why == "hold":
        fact = HeldWithParent(
            parent=pause.parent,
            reason=pause.text,
            until=pause.until,
            asked_at=pause.asked_at and _since_merged(flow, pause.asked_at, pause.at),
        )
    else:
        fact = AskedWithParent(parent=pause.parent, text=pause.text, until=pause.until)
    flow.record_if_allowed(fact, max(pause.at, flow.merged_at or pause.at))


async def resumed(flow: EscalatingTicket, resumption: ParentResumed) -> None:
    """Record that the ticket that this one waits for goes on."""
    pause = flow.ticket.parent_pause
    if pause is None or not _waits_for(flow, resumption.parent):
        return
    clocks = await flow.plan_resumed_with_parent(resumption.at)
    if flow.ticket.parent_pause is pause:
        fact = ResumedWithParent(parent=resumption.parent, why=resumption.why, clocks=clocks)
        flow.record_if_allowed(fact, resumption.at)


async def extended(flow: EscalatingTicket, extension: ParentExtended) -> None:
    """Extend the promise as the ticket that this one waits for was extended."""
    asked_at = _since_merged(flow, extension.asked_at, extension.at)
    while _waits_for(flow, extension.parent):
        promises = [clock.model_copy() for clock in flow.ticket.promises_running]
        clocks = await _plan_extended(flow, promises, extension, asked_at)
        if flow.ticket.promises_running == promises:
            fact = ExtendedWithParent(
                parent=extension.parent,
                reason=extension.reason,
                by=extension.by,
                asked_at=asked_at,
                clocks=clocks,
            )
            flow.record_if_allowed(fact, extension.at)
            return


async def _plan_extended(
    flow: EscalatingTicket,
    promises: list[Clock],
    extension: ParentExtended,
    asked_at: datetime,
) -> list[Clock]:
    """Plan the extended promise; none if it cannot move: beyond the year 9999."""
    clocks: list[Clock] = []
    for promise in promises:
        question = ExtensionQuestion(
            city=flow.ticket.complaint.city,
            pack=flow.pack,
            clock=promise,
            by=extension.by,
            at=extension.at,
            asked_at=asked_at,
        )
        try:
            clocks += (await ask(Clocks.extend, question)).clocks
        except ApplicationError as error:
            workflow.logger.error("no plan", extra={"code": error.type})
    return clocks


def reclassified(flow: EscalatingTicket, corrected: ParentReclassified) -> None:
    """Correct the classification that is borrowed of the ticket that this one waits for."""
    ticket = flow.ticket
    same = (ticket.category, ticket.tier) == (corrected.category, corrected.tier)
    if not _waits_for(flow, corrected.parent) or not ticket.borrowed or same:
        return
    fact = ReclassifiedWithParent(
        parent=corrected.parent,
        category=corrected.category,
        tier=corrected.tier,
        was_category=ticket.category,
        was_tier=ticket.tier,
    )
    flow.record_if_allowed(fact, max(corrected.at, flow.merged_at or corrected.at))


def _waits_for(flow: EscalatingTicket, parent: str) -> bool:
    return flow.ticket.stage is Stage.MERGED and flow.ticket.parent == parent


def _since_merged(flow: EscalatingTicket, asked_at: datetime, at: datetime) -> datetime:
    """Return when a request began to count here: what was late before the merge stays late."""
    return max(asked_at, flow.merged_at) if flow.merged_at is not None else at


async def _send_off(flow: EscalatingTicket, number: str, why: Because, at: datetime) -> None:
    parent = flow.ticket.complaint.number
    parting = Parting(parent=parent, reason=sentence([why]), because=[why], at=at)
    await tell(number, PARTED, parting)


async def tell(number: str, signal: str, recorded: Recorded) -> bool:
    """Signal another ticket; return False when it has ended."""
    told = await deliver(number, signal, recorded)
    result_arrived()
    return told


async def deliver(number: str, signal: str, recorded: Recorded) -> bool:
    """Signal another ticket as `tell` does; whoever waits for several says that they are told."""
    try:
        await workflow.get_external_workflow_handle(ticket_workflow_id(number)).signal(
            signal, recorded
        )
    except (FailureError, TemporalError):
        workflow.logger.info("another ticket could not be told", extra={"signal": signal})
        return False
    return True
