"""The complainant's data: masked for everybody who may see the ticket, unmasked for a purpose.

Each unmasked view is logged first, and the citizen may read the log.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.http.access import TicketNumber, citizen_or_staff, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets.contacts import (
    FoundTickets,
    LookIn,
    PhoneIn,
    ViewLog,
    masked_person,
    tickets_of,
    unmasked_person,
    views_of,
)
from store.secrets.masks import MaskedPerson
from store.secrets.vault import Person

router = APIRouter(prefix=API)


_ASKING = ("unauthenticated", "forbidden", "ticket_not_found", "bad_number", "store_unavailable")
_SEEING = (*_ASKING, "identity_protected", "person_unknown", "invalid_request")


@router.get(
    "/tickets/{number}/person",
    operation_id="get_person",
    summary="Who complained, behind a mask",
    tags=["Staff"],
    response_model=MaskedPerson,
    responses=responses(*_SEEING),
)
async def get_person(
    number: TicketNumber, caller: Annotated[Caller, staff("get_person")], context: Context
) -> Response:
    """Return masked data (138****5678, 王**), to recognise a caller by. Not logged."""
    return json_of(await masked_person(context, caller, number))


@router.post(
    "/tickets/{number}/person",
    operation_id="unmask_person",
    summary="Who complained, in full, for a purpose",
    tags=["Staff"],
    response_model=Person,
    responses=responses(*_SEEING, "malformed_json", "body_too_large"),
)
async def unmask_person(
    number: TicketNumber,
    caller: Annotated[Caller, staff("unmask_person")],
    body: Annotated[LookIn, Body(examples=[{"purpose": "回访"}])],
    context: Context,
) -> Response:
    """Return the data to desk, dispatchers, supervisors and administrators; of officers, to those
    of the unit that leads, unless the complaint is anonymous or a report (举报). The view is logged
    with its purpose, and the citizen can read that.
    """
    return json_of(await unmasked_person(context, caller, number, body.purpose))


@router.post(
    "/people/search",
    operation_id="search_people",
    summary="The tickets of somebody who calls, by their phone",
    tags=["Staff"],
    response_model=FoundTickets,
    responses=responses(
        "malformed_json",
        "body_too_large",
        "unauthenticated",
        "forbidden",
        "invalid_request",
        "store_unavailable",
    ),
)
async def search_people(
    caller: Annotated[Caller, staff("search_people")],
    body: Annotated[PhoneIn, Body(examples=[{"phone": "010-00012345", "purpose": "来电查询"}])],
    context: Context,
) -> Response:
    """Find tickets by phone, in any notation. At most a hundred, the last filed first; logged as a
    view of each.
    """
    return json_of(await tickets_of(context, caller, body))


@router.get(
    "/tickets/{number}/views",
    operation_id="list_views",
    summary="Who looked at the citizen's data, when and why",
    tags=["Citizens", "Staff"],
    response_model=ViewLog,
    responses=responses(*_ASKING, "invalid_request", "too_many_attempts"),
)
async def list_views(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_views")],
    context: Context,
) -> Response:
    """List the views: for the citizen, by access code, without accounts; for the others in full."""
    return json_of(await views_of(context, caller, number))
