"""Browsers that are notified of a ticket: asked for on its page, and ended there."""

import structlog
from pydantic import Field

from activities.push_way import public_key
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.messaging.recipients import recipient_for
from domain.messaging.states import WayOut
from domain.model import Incoming, Recorded
from runtime.outbound import AddressRefused, Outbound, Unreachable
from store.messaging import choices, subscriptions
from store.tickets import tickets

logger = structlog.stdlib.get_logger("jiesu.api")

_KEY = r"^[A-Za-z0-9_-]{80,90}={0,2}$"
_AUTH = r"^[A-Za-z0-9_-]{20,26}={0,2}$"


class PushKeys(Incoming):
    """The keys of a browser, as its Push API names them."""

    p256dh: str = Field(pattern=_KEY)
    auth: str = Field(pattern=_AUTH)


class PushIn(Incoming):
    """A browser's subscription. `proof`: a one-time code, for all tickets of the phone."""

    endpoint: str = Field(min_length=12, max_length=1000)
    keys: PushKeys
    proof: str = Field("", pattern=r"^(\d{6})?$")


class PushOut(Recorded):
    """`key`: the one to subscribe with. `browsers`: those that asked on this ticket's page."""

    key: str
    browsers: int


async def push_of(context: AppContext, caller: Caller, number: str) -> PushOut | None:
    """Return what a browser needs to be notified of a ticket; None where none is."""
    await permit(context, caller, "get_ticket", number)
    return await _push_of(context, number)


async def _push_of(context: AppContext, number: str) -> PushOut | None:
    ticket = await tickets.state(context.store, number)
    if ticket is None:  # it has not begun
        return None
    offered = context.packs.get(ticket.complaint.city).messaging.channels
    if not context.settings.push_contact or WayOut.PUSH not in offered:
        return None
    return PushOut(
        key=public_key(context.vault.ring),
        browsers=await subscriptions.count(context.store, number),
    )


async def subscribe(
    context: AppContext, caller: Caller, number: str, body: PushIn, network: str = ""
) -> None:
    """Notify a browser of a ticket from now on.

    Raises:
        Problem: push_not_offered, bad_subscription, ticket_not_found, wrong_code
    """
    await permit(context, caller, "choose_messages", number)
    if await _push_of(context, number) is None:
        raise Problem("push_not_offered")
    try:
        await Outbound.of(context.settings).check(body.endpoint)
    except (AddressRefused, Unreachable) as error:
        raise Problem("bad_subscription") from error
    recipient = await recipient_for(context, number, body.proof, network)
    await subscriptions.keep(
        context.store,
        subscriptions.push_cipher(context.vault.ring),
        number,
        None if recipient == choices.of_ticket(number) else recipient,
        (body.endpoint, body.keys.p256dh, body.keys.auth),
        context.now(),
    )
    logger.info("browser notified", number=number)


async def unsubscribe(context: AppContext, caller: Caller, number: str) -> None:
    """Notify no browser any more that asked on this ticket's page."""
    await permit(context, caller, "choose_messages", number)
    await subscriptions.end(context.store, number)
    logger.info("browsers notified no more", number=number)
