"""Reopening: a watched ticket is handled again; one that has ended is followed by another."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api import filing
from api.access import TicketNumber, anyone, visible
from api.caller import Caller
from api.commands import ALWAYS, body_of, give
from api.door import API, Door, TheDoor, json_of
from api.filing import IdempotencyKey, Receipt
from api.offers.citizens import BACK
from api.problems import Problem, responses
from domain.commands.citizens import Recur
from domain.policy.transitions import transition
from domain.refusals import Refused
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Snapshot, Ticket
from store.tickets import tickets

router = APIRouter(prefix=API)

_BODY: Any = body_of(Recur)


@router.post(
    f"/tickets/{{number}}/{BACK.path}",
    operation_id="recur_ticket",
    summary=BACK.summary,
    tags=["Citizens", "Staff"],
    response_model=Snapshot | Receipt,
    responses={
        200: {"description": "The ticket was still being watched, and goes on."},
        201: {"model": Receipt, "description": "It had ended; this is the one that follows it."},
        202: {"model": Receipt, "description": "The same; the engine is away and starts it later."},
        **responses(*ALWAYS, *BACK.refusals, "too_many_attempts", "idempotency_key_reused"),
    },
)
async def recur(
    number: TicketNumber,
    caller: Annotated[Caller, anyone("recur")],
    door: TheDoor,
    body: Annotated[_BODY, Body(examples=[BACK.example])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Reopen the ticket while it is still watched (回头看).

    After that a new ticket follows the old one, with the same place and category. A matter that was
    concluded with a final reply cannot be reopened.
    """
    command = Recur(text=body.text)
    ended = await _ended(door, caller, number)
    if ended is None:
        return json_of(await give(door, caller, number, command, idempotency_key))
    transition(Stage.AFTERCARE, Recur.leads_to).permit(caller.actor)
    if ended.outcome is Outcome.FINAL_REPLY:
        raise Refused("final_reply_sealed", "This matter was concluded with a final reply.")
    before = ended.complaint
    pack = door.packs.get(before.city)
    follower = filing.draft(
        pack,
        door.engine.clock.now(),
        **before.model_dump(include={"kind", "channel", "title", "place", "anonymous", "person"}),
        text=body.text,
        category=ended.category if pack.knows(ended.category) else None,
        follows=number,
    )
    # A repeated request opens one ticket, with a key or without.
    key = f"recur/{number}/{idempotency_key or door.mark(body.text)}"
    registered = await filing.register(door, pack, follower, None, key, body.text)
    return filing.receipt(door, registered, await filing.start(door, registered))


async def _ended(door: Door, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket, if it has ended."""
    ticket = await tickets.state(door.store, number)
    if ticket is None or ticket.stage is not Stage.ENDED:
        return None
    if await visible(door, caller, number) is None:
        raise Problem("ticket_not_found")
    return ticket
