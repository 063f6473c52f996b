"""Decryption and encryption of the engine's payloads, for its own pages and departments' programs.

Auditors and administrators decrypt the histories of the cities they serve, and each is logged as a
view. An officer's program decrypts the orders to its own unit, and nothing else of the ticket. What
it encrypts as a result is judged as one that an officer hands in, and its files are attached.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import is_kept_from, visible, withheld
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.filing.attachments import attached
from domain.ticket.assignment import HandlingResult, WorkOrder
from runtime.codec import TicketCodec, Unreadable, ticket_of_key
from store.db.errors import BadKey
from store.tickets import view_log

ONCE = timedelta(minutes=10)
"""The web UI requests a history in many requests: within this time they count as one view."""

PURPOSE = "engine's own pages"


async def decrypted(
    context: AppContext, caller: Caller, encrypted: Sequence[Payload]
) -> list[Payload]:
    """Decrypt payloads; those not encrypted are returned as they are.

    Raises:
        Problem: ticket_not_found, if one is of a ticket that this caller must not learn of;
            forbidden, if it is no order to this officer's unit; unreadable
    """
    await permit(context, caller, "decode_payloads")
    if caller.unit is None:
        await _note(context, caller, encrypted)
    try:
        plain = await TicketCodec(context.keys).decode(encrypted)
    except (Unreadable, BadKey) as error:
        raise Problem("unreadable") from error
    if caller.unit is not None:
        return [await _own_order(context, caller, payload) for payload in plain]
    return plain


async def encrypted_for(
    context: AppContext, caller: Caller, number: str | None, plain: Sequence[Payload]
) -> list[Payload]:
    """Encrypt payloads with the key of a ticket; officers name one on which their unit has a share.

    Raises:
        Problem: ticket_not_found; invalid_request, if an officer's program gives a result that is
            none
        UnknownFile, TooManyFiles: of the files in such a result
    """
    await permit(context, caller, "encode_payloads", number)
    if caller.unit is not None:
        if number is None or await visible(context, caller, number) is None:
            raise Problem("ticket_not_found")
        plain = [await _taken(context, caller, number, payload) for payload in plain]
    return await TicketCodec(context.keys, number).encode(plain)


async def _taken(context: AppContext, caller: Caller, number: str, payload: Payload) -> Payload:
    """Return a payload as it is taken: a unit's result with its files attached to the ticket.

    It is judged here, where it can be refused and mended: in the ticket it could only be ignored.
    """
    handed_in = _result_in(payload)
    if handed_in is None:
        return payload
    try:
        result = HandlingResult.model_validate(handed_in)
    except ValidationError as error:
        wrong = [
            FieldProblem(
                field=".".join(["result", *map(str, one["loc"])]),
                code=one["type"],
                message=one["msg"],
            )
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise Problem("invalid_request", errors=wrong) from None
    async with attached(context, caller, "encode_payloads", number, result.evidence) as evidence:
        done = result.model_copy(update={"evidence": evidence})
        return Payload(metadata=payload.metadata, data=done.model_dump_json().encode())


def _result_in(payload: Payload) -> dict[str, object] | None:
    """Return what a payload says if it is meant as a unit's result; None for a failure."""
    try:
        said: object = json.loads(payload.data)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and "reply" in said else None


async def _note(context: AppContext, caller: Caller, encrypted: Sequence[Payload]) -> None:
    """Log the view of each ticket's history, if the caller may see all of these tickets."""
    numbers = sorted({number for payload in encrypted if (number := ticket_of_key(payload))})
    for number in numbers:
        await permit(context, caller, "decode_payloads", number)
    now = datetime.now(UTC)
    await view_log.note_histories(context.store, numbers, caller.actor, now, PURPOSE, ONCE)


async def _own_order(context: AppContext, caller: Caller, payload: Payload) -> Payload:
    """Return an order to the officer's unit, and refuse its program everything else.

    The order itself names unit and city: it may be read before the record shows the assignment, but
    not after the unit was accused. The same holds for what it says of other citizens: an order may
    wait long for the program, and a ticket that was merged then may accuse the unit since.
    """
    try:
        order = WorkOrder.model_validate_json(payload.data)
    except ValidationError as error:
        raise Problem("forbidden", "This is no order to your unit.") from error
    own = order.unit == caller.unit and caller.serves(order.city)
    if not own or await is_kept_from(context, caller, order.number):
        raise Problem("forbidden", "This is no order to your unit.")
    gone = await withheld(context, caller, {said.number for said in order.said})
    if not gone:
        return payload
    told = [said for said in order.said if said.number not in gone]
    return Payload(
        metadata=payload.metadata,
        data=order.model_copy(update={"said": told}).model_dump_json().encode(),
    )
