"""Renewal of a ticket's access code, after somebody else may have read it."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.http.access import TicketNumber, citizen_or_staff
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets.access_codes import RenewedCode, RenewIn, renew

router = APIRouter(prefix=API)


@router.post(
    "/tickets/{number}/access-code",
    operation_id="renew_access_code",
    summary="Replace the access code of a ticket",
    tags=["Citizens", "Staff"],
    response_model=RenewedCode,
    responses=responses(
        "malformed_json",
        "body_too_large",
        "invalid_request",
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "ticket_not_found",
        "wrong_code",
        "bad_number",
        "too_many_attempts",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def renew_access_code(
    request: Request,
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("renew_access_code")],
    body: Annotated[RenewIn, Body(examples=[{"phone": "13800138000", "code": "042177"}])],
    context: Context,
) -> Response:
    """Return a new code; the old one ends at once, and the log of views has who replaced it.

    The citizen shows the old code. The desk shows the one-time code that was sent to the phone of
    the ticket, as the citizen reads it out.
    """
    return json_of(await renew(context, caller, number, body, network_of(request)))
