"""Reopening: a watched ticket is handled again; one that has ended is followed by another."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.http.access import TicketNumber, citizen_or_staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import responses
from api.http.responses import json_of, receipt_of
from api.rest.commands import ALWAYS
from app.access.caller import Caller
from app.context import API
from app.filing.filing import Filed, Receipt
from app.sending.commands import body_of
from app.tickets.reopen import reopen
from domain.commands.citizens.recur import Recur
from domain.ticket.state import Snapshot

router = APIRouter(prefix=API)

_BODY: Any = body_of(Recur)


@router.post(
    f"/tickets/{{number}}/{Recur.spec.path}",
    operation_id="recur_ticket",
    summary=Recur.spec.summary,
    tags=["Citizens", "Staff"],
    response_model=Snapshot | Receipt,
    responses={
        200: {"description": "The ticket was still being watched, and goes on."},
        201: {"model": Receipt, "description": "It had ended; this is the one that follows it."},
        202: {"model": Receipt, "description": "The same; the engine is away and starts it later."},
        **responses(*ALWAYS, *Recur.spec.refusals, "too_many_attempts", "idempotency_key_reused"),
    },
)
async def recur(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("recur")],
    context: Context,
    body: Annotated[_BODY, Body(examples=[Recur.spec.example])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Reopen the ticket while it is still watched (回头看).

    After that a new ticket follows the old one, with the same place and category. A matter that was
    concluded with a final reply cannot be reopened.
    """
    became = await reopen(context, caller, number, Recur(text=body.text), idempotency_key)
    return receipt_of(became) if isinstance(became, Filed) else json_of(became)
