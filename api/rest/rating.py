"""Rating: a signal to the ticket, checked before and confirmed after: signals have no answer."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.http import browser_sessions
from api.http.access import TicketNumber, citizen
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets.ratings import RatingReceipt, rate
from domain.ticket.rating import Rating

router = APIRouter(prefix=API, tags=["Citizens"])

EXAMPLE = {"contacted": True, "resolved": True, "grade": 5, "words": "处理及时,谢谢。"}


@router.post(
    "/tickets/{number}/rating",
    operation_id="rate_ticket",
    summary="Rate how the complaint was handled",
    response_model=RatingReceipt,
    responses={
        202: {"model": RatingReceipt, "description": "Sent; the record will follow."},
        **responses(
            "malformed_json",
            "unauthenticated",
            "ticket_not_found",
            "not_now",
            "already_rated",
            "ticket_ended",
            "not_started_yet",
            "body_too_large",
            "invalid_request",
            "bad_number",
            "too_many_attempts",
            "too_many_requests",
            "engine_unavailable",
            "store_unavailable",
        ),
    },
)
async def rate_ticket(
    number: TicketNumber,
    caller: Annotated[Caller, citizen("rate_ticket")],
    body: Annotated[Rating, Body(examples=[EXAMPLE])],
    request: Request,
    context: Context,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Rate an answer, once: a ticket that is handled again can be rated again.

    Satisfied and solved closes the ticket; otherwise it is handled once more, as often as the
    city's rules say.
    """
    origin = await browser_sessions.origin_of_rating(request, context)
    receipt = await rate(context, caller, number, body, idempotency_key, origin)
    return json_of(receipt, 200 if receipt.status == "recorded" else 202)
