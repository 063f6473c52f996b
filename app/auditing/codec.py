"""Decryption and encryption of the engine's payloads, for its own pages and departments' programs.

Auditors and administrators decrypt the histories of the cities they serve, and each is logged as a
view. An officer's program decrypts the orders to its own unit, and nothing else of the ticket.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import is_kept_from, visible
from app.context import AppContext
from app.errors import Problem
from domain.ticket.assignment import WorkOrder
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
        await _only_own_orders(context, caller, plain)
    return plain


async def encrypted_for(
    context: AppContext, caller: Caller, number: str | None, plain: Sequence[Payload]
) -> list[Payload]:
    """Encrypt payloads with the key of a ticket; officers name one on which their unit has a share.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "encode_payloads", number)
    if caller.unit is not None and (
        number is None or await visible(context, caller, number) is None
    ):
        raise Problem("ticket_not_found")
    return await TicketCodec(context.keys, number).encode(plain)


async def _note(context: AppContext, caller: Caller, encrypted: Sequence[Payload]) -> None:
    """Log the view of each ticket's history, if the caller may see all of these tickets."""
    numbers = sorted({number for payload in encrypted if (number := ticket_of_key(payload))})
    for number in numbers:
        await permit(context, caller, "decode_payloads", number)
    now = datetime.now(UTC)
    await view_log.note_histories(context.store, numbers, caller.actor, now, PURPOSE, ONCE)


async def _only_own_orders(context: AppContext, caller: Caller, plain: Iterable[Payload]) -> None:
    """Refuse an officer's program everything but orders to its unit.

    The order itself names unit and city: it may be read before the record shows the assignment, but
    not after the unit was accused.
    """
    for payload in plain:
        try:
            order = WorkOrder.model_validate_json(payload.data)
        except ValidationError as error:
            raise Problem("forbidden", "This is no order to your unit.") from error
        own = order.unit == caller.unit and caller.serves(order.city)
        if not own or await is_kept_from(context, caller, order.number):
            raise Problem("forbidden", "This is no order to your unit.")
