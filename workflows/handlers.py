"""Command handlers. Most commands become facts at once; some need a plan from an activity first.

Each handler requests its plan first and records afterwards. Between the two the ticket may have
changed; recording checks the table again, so that the second of two officers is refused and
nothing is half-done.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from temporalio import workflow

from domain.activity_io import (
    AccuseQuestion,
    ExtensionQuestion,
    ReasonQuestion,
    ReplanQuestion,
    SettleQuestion,
    TriageQuestion,
)
from domain.actors import SYSTEM, Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.leave_contact import LeaveContact
from domain.commands.citizens.open_contact import OpenContact
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.accuse import Accuse, accusation
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.reclassify import Reclassify
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Whistle
from domain.commands.lookups import asking
from domain.commands.supervising.appoint import Appoint
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.replan import Replan
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.units.return_ticket import Return, return_bar
from domain.commands.units.review import Review
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts import aftercare, handling, returning, waiting
from domain.facts.anytime import Appointed, FactsAdded, InspectionsOpened
from domain.facts.intake import Classified
from domain.facts.joint import Overridden
from domain.facts.wrongdoing import Accused
from domain.messages import Command
from domain.policy.decide import accused_facts, replanned
from domain.policy.guards import check
from domain.refusals import Refused
from domain.ticket.assignment import Request
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from workflows import assigning, merging, reclassifying
from workflows.calls import ask
from workflows.escalation import EscalatingTicket

with workflow.unsafe.imports_passed_through():
    from activities.clocks import Clocks
    from activities.reasons import ReasonActivities
    from activities.settle import Settle
    from activities.triage import TriageActivities as TriageActivity


async def give(flow: EscalatingTicket, command: Command, actor: Actor, at: datetime) -> None:
    """Carry a command out. Raises Refused if it is not permitted."""
    await _check_reason(flow, command, actor)
    await _HANDLERS.get(type(command), _plain)(flow, command, actor, at)


async def _check_reason(flow: EscalatingTicket, command: Command, actor: Actor) -> None:
    """Refuse a reason that the pack does not know."""
    reason = command.reason_code()
    if reason is None or (isinstance(command, Return) and _bar(flow, command, actor)):
        return
    kind, code = reason
    city = flow.ticket.complaint.city
    await ask(
        ReasonActivities.check, ReasonQuestion(city=city, pack=flow.pack, kind=kind, code=code)
    )


async def _plain(flow: EscalatingTicket, command: Command, actor: Actor, at: datetime) -> None:
    """Carry out a command whose facts need at most a clock."""
    need = command.clock_need(flow.ticket, actor)
    clocks = await flow.plan_clocks(at, need=need) if need is not None else []
    check(flow.ticket, command, actor, at)
    for fact in command.facts(flow.ticket, actor, clocks):
        flow.record_event(fact, at, actor)


async def _planned_for(
    flow: EscalatingTicket, command: Command, actor: Actor, at: datetime
) -> list[Clock]:
    """Plan the clock that a command needs, again if another unit has the ticket meanwhile."""
    need = command.clock_need(flow.ticket, actor)
    while need is not None:
        clocks = await flow.plan_clocks(at, need=need)
        need, planned = command.clock_need(flow.ticket, actor), need
        if need == planned:
            return clocks
    return []


async def _reach_citizen(
    flow: EscalatingTicket, command: OpenContact | LeaveContact, actor: Actor, at: datetime
) -> None:
    clocks = await _planned_for(flow, command, actor, at)
    check(flow.ticket, command, actor, at)
    for fact in command.facts(flow.ticket, actor, clocks):
        flow.record_event(fact, at, actor)


def _bar(flow: EscalatingTicket, command: Return, actor: Actor) -> Refused | None:
    return return_bar(flow.ticket, command.share_in(flow.ticket, actor))


async def _return(flow: EscalatingTicket, command: Return, actor: Actor, at: datetime) -> None:
    """Record a return; one that is barred, even during planning, is recorded and refused."""
    clocks: list[Clock] = []
    if _bar(flow, command, actor) is None:
        need = command.clock_need(flow.ticket, actor)
        clocks = await flow.plan_clocks(at, need=need)
        check(flow.ticket, command, actor, at)
    barred = _bar(flow, command, actor)
    for fact in command.facts(flow.ticket, actor, clocks):
        flow.record_event(fact, at, actor)
    if barred is not None:
        await flow.project()
        raise barred


async def _triage(flow: EscalatingTicket, command: Triage, actor: Actor, at: datetime) -> None:
    accusing = accusation(command.accused, command.nobody)
    question = TriageQuestion(
        complaint=flow.ticket.complaint,
        pack=flow.pack,
        at=at,
        category=command.category,
        area=command.area,
        unit=command.unit,
        accusing=accusing,
        kept_from=flow.ticket.kept_from,
    )
    plan = await ask(TriageActivity.triage, question)
    if accusing is not None and plan.covered is not None:
        said = Accused(accused=accusing, covered=plan.covered, reason=command.note)
        flow.record_event(said, at, actor)
    # An earlier version said in the classification whom it accuses.
    accused = accusing[0] if accusing and plan.covered is None else None
    flow.record_event(
        Classified(
            category=command.category,
            tier=plan.tier or "",
            complaint_kind=command.kind,
            area=command.area,
            site=plan.site,
            site_part=plan.site_part,
            unit=command.unit,
            accused=accused,
            repeats=plan.repeats,
            verify_by=plan.verify_by,
            why=command.note or plan.why,
            because=plan.because,
            clocks=plan.clocks,
        ),
        at,
        actor,
    )


async def _accuse(flow: EscalatingTicket, command: Accuse, actor: Actor, at: datetime) -> None:
    """Record whom it accuses, and take from those units what they have of it, in one step."""
    accusing, ticket = accusation(command.units, command.nobody) or [], flow.ticket
    question = AccuseQuestion(city=ticket.complaint.city, pack=flow.pack, accused=accusing)
    plan = await ask(TriageActivity.accuse, question)
    clocks = await flow.plan_clocks(at, ClockName.DISPATCH)
    resumed = await flow.plan_resumed_with_parent(at)
    contact = await _planned_for(flow, command, actor, at)
    check(ticket, command, actor, at)
    parent = ticket.parent if ticket.stage is Stage.MERGED else None
    for fact in accused_facts(ticket, accusing, plan.covered, command.note, clocks, contact):
        flow.record_event(fact, at, SYSTEM if isinstance(fact, Overridden) else actor)
    if plan.covered and parent is not None:
        merging.go_apart(flow, clocks, resumed, at, actor)
        await merging.leave(flow, parent, at)
    if plan.covered:
        await merging.send_away(flow, at)


async def _decide(flow: EscalatingTicket, command: Decide, actor: Actor, at: datetime) -> None:
    if flow.ticket.contest is not None:
        granted, refused = aftercare.ExclusionGranted, aftercare.ExclusionRefused
        flow.record_event(
            (granted if command.approve else refused)(reason=command.reason), at, actor
        )
        return
    asker = asking(flow.ticket)
    if asker is None or asker.asked is None:
        raise Refused("nothing_asked", "Nothing is waiting for a decision.")
    n, request, why = asker.n, asker.asked, command.reason
    match request.what, command.approve:
        case "extension", True:
            await _grant_extension(flow, command, actor, at, n, request)
        case "extension", False:
            flow.record_event(handling.ExtensionRefused(assignment=n, reason=why), at, actor)
        case "hold", True:
            clocks = await flow.plan_hold(n, request.until, at)
            _check_still_requested(flow, n, request)
            since = request.asked_at if workflow.patched("held-since-request") else None
            held = waiting.Held(
                assignment=n, until=request.until or at, reason=why, since=since, clocks=clocks
            )
            flow.record_event(held, at, actor)
        case "hold", False:
            flow.record_event(waiting.HoldRefused(assignment=n, reason=why), at, actor)
        case _, True:
            await _grant_return(flow, command, actor, at, n, request)
        case _:
            flow.record_event(returning.ReturnRefused(assignment=n, reason=why), at, actor)


def _check_still_requested(flow: EscalatingTicket, n: int, request: Request) -> None:
    """Refuse a decision whose request was settled or became moot during planning."""
    if flow.ticket.assignment(n).asked is not request:
        raise Refused("overtaken", "This request is not waiting any more: look again.")


async def _grant_return(
    flow: EscalatingTicket,
    command: Decide,
    actor: Actor,
    at: datetime,
    n: int,
    request: Request,
) -> None:
    if command.unit is None:
        clocks = await flow.plan_clocks(at, ClockName.DISPATCH)
        _check_still_requested(flow, n, request)
        flow.record_event(
            returning.Returned(assignment=n, reason=command.reason, clocks=clocks), at, actor
        )
        return
    plan = await assigning.plan_lead(flow, command.unit, at)
    _check_still_requested(flow, n, request)
    returned = returning.Returned(assignment=n, reason=command.reason, unit=command.unit)
    flow.record_event(returned, at, actor)
    assigning.assign(flow, plan, at, actor)


async def _grant_extension(
    flow: EscalatingTicket,
    command: Decide,
    actor: Actor,
    at: datetime,
    n: int,
    request: Request,
) -> None:
    clock = flow.ticket.running(ClockName.HANDLE, n)
    also = flow.ticket.waiting_for(n) if flow.lifecycle else []
    question = ExtensionQuestion(
        city=flow.ticket.complaint.city,
        pack=flow.pack,
        clock=clock,
        by=request.by or "",
        also=also,
        at=at if flow.lifecycle else None,
        asked_at=request.asked_at if flow.lifecycle else None,
    )
    before = [(one.paused_at, one.running) for one in (clock, *also)]
    plan = await ask(Clocks.extend, question)
    _check_still_requested(flow, n, request)
    if not clock.running or before != [(one.paused_at, one.running) for one in (clock, *also)]:
        raise Refused("overtaken", "The clock was stopped or set going meanwhile: look again.")
    granted = handling.ExtensionGranted(assignment=n, reason=command.reason, clocks=plan.clocks)
    flow.record_event(granted, at, actor)


async def _review(flow: EscalatingTicket, command: Review, actor: Actor, at: datetime) -> None:
    if not command.resume:
        await _plain(flow, command, actor, at)
        return
    n = command.share_in(flow.ticket, actor).n
    clocks = await flow.plan_resumed(n, at)
    check(flow.ticket, command, actor, at)
    flow.record_event(waiting.Reviewed(assignment=n, note=command.note), at, actor)
    flow.record_event(waiting.Resumed(assignment=n, why="reviewed", clocks=clocks), at, actor)


async def _add_facts(flow: EscalatingTicket, command: AddFacts, actor: Actor, at: datetime) -> None:
    """Record the citizen's facts, pass them on, and resume the clocks that waited for them."""
    added = FactsAdded(text=command.text, files=command.files)
    added.answers = flow.ticket.asks_citizen and workflow.patched("answers-not-counted")
    flow.record_event(added, at, actor)
    await merging.pass_on(flow, command, at)
    await flow.resume_answered(at)


async def _urge(flow: EscalatingTicket, command: Urge, actor: Actor, at: datetime) -> None:
    await _plain(flow, command, actor, at)
    await merging.pass_on_urge(flow, command, at)


async def _appoint(flow: EscalatingTicket, command: Appoint, actor: Actor, at: datetime) -> None:
    clocks = await flow.plan_clocks(at, ClockName.APPOINTMENT, due_at=command.starts_at)
    check(flow.ticket, command, actor, at)
    appointed = Appointed(
        unit=flow.ticket.unit, starts_at=command.starts_at, text=command.text, clocks=clocks
    )
    flow.record_event(appointed, at, actor)


async def _replan(flow: EscalatingTicket, command: Replan, actor: Actor, at: datetime) -> None:
    """Replan the clocks that count working time, again if one changed during planning."""
    while True:
        _check_replannable(flow.ticket)
        clocks = [clock.model_copy() for clock in flow.ticket.counted]
        question = ReplanQuestion(
            city=flow.ticket.complaint.city, pack=flow.pack, clocks=clocks, at=at
        )
        plan = await ask(Clocks.replan, question)
        check(flow.ticket, command, actor, at)
        _check_replannable(flow.ticket)
        # Of the others, only those with a new plan count: earlier versions did not plan them.
        unchanged = [one for one in flow.ticket.counted if one in clocks]
        if flow.ticket.provisional == [clock for clock in clocks if clock.provisional] and all(
            any(one.key == new.key for one in unchanged) for new in plan.clocks
        ):
            break
    if not plan.clocks:
        raise Refused("nothing_to_replan", "No day was published or changed that it counts.")
    fact = replanned(flow.ticket, plan.calendar_version, plan.clocks, plan.moved)
    flow.record_event(fact, at, actor)


def _check_replannable(ticket: Ticket) -> None:
    """Refuse a ticket without provisional clocks where the command began before others counted."""
    if not ticket.provisional and not workflow.patched("changed-days"):
        raise Refused("nothing_to_replan", "No due time of this ticket is provisional.")


async def _settle_all(
    flow: EscalatingTicket, command: SettleAll, actor: Actor, at: datetime
) -> None:
    ticket = flow.ticket
    question = SettleQuestion(
        complaint=ticket.complaint,
        pack=flow.pack,
        category=ticket.category or "",
        unit=ticket.unit or "",
        units=command.units,
        accused=ticket.accused,
        kept_from=ticket.kept_from,
        confidential=ticket.of_wrongdoing,
        text=command.text,
        key=f"{ticket.complaint.number}-{ticket.version}",
        at=at,
    )
    plan = await ask(Settle.open_inspections, question)
    check(flow.ticket, command, actor, at)
    flow.record_event(InspectionsOpened(text=command.text, tickets=plan.tickets), at, actor)


async def _withdraw(flow: EscalatingTicket, command: Withdraw, actor: Actor, at: datetime) -> None:
    parent = flow.ticket.parent
    await _plain(flow, command, actor, at)
    await merging.leave(flow, parent, at)


Handler = Callable[[EscalatingTicket, Any, Actor, datetime], Awaitable[None]]

_HANDLERS: dict[type, Handler] = {
    Accuse: _accuse,
    OpenContact: _reach_citizen,
    LeaveContact: _reach_citizen,
    Triage: _triage,
    Reclassify: reclassifying.reclassify,
    Reassign: assigning.reassign,
    Intervene: assigning.intervene,
    Merge: merging.merge,
    Unmerge: merging.unmerge,
    Return: _return,
    Review: _review,
    Whistle: assigning.whistle,
    Delegate: assigning.delegate,
    Decide: _decide,
    Appoint: _appoint,
    SettleAll: _settle_all,
    Replan: _replan,
    AddFacts: _add_facts,
    Urge: _urge,
    Withdraw: _withdraw,
}
