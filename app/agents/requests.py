"""Contests of machines' acts, and wishes for a person (转人工).

Whoever is concerned asks; a person decides, with an answer. While one is open no machine acts on
the ticket (`app.access.machines`).
"""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import discreet_events, pack_asked, withheld
from app.agents.machine_acts import classified_by_itself, machine_acts
from app.agents.request_views import (
    MachineActOut,
    MachineActsOut,
    PersonRequestOut,
    PersonRequestsOut,
    draft_out,
    request_out,
)
from app.context import AppContext
from app.errors import Problem
from app.tickets.acted_on import acted_on, started
from domain.events import Event
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.pack.planning import due_after
from domain.ticket.complaint import Code, cleaned, required
from domain.ticket.ticket import Ticket
from store.agents import drafts, requests
from store.agents.requests import PersonRequest, RequestKind, RequestOutcome
from store.tickets import tickets

Told = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(required)]
Wish = Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)]


class ContestIn(Incoming):
    """A contest of one event, with its reason."""

    version: int = Field(ge=1, description="The version of the event, as `machine_acts` lists it.")
    reason: Told


class PersonIn(Incoming):
    """The wish for a person, with a reason if somebody wants to give one."""

    reason: Wish = ""


class PersonDecisionIn(Incoming):
    """A person's decision, with the answer to the one who asked."""

    outcome: RequestOutcome
    answer: Told


class PersonRequestsQuery(Incoming):
    city: Code | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


# --- reading ----------------------------------------------------------------------------------


async def acts_of(context: AppContext, caller: Caller, number: str) -> MachineActsOut:
    """Return what machines did with the ticket, what was asked about it, and what waits.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_machine_acts", number)
    ticket = await started(context, caller, number)
    if ticket is None:
        return MachineActsOut()
    pack = context.packs.get(ticket.complaint.city)
    if pack.agents is None:
        return MachineActsOut()
    events = await _acts(context, caller, number)
    asked = await requests.of_ticket(context.store, number)
    contested = {one.version for one in asked if one.decided_at is None}
    proposed = [] if caller.citizen else await drafts.of_ticket(context.store, number)
    now = context.now()
    return MachineActsOut(
        acts=[_act_out(event, event.version in contested) for event in events],
        requests=[request_out(one, caller, now) for one in asked],
        drafts=[draft_out(one) for one in proposed if caller.unit in (None, one.unit)],
        can_contest=bool(events) and caller.may_with("contest_machine", ticket, pack),
        can_ask=bool(events)
        and caller.may_with("ask_for_person", ticket, pack)
        and not any(_wished(one) for one in asked),
        can_decide=caller.may_with("decide_person_request", ticket, pack),
        left_to_people=any(one.decided_at is None for one in asked),
    )


def _wished(one: PersonRequest) -> bool:
    return one.kind is RequestKind.PERSON and one.decided_at is None


async def waiting_requests(
    context: AppContext, caller: Caller, query: PersonRequestsQuery
) -> PersonRequestsOut:
    """Return what waits for a person's decision in a city, the oldest first.

    Raises:
        Problem: not_in_this_city, not_your_city; invalid_request without a city
        UnknownCity, BadCursor
    """
    await permit(context, caller, "list_person_requests")
    pack = pack_asked(context, caller, query.city, lambda one: one.agents is not None)
    found = await requests.waiting(context.store, pack.city.id, query.cursor, query.limit)
    gone = await withheld(context, caller, {one.number for one in found.items})
    now = context.now()
    items = [request_out(one, caller, now) for one in found.items if one.number not in gone]
    return PersonRequestsOut(items=items, next_cursor=found.next_cursor)


# --- asking -----------------------------------------------------------------------------------


async def contest_machine(
    context: AppContext, caller: Caller, number: str, body: ContestIn
) -> PersonRequestOut:
    """Contest an act of a machine. An open contest of the same act is returned instead.

    Raises:
        Problem, Refused: not_in_this_city, no_machine_acted, person_request_cap
    """
    ticket, pack = await _concerned(context, caller, "contest_machine", number)
    known = {event.version for event in await _acts(context, caller, number)}
    if body.version not in known:
        raise Problem("no_machine_acted")
    new = _new(context, caller, ticket, pack, RequestKind.CONTEST, body.reason, body.version)
    return request_out(await requests.ask(context.store, new), caller, context.now())


async def ask_for_person(
    context: AppContext, caller: Caller, number: str, body: PersonIn
) -> PersonRequestOut:
    """Ask that a person handles the ticket. An open wish is returned instead.

    Raises:
        Problem, Refused: not_in_this_city, no_machine_acted, person_request_cap
    """
    ticket, pack = await _concerned(context, caller, "ask_for_person", number)
    if not await _acts(context, caller, number):
        raise Problem("no_machine_acted")
    new = _new(context, caller, ticket, pack, RequestKind.PERSON, body.reason, None)
    return request_out(await requests.ask(context.store, new), caller, context.now())


async def decide_person_request(
    context: AppContext, caller: Caller, number: str, n: int, body: PersonDecisionIn
) -> PersonRequestOut:
    """Decide a contest or a wish, once, with an answer. Nobody decides what they asked for.

    Raises:
        Problem, Refused: not_in_this_city, person_request_not_found, person_request_decided,
            own_request
    """
    await _concerned(context, caller, "decide_person_request", number)
    asked = {one.n: one for one in await requests.of_ticket(context.store, number)}
    if n in asked and asked[n].asked_by == caller.id:
        raise Problem("own_request")
    decided = await requests.decide(context.store, number, n, body.outcome, body.answer, caller.id)
    return request_out(decided, caller, context.now())


async def _concerned(
    context: AppContext, caller: Caller, key: str, number: str
) -> tuple[Ticket, Pack]:
    """Return the ticket, if the caller may do this, and its city serves machines."""
    ticket, pack = await acted_on(context, caller, key, number)
    if pack.agents is None:
        raise Problem("not_in_this_city")
    return ticket, pack


async def _acts(context: AppContext, caller: Caller, number: str) -> list[Event]:
    """Return the acts of machines that this caller may know of."""
    events = machine_acts(await tickets.events(context.store, number))
    if caller.citizen:
        return [event for event in events if event.fact.words.citizen]
    return await discreet_events(context, caller, events)


def _new(
    context: AppContext,
    caller: Caller,
    ticket: Ticket,
    pack: Pack,
    kind: RequestKind,
    reason: str,
    version: int | None,
) -> PersonRequest:
    now, limit = context.now(), pack.agents.answer_within if pack.agents else None
    return PersonRequest(
        id=context.nonce(),
        number=ticket.complaint.number,
        city=pack.city.id,
        kind=kind,
        version=version,
        asked_at=now,
        asked_by=caller.id,
        asked_role=caller.actor.role,
        asked_unit=caller.actor.unit,
        reason=reason,
        due_at=due_after(pack, now, limit) if limit is not None else None,
    )


def _act_out(event: Event, contested: bool) -> MachineActOut:
    return MachineActOut(
        version=event.version,
        at=event.at,
        kind=event.kind,
        what=event.fact.words.citizen or event.fact.words.staff,
        what_zh=event.fact.words.citizen_zh or event.fact.words.staff_zh,
        automatic=classified_by_itself(event),
        contested=contested,
    )
