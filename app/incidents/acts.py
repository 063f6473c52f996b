"""The acts of the desk on incidents, and a citizen's word that theirs is another matter."""

from collections.abc import Mapping
from typing import Annotated

import structlog
from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from app.filing import filing
from app.filing.intake import ComplaintIn, take
from app.incidents.views import IncidentOut, known, pack_with_incidents, shown
from app.sending.call_errors import NotRunning
from app.sending.used_keys import reserved
from domain.actors import SYSTEM, Actor
from domain.commands.base import Number
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.incident.incident import (
    Incident,
    IncidentScope,
    IncidentState,
    MemberState,
    Statement,
)
from domain.messages import Act
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.refusals import Refused
from domain.ticket.complaint import Place, Text, required
from domain.ticket.stages import Stage
from store.incidents import book, members
from store.incidents.members import Member
from store.tickets import intake, tickets

logger = structlog.stdlib.get_logger("jiesu.api")

_APART = "不是同一问题，单独办理"
_OVER = (Stage.ENDED, Stage.MERGED)


class IncidentIn(Incoming):
    """An incident that is declared. `proposal`: the proposed one that it was.

    `lead`: the ticket that is handled for all; without one a new ticket is filed from the title and
    the statement.
    """

    title: Annotated[str, StringConstraints(max_length=60), AfterValidator(required)]
    scope: IncidentScope
    statement: Statement
    lead: Number | None = None
    proposal: str | None = Field(None, max_length=40)


class TellIn(Incoming):
    """The statement from now on, and the ticket that is handled for all; what is left out stays."""

    statement: Statement | None = None
    lead: Number | None = None


class EndIn(Incoming):
    """The end of an incident: what everybody is told of it."""

    statement: Statement


class LeaveIn(Incoming):
    """Why a report is another matter; may be left out."""

    reason: Text = Field("", max_length=500)


async def declare(
    context: AppContext, caller: Caller, city: str, body: IncidentIn, key: str | None = None
) -> IncidentOut:
    """Declare an incident, or a proposed one. Reports that fit are its members from now on.

    Reports since it began are looked through as well. The same `key` again gives the same incident.

    Raises:
        Problem: not_in_this_city, bad_lead, incident_not_found, incident_over
        UnknownCity, UnknownCategory
    """
    await permit(context, caller, "declare_incident")
    city_of(caller, city)
    pack = pack_with_incidents(context, city)
    for category in body.scope.categories:
        pack.category(category)
    if body.lead is not None:
        await _check_lead(context, city, body.lead)
    if body.proposal is not None:
        await _check_proposal(context, city, body.proposal)
    nonce = key or context.nonce()
    new = body.proposal or context.mark(f"incident/{caller.id}/{nonce}")[:16]
    async with reserved(context, caller, "incidents", key, body.model_dump_json()):
        lead = body.lead or await _file_lead(context, caller, pack, body, new)
        incident = await _declared(context, caller, city, body, new, lead)
        await _classify(context, caller, lead, body.scope.categories[0])
    return await shown(context, incident)


async def _declared(
    context: AppContext, caller: Caller, city: str, body: IncidentIn, id: str, lead: str
) -> Incident:
    now = context.now()
    values = {
        "state": IncidentState.OPEN,
        "title": body.title,
        "scope": body.scope,
        "lead": lead,
        "statement": body.statement,
        "declared_at": now,
    }
    if body.proposal is None:
        new = Incident.model_validate(
            {"id": id, "city": city, "version": 1, "made_at": now, **values}
        )
        await book.put(context.store, new, caller.actor)
        return await book.get(context.store, id) or new

    def work(before: Incident) -> Incident:
        if before.city != city:
            raise Refused("incident_not_found", "It is another city's.")
        if before.state is IncidentState.OPEN and before.lead == lead:
            return before  # declared by this very request, which is sent again
        if before.state is not IncidentState.PROPOSED:
            raise Refused("incident_over", "It is not proposed any more.")
        return before.model_copy(update=values)

    return await _change(context, id, caller.actor, work)


async def _file_lead(
    context: AppContext, caller: Caller, pack: Pack, body: IncidentIn, id: str
) -> str:
    """File the ticket that is handled for all."""
    scope = body.scope
    complaint = ComplaintIn(
        city=pack.city.id,
        title=body.title,
        text=body.statement,
        category=scope.categories[0],
        place=Place(
            area=scope.areas[0] if scope.areas else None,
            address="、".join(scope.places)[:200],
            lat=scope.lat,
            lon=scope.lon,
        ),
        anonymous=True,
    )
    filed = await take(context, caller, complaint, f"incident/{id}", same=id, alone=True)
    return filed.receipt.number


async def _classify(context: AppContext, caller: Caller, lead: str, category: str) -> None:
    """Say what the lead is about, if nobody has: nothing is merged into it before.

    What is refused is left to the dispatcher, who finds the ticket at triage.
    """
    ticket = await tickets.state(context.store, lead)
    if ticket is None or ticket.stage is not Stage.TRIAGE or ticket.category is not None:
        return
    act = Act(actor=caller.actor, command=Triage(category=category))
    try:
        await context.engine.act(lead, act, None)
    except (Problem, Refused, NotRunning) as error:
        logger.info("left to the dispatcher", code=getattr(error, "code", "not_running"))


async def _check_lead(context: AppContext, city: str, number: str) -> None:
    """Refuse a ticket that cannot be handled for all: unknown, elsewhere, a report, or over."""
    row = await tickets.get(context.store, number)
    if row is None or row.city != city or row.of_wrongdoing or row.stage in _OVER:
        raise Problem("bad_lead")


async def _check_proposal(context: AppContext, city: str, id: str) -> None:
    """Refuse what is no proposal of this city, before a ticket is filed for it.

    One that is open may have been declared by this very request: see `_declared`.
    """
    found = await book.get(context.store, id)
    if found is None or found.city != city:
        raise Problem("incident_not_found")
    if found.state not in (IncidentState.PROPOSED, IncidentState.OPEN):
        raise Problem("incident_over")


async def dismiss(context: AppContext, caller: Caller, id: str) -> IncidentOut:
    """Say that a proposed incident is none.

    Raises:
        Problem: incident_not_found, incident_over
    """
    await permit(context, caller, "declare_incident")
    values = {"state": IncidentState.DISMISSED, "ended_at": context.now()}
    return await _moved(context, caller, id, IncidentState.PROPOSED, values)


async def tell(context: AppContext, caller: Caller, id: str, body: TellIn) -> IncidentOut:
    """Say what is told of it from now on, to new and present members; or name another lead.

    Raises:
        Problem: incident_not_found, incident_over, bad_lead
    """
    await permit(context, caller, "run_incident")
    incident = await known(context, caller, id)
    if body.lead is not None:
        await _check_lead(context, incident.city, body.lead)
    values = body.model_dump(exclude_none=True)

    def work(before: Incident) -> Incident:
        if before.declared_at is None:
            raise Refused("incident_over", "It is not declared.")
        return before.model_copy(update=values)

    return await shown(context, await _change(context, id, caller.actor, work))


async def end(context: AppContext, caller: Caller, id: str, body: EndIn) -> IncidentOut:
    """End it, with what everybody is told; its members still get the answer of the lead.

    Raises:
        Problem: incident_not_found, incident_over
    """
    await permit(context, caller, "run_incident")
    values = {
        "state": IncidentState.ENDED,
        "statement": body.statement,
        "ended_at": context.now(),
    }
    return await _moved(context, caller, id, IncidentState.OPEN, values)


async def reopen(context: AppContext, caller: Caller, id: str, body: EndIn) -> IncidentOut:
    """Open it again: reports since its end are looked through, and may become members.

    Raises:
        Problem: incident_not_found, incident_over
    """
    await permit(context, caller, "run_incident")
    values = {
        "state": IncidentState.OPEN,
        "statement": body.statement,
        "ended_at": None,
        "swept_at": None,
    }
    return await _moved(context, caller, id, IncidentState.ENDED, values)


async def _moved(
    context: AppContext,
    caller: Caller,
    id: str,
    expected: IncidentState,
    values: Mapping[str, object],
) -> IncidentOut:
    await known(context, caller, id)

    def work(before: Incident) -> Incident:
        if before.state is not expected:
            raise Refused("incident_over", f"It is {before.state.value}.")
        return before.model_copy(update=values)

    return await shown(context, await _change(context, id, caller.actor, work))


async def _change(context: AppContext, id: str, by: Actor, work: book.Change) -> Incident:
    try:
        return await book.change(context.store, id, by, context.now(), work)
    except Refused as refusal:
        raise Problem(refusal.code, refusal.message) from None


# --- its reports --------------------------------------------------------------------------------


async def take_in(context: AppContext, caller: Caller, id: str, number: str) -> None:
    """Take a suggested report in, or one that was taken out. Never a report of wrongdoing.

    Raises:
        Problem: incident_not_found, not_in_incident
    """
    await permit(context, caller, "sort_incident")
    incident = await known(context, caller, id)
    member = await members.get(context.store, number)
    ticket = await tickets.get(context.store, number)
    registered = await intake.get(context.store, number)
    accuses = (ticket is not None and ticket.of_wrongdoing) or (
        registered is not None and registered.complaint.of_wrongdoing
    )
    if member is None or member.incident != incident.id or accuses:
        raise Problem("not_in_incident")
    if not await members.take_in(context.store, number, str(caller.actor), context.now()):
        raise Problem("not_in_incident")


async def take_out(context: AppContext, caller: Caller, id: str, number: str) -> None:
    """Take a report out: it is handled by itself, at once.

    Raises:
        Problem: incident_not_found, not_in_incident
    """
    await permit(context, caller, "sort_incident")
    incident = await known(context, caller, id)
    member = await members.get(context.store, number)
    if member is None or member.incident != incident.id or member.state is MemberState.OUT:
        raise Problem("not_in_incident")
    await _go_apart(context, number, caller.actor)


async def leave(context: AppContext, caller: Caller, number: str, body: LeaveIn) -> None:
    """Say that one's own report is another matter: it is handled by itself, at once.

    Raises:
        Problem: not_in_incident
    """
    await permit(context, caller, "leave_incident", number)
    member = await members.get(context.store, number)
    if member is None or member.state is not MemberState.MEMBER or member.answered_at:
        raise Problem("not_in_incident")
    await _go_apart(context, number, caller.actor, body.reason)


async def _go_apart(context: AppContext, number: str, by: Actor, reason: str = "") -> Member | None:
    """Take it out, and start or unmerge its ticket now; what fails is done by the job."""
    before = await members.take_out(context.store, number, str(by), context.now())
    if before is None:
        return None
    registered = await intake.get(context.store, number)
    if registered is not None and not registered.started:
        await filing.start(context, registered)
    elif before.merged_at is not None:
        act = Act(actor=SYSTEM, command=Unmerge(reason=reason or _APART))
        try:
            await context.engine.act(number, act, None)
        except (Problem, Refused, NotRunning) as error:
            logger.info("left to the job", code=getattr(error, "code", "not_running"))
        else:
            await members.note_apart(context.store, number)
    return before
