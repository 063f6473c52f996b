"""'My tickets', by phone: a one-time code sent to it opens a list for fifteen minutes."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response, Security
from fastapi.security import APIKeyHeader

from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.tickets.phone_lookup import (
    ConfirmIn,
    OwnTickets,
    Pass,
    Sent,
    VerifyIn,
    confirmed,
    own_tickets,
    send_code,
)

router = APIRouter(prefix=API, tags=["Citizens"])

PHONE = "13800138000"

_pass = APIKeyHeader(
    name="Citizen-Pass",
    scheme_name="CitizenPass",
    description="What `POST /api/v1/citizens/confirm` answered; good for fifteen minutes.",
    auto_error=False,
)


_REFUSALS = (
    "malformed_json",
    "body_too_large",
    "invalid_request",
    "too_many_requests",
    "store_unavailable",
)


@router.post(
    "/citizens/verify",
    operation_id="verify_phone",
    summary="Have a one-time code sent to a phone",
    dependencies=[public("verify_phone")],
    status_code=202,
    response_model=Sent,
    responses=responses(*_REFUSALS),
)
async def verify(
    request: Request,
    body: Annotated[VerifyIn, Body(examples=[{"phone": PHONE}])],
    context: Context,
) -> Response:
    """Send a code if complaints were filed with this phone; the answer is always the same."""
    return json_of(await send_code(context, network_of(request), body), 202)


@router.post(
    "/citizens/confirm",
    operation_id="confirm_phone",
    summary="Exchange the one-time code for a pass",
    dependencies=[public("confirm_phone")],
    response_model=Pass,
    responses=responses(*_REFUSALS, "wrong_code", "too_many_attempts"),
)
async def confirm(
    request: Request,
    body: Annotated[ConfirmIn, Body(examples=[{"phone": PHONE, "code": "042177"}])],
    context: Context,
) -> Response:
    """Check a code: valid once, for ten minutes, among the last three that were sent.

    After five wrong ones from one network it has to wait; others are not affected by that.
    """
    return json_of(await confirmed(context, network_of(request), body))


@router.get(
    "/citizens/tickets",
    operation_id="list_own_tickets",
    summary="The tickets of one's own phone",
    dependencies=[public("list_own_tickets")],
    response_model=OwnTickets,
    responses=responses("unauthenticated", "store_unavailable"),
)
async def list_own_tickets(
    context: Context, citizen_pass: Annotated[str | None, Security(_pass)]
) -> Response:
    """List the latest hundred tickets, newest first."""
    return json_of(await own_tickets(context, citizen_pass or ""))
