"""Reading tickets: one, as its citizen or as staff see it; its events; lists of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from api.http.access import TicketNumber, citizen_or_staff, staff
from api.http.dependencies import Context
from api.http.i18n import TAGS, language_of
from api.http.problem_responses import responses
from api.http.responses import json_of, json_text
from app.access.caller import Caller
from app.context import API
from app.tickets.citizen_view import CitizenTicket
from app.tickets.tickets import (
    EventWithReasons,
    ListQuery,
    TicketPage,
    events_with_reasons,
    listed,
    one,
)
from domain.ticket.ticket import Ticket

router = APIRouter(prefix=API)


_EVENTS: TypeAdapter[list[EventWithReasons]] = TypeAdapter(list[EventWithReasons])
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
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("get_ticket")],
    context: Context,
) -> Response:
    """Return the citizen's view with an access code, the whole state with a token.

    Officers see tickets on which their unit, or one below it, has or had an assignment. Personal
    data is in neither view.
    """
    return json_of(await one(context, caller, number))


@router.get(
    "/tickets/{number}/events",
    operation_id="list_events",
    summary="Everything that happened to a ticket, oldest first",
    tags=["Staff"],
    response_model=list[EventWithReasons],
    responses=responses(*_READING, "ticket_not_found", "bad_number"),
)
async def list_events(
    request: Request,
    number: TicketNumber,
    caller: Annotated[Caller, staff("list_events")],
    context: Context,
) -> Response:
    """List the events; empty until a registered complaint is started.

    A reason that the system gave is in `fact.because`, as codes with parameters, and in `reasons`,
    in the language that the request prefers.
    """
    language = language_of(request)
    events = await events_with_reasons(context, caller, number, language)
    return json_text(_EVENTS.dump_json(events), Content_Language=TAGS[language])


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
    context: Context,
    query: Annotated[ListQuery, Query()],
) -> Response:
    """List tickets. Officers see those that their unit has, or had last."""
    return json_of(await listed(context, caller, query))
