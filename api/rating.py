"""Rating: a signal to the ticket, checked before and confirmed after: signals have no answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response

from api.access import TicketNumber, citizen
from api.caller import Caller
from api.commands import why_not_running
from api.door import API, Door, TheDoor, json_of
from api.filing import IdempotencyKey
from api.problems import Problem, responses
from api.sending import NotRunning
from domain.commands.messages import Verdict
from domain.facts.closing import Rated
from domain.model import Recorded
from domain.policy.transitions import transition
from domain.refusals import Refused
from domain.ticket.rating import Rating
from domain.ticket.stages import Outcome, Stage
from store.tickets import intake, tickets
from store.tickets.tickets import TicketRow

router = APIRouter(prefix=API, tags=["Citizens"])

PATIENCE = 1.0
"""Seconds to wait for the record to show the rating."""

EXAMPLE = {"contacted": True, "resolved": True, "grade": 5, "words": "处理及时,谢谢。"}


class RatingReceipt(Recorded):
    """The receipt of a rating. `recorded`: it counts. `sent`: the ticket will show it later."""

    number: str
    status: Literal["recorded", "sent"]
    stage: Stage
    outcome: Outcome | None = None


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
    door: TheDoor,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Rate an answer, once: a ticket that is handled again can be rated again.

    Satisfied and solved closes the ticket; otherwise it is handled once more, as often as the
    city's rules say.
    """
    before = await check_due(door, number)
    verdict = Verdict(actor=caller.actor, rating=body, key=idempotency_key or "")
    try:
        await door.engine.rate(number, verdict)
    except NotRunning as missing:
        raise await why_not_running(door, number, missing) from None

    async def rated() -> TicketRow | None:
        row = await tickets.get(door.store, number)
        return row if row is not None and row.rated and row.version > before.version else None

    row = await door.record.until(rated, PATIENCE)
    if row is None:
        receipt = RatingReceipt(number=number, status="sent", stage=before.stage)
        return json_of(receipt, 202)
    if row.grade != body.grade:  # another rating was sent at the same time, and was first
        raise Refused("already_rated", "This ticket is rated already.")
    return json_of(
        RatingReceipt(number=number, status="recorded", stage=row.stage, outcome=row.outcome)
    )


async def check_due(door: Door, number: str) -> TicketRow:
    """Return the ticket, if a rating is due.

    Raises:
        Problem, Refused: it is not, and why.
    """
    row = await tickets.get(door.store, number)
    if row is None:
        waiting = await intake.get(door.store, number)
        raise Problem("not_started_yet" if waiting else "ticket_not_found")
    if row.rated and row.stage in (Stage.RATE, Stage.ENDED):
        raise Refused("already_rated", "This ticket is rated already.")
    transition(row.stage, Rated)
    return row
