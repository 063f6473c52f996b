"""The choices of a citizen: channels not used, and a language; by the ticket or by a link."""

from typing import Literal

import structlog

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from domain.messaging.states import WayOut
from domain.model import Incoming, Recorded
from store.messaging import choices
from store.messaging.marks import Marks, SignedEnding
from store.tickets import intake, tickets

logger = structlog.stdlib.get_logger("jiesu.api")

_OFFERED = (WayOut.SMS, WayOut.EMAIL)


class ChoiceIn(Incoming):
    """The messages wanted, of all tickets of this citizen. `language`: "" for the city's."""

    sms: bool = False
    email: bool = False
    language: Literal["", "zh", "en"] = ""


class ChoiceOut(Recorded):
    """The channels that are used now."""

    sms: bool
    email: bool
    language: str


async def choice_of(context: AppContext, caller: Caller, number: str) -> ChoiceOut:
    """Return what the citizen of a ticket chose.

    Raises:
        Problem: ticket_not_found, person_unknown
    """
    await permit(context, caller, "choose_messages", number)
    chosen = await choices.of(context.store, await _recipient(context, number))
    return ChoiceOut(
        sms=WayOut.SMS not in chosen.without,
        email=WayOut.EMAIL not in chosen.without,
        language=chosen.language,
    )


async def choose(context: AppContext, caller: Caller, number: str, choice: ChoiceIn) -> None:
    """Keep what the citizen of a ticket chooses, for all of their tickets.

    Raises:
        Problem: ticket_not_found, person_unknown
    """
    await permit(context, caller, "choose_messages", number)
    recipient = await _recipient(context, number)
    wanted = {WayOut.SMS: choice.sms, WayOut.EMAIL: choice.email}
    without = [channel for channel in _OFFERED if not wanted[channel]]
    now = context.now()
    await choices.keep(context.store, recipient, without, choice.language, now)
    logger.info("messages chosen", number=number)


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


async def _recipient(context: AppContext, number: str) -> str:
    ticket = await tickets.state(context.store, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    person_id = ticket.complaint.person
    person = await intake.person_of(context.store, context.vault, person_id) if person_id else None
    recipient = Marks(context.vault.ring).recipient(person) if person else None
    if recipient is None:
        raise Problem("person_unknown")
    return recipient
