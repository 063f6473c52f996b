"""'My tickets', by phone: a one-time code sent to it opens a list for fifteen minutes."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response, Security
from fastapi.security import APIKeyHeader
from itsdangerous import BadSignature

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.errors import Problem
from app.phone_lookup import ConfirmIn, OwnTicket, OwnTickets, Pass, Sent, VerifyIn
from store.identity import phone_codes

router = APIRouter(prefix=API, tags=["Citizens"])

PASS_SECONDS = 15 * 60
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
    phone_hash = context.vault.phone_hash(body.phone)
    await context.limits.count("phone", context.mark(f"phone/{phone_hash}"))
    now = datetime.now(UTC)
    await phone_codes.issue(context.store, context.seal, body.phone, phone_hash, context.mark, now)
    return json_of(Sent(expires_in=int(phone_codes.VALID.total_seconds())), 202)


@router.post(
    "/citizens/confirm",
    operation_id="confirm_phone",
    summary="Exchange the one-time code for a pass",
    dependencies=[public("confirm_phone")],
    response_model=Pass,
    responses=responses(*_REFUSALS, "wrong_code"),
)
async def confirm(
    body: Annotated[ConfirmIn, Body(examples=[{"phone": PHONE, "code": "042177"}])],
    context: Context,
) -> Response:
    """Check a code: valid once, for ten minutes and five tries; only the last code counts."""
    phone_hash = context.vault.phone_hash(body.phone)
    now = datetime.now(UTC)
    if not await phone_codes.confirm(context.store, phone_hash, body.code, context.mark, now):
        raise Problem("wrong_code")
    made = str(context.signer("citizen").dumps(phone_hash))
    return json_of(Pass(citizen_pass=made, expires_in=PASS_SECONDS))


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
    try:
        phone_hash = context.signer("citizen").loads(citizen_pass or "", max_age=PASS_SECONDS)
    except BadSignature:
        raise Problem("unauthenticated", "The pass is missing or over.") from None
    rows = await phone_codes.tickets_of(context.store, str(phone_hash))
    items = [
        OwnTicket(
            number=row.number,
            access_code=context.vault.access_code(row.number),
            city=row.city,
            title=row.title,
            stage=row.stage,
            outcome=row.outcome,
            filed_at=row.filed_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
    return json_of(OwnTickets(items=items))
