"""Leaving a phone or an e-mail address on a ticket that was filed without one."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.http.access import TicketNumber, citizen_or_staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.commands import ALWAYS
from app.access.caller import Caller
from app.context import API
from app.tickets.leaving_contacts import LeftContact, leave_contact
from domain.commands.citizens.leave_contact import LeaveContact
from domain.ticket.state import Snapshot

router = APIRouter(prefix=API)


@router.post(
    f"/tickets/{{number}}/{LeaveContact.spec.path}",
    operation_id="leave_contact_ticket",
    summary=LeaveContact.spec.summary,
    tags=["Citizens", "Staff"],
    response_model=Snapshot,
    responses=responses(
        *ALWAYS, *LeaveContact.spec.refusals, "too_many_attempts", "idempotency_key_reused"
    ),
)
async def leave(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("leave_contact")],
    context: Context,
    body: Annotated[LeftContact, Body(examples=[{"phone": "010-00012345"}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep it encrypted, as at filing: masked for staff, and hidden from the unit where the
    complaint is anonymous or a report (举报). One that is there already is not replaced.
    """
    return json_of(await leave_contact(context, caller, number, body, idempotency_key))
