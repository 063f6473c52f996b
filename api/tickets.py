"""Reading tickets: one, as its citizen or as staff see it; its events; lists of them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter

from api.access import (
    TicketNumber,
    anyone,
    city_of,
    discreet,
    hidden_from,
    staff,
    visible,
)
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of, json_text
from api.problems import Problem, responses
from api.views import CitizenTicket, citizen_view, waiting_view
from domain.actors import Role
from domain.events import Event
from domain.model import Incoming, Recorded
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Code, Kind, clean_text
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.tickets import intake, outbox, tickets
from store.tickets.tickets import Filters, TicketRow

router = APIRouter(prefix=API)


def _ordinary(moment: datetime) -> datetime:
    # The first and last years of the calendar cannot be converted to UTC.
    if not 1900 <= moment.year <= 2999:
        raise ValueError("a year between 1900 and 2999 is needed")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_ordinary)]
"""A moment in a query, with its zone: 2026-03-02T00:00:00+08:00."""


class ListQuery(Incoming):
    """The filter of a list; omitted fields match everything. Times: since <= t < until."""

    city: Code | None = None
    stage: Stage | None = None
    outcome: Outcome | None = None
    unit: Code | None = Field(None, description="The unit that has, or had last, the ticket.")
    category: Code | None = None
    kind: Kind | None = None
    open: bool | None = None
    call_back_due: bool | None = None
    queue: Queue | None = Field(None, description="Where it waits for somebody at the centre.")
    overdue: bool | None = Field(None, description="Whether the running promise is past due.")
    due_before: Moment | None = None
    filed_since: Moment | None = None
    filed_until: Moment | None = None
    text: Annotated[str, StringConstraints(max_length=100), AfterValidator(clean_text)] | None = (
        Field(None, description="Part of a title, or a whole number.")
    )
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class TicketPage(Recorded):
    items: list[TicketRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


_EVENTS: TypeAdapter[list[Event]] = TypeAdapter(list[Event])
_READING = (
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "invalid_request",
    "store_unavailable",
)


@router.get(
    "/tickets/{number}",
    operation_id="get_ticket",
    summary="One ticket",
    tags=["Citizens", "Staff"],
    response_model=Ticket | CitizenTicket,
    responses={
        200: {"description": "For citizens a CitizenTicket, for staff the whole Ticket."},
        **responses(*_READING, "ticket_not_found", "bad_number", "too_many_attempts"),
    },
)
async def get_ticket(
    number: TicketNumber, caller: Annotated[Caller, anyone("get_ticket")], door: TheDoor
) -> Response:
    """Return the citizen's view with an access code, the whole state with a token.

    Officers see tickets on which their unit, or one below it, has or had an assignment. Personal
    data is in neither view.
    """
    if caller.citizen:
        return json_of(await as_citizen(door, number))
    ticket = await visible(door, caller, number)
    if ticket is None and caller.unit is None:
        registered = await intake.get(door.store, number)
        ticket = Ticket.of(registered.complaint) if registered else None
    if ticket is None:
        raise Problem("ticket_not_found")
    return json_of(discreet(caller, ticket))


async def as_citizen(door: Door, number: str) -> CitizenTicket:
    """Return the citizen's view, also of a complaint that waits for the engine."""
    ticket, events, messages = await asyncio.gather(
        tickets.state(door.store, number),
        tickets.events(door.store, number),
        outbox.messages(door.store, number, Role.CITIZEN),
    )
    if ticket is not None:
        return citizen_view(ticket, events, messages, door.packs.get(ticket.complaint.city))
    registered = await intake.get(door.store, number)
    if registered is None:
        raise Problem("ticket_not_found")
    return waiting_view(registered.complaint)


@router.get(
    "/tickets/{number}/events",
    operation_id="list_events",
    summary="Everything that happened to a ticket, first things first",
    tags=["Staff"],
    response_model=list[Event],
    responses=responses(*_READING, "ticket_not_found", "bad_number"),
)
async def list_events(
    number: TicketNumber, caller: Annotated[Caller, staff("list_events")], door: TheDoor
) -> Response:
    """List the events; empty until a registered complaint is started."""
    if await visible(door, caller, number) is None:
        waiting = caller.unit is None and await intake.get(door.store, number)
        if not waiting:
            raise Problem("ticket_not_found")
    return json_text(_EVENTS.dump_json(await tickets.events(door.store, number)))


@router.get(
    "/tickets",
    operation_id="list_tickets",
    summary="Tickets, last changed first",
    tags=["Staff"],
    response_model=TicketPage,
    responses=responses(*_READING, "not_your_unit", "not_your_city", "bad_cursor"),
)
async def list_tickets(
    caller: Annotated[Caller, staff("list_tickets")],
    door: TheDoor,
    query: Annotated[ListQuery, Query()],
) -> Response:
    """List tickets. Officers see those that their unit has, or had last."""
    return json_of(await listed(door, caller, query))


async def listed(door: Door, caller: Caller, query: ListQuery) -> TicketPage:
    """Return the matching tickets, of those that this caller may list.

    Raises:
        Problem, BadCursor
    """
    asked = query.model_dump(exclude={"cursor", "limit"})
    told = {
        "unit": _unit(caller, query.unit),
        "city": city_of(caller, query.city),
        "hidden": hidden_from(door, caller),
    }
    page = await tickets.page(door.store, Filters(**asked | told), query.cursor, query.limit)
    rows = [_discreet(caller, row) for row in page.rows]
    return TicketPage(items=rows, next_cursor=page.next_cursor)


def _discreet(caller: Caller, row: TicketRow) -> TicketRow:
    """Hide who reported (举报) from units."""
    if caller.unit is None or row.kind is not Kind.REPORT:
        return row
    return replace(row, channel=None, anonymous=None, person=None)


def _unit(caller: Caller, asked: str | None) -> str | None:
    if caller.unit is not None and asked not in (None, caller.unit):
        raise Problem("not_your_unit", "Officers list their own unit's tickets.")
    return caller.unit or asked
