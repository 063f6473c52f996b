"""The choices of a citizen: channels not used, and a language; by the ticket or by a link."""

from typing import Literal

import structlog
from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.messaging.recipients import known, recipient_for, send_proof
from domain.messaging.states import WayOut
from domain.model import Incoming, Recorded
from store.messaging import choices
from store.messaging.marks import Marks, SignedEnding

logger = structlog.stdlib.get_logger("jiesu.api")

_OFFERED = (WayOut.SMS, WayOut.EMAIL)


class ChoiceIn(Incoming):
    """The messages wanted, of this ticket; with `proof` of all tickets of the phone.

    `language`: "" for the city's.
    """

    sms: bool = False
    email: bool = False
    language: Literal["", "zh", "en"] = ""
    proof: str = Field("", pattern=r"^(\d{6})?$", description="A one-time code of the phone.")


class ChoiceOut(Recorded):
    """The channels that are used now."""

    sms: bool
    email: bool
    language: str


async def choice_of(context: AppContext, caller: Caller, number: str) -> ChoiceOut:
    """Return what holds for a ticket.

    Raises:
        Problem: ticket_not_found, person_unknown
    """
    await permit(context, caller, "choose_messages", number)
    chosen = await choices.of(context.store, await _recipient(context, number), number)
    return ChoiceOut(
        sms=WayOut.SMS not in chosen.without,
        email=WayOut.EMAIL not in chosen.without,
        language=chosen.language,
    )


async def choose(
    context: AppContext, caller: Caller, number: str, choice: ChoiceIn, network: str = ""
) -> bool:
    """Keep what the citizen of a ticket chooses, for it or for all tickets of their phone.

    Returns whether it is for all. Wrong one-time codes are counted by `network`.

    Raises:
        Problem: ticket_not_found, person_unknown, wrong_code, too_many_attempts
    """
    await permit(context, caller, "choose_messages", number)
    recipient = await recipient_for(context, number, choice.proof, network)
    wanted = {WayOut.SMS: choice.sms, WayOut.EMAIL: choice.email}
    without = [channel for channel in _OFFERED if not wanted[channel]]
    now = context.now()
    await choices.keep(context.store, recipient, without, choice.language, now)
    whole = recipient != choices.of_ticket(number)
    if whole:  # what was chosen for this ticket alone is over
        await choices.end(context.store, choices.of_ticket(number))
    logger.info("messages chosen", number=number)
    return whole


async def send_code_for(context: AppContext, caller: Caller, number: str, network: str) -> None:
    """Send a one-time code to the phone of a ticket, to choose for all of its tickets.

    Raises:
        Problem: ticket_not_found, rate_limited
    """
    await permit(context, caller, "choose_messages", number)
    await send_proof(context, number, network)


def ending_of(context: AppContext, link: str) -> SignedEnding:
    """Return what a link of a message ends.

    Raises:
        Problem: not_found
    """
    ending = Marks(context.vault.ring).read_link(link)
    if ending is None:
        raise Problem("not_found")
    return ending


async def end_by_link(context: AppContext, link: str) -> WayOut:
    """Use a channel no more for whom a message's link is of; return which. It may be repeated.

    Raises:
        Problem: not_found
    """
    ending = ending_of(context, link)
    now = context.now()
    await choices.without(context.store, ending.recipient, ending.channel, now)
    logger.info("messages ended", channel=ending.channel.value)
    return ending.channel


async def again_by_link(context: AppContext, link: str) -> WayOut:
    """Use a channel again for whom a message's link is of; return which.

    Raises:
        Problem: not_found
    """
    ending = ending_of(context, link)
    await choices.wanted(context.store, ending.recipient, ending.channel, context.now())
    logger.info("messages wanted again", channel=ending.channel.value)
    return ending.channel


async def _recipient(context: AppContext, number: str) -> str:
    recipient = Marks(context.vault.ring).recipient((await known(context, number)).person)
    if recipient is None:
        raise Problem("person_unknown")
    return recipient
