"""Tickets and topics that councils hang on, as a caller may know of them and act on them."""

from app.access.caller import Caller
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.commands.relations import Relation
from domain.council.topic import CouncilTopic, is_topic
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.ticket.ticket import Ticket
from store.tickets import council_matters, intake, tickets


async def pack_of(context: AppContext, caller: Caller, number: str, key: str) -> Pack:
    """Return the city's pack, if the caller may do this there, and it may have a council at all.

    Raises:
        Problem: ticket_not_found, council_topic_not_found, not_started_yet, forbidden,
            council_of_report
    """
    if is_topic(number):
        _, pack = await topic_for(context, caller, number, key)
        return pack
    ticket = await ticket_seen(context, caller, number)
    if ticket is None:
        raise Problem("not_started_yet")
    pack = context.packs.get(ticket.complaint.city)
    _allow(caller, key, caller.near(ticket, pack))
    if ticket.of_wrongdoing:
        raise Problem("council_of_report")
    return pack


async def ticket_seen(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket; None of one that is registered, and not started yet.

    Raises:
        Problem: ticket_not_found
    """
    ticket = await visible(context, caller, number)
    if ticket is not None:
        return ticket
    registered = await intake.get(context.store, number) if caller.unit is None else None
    if registered is None or not caller.serves(registered.complaint.city):
        raise Problem("ticket_not_found")
    if await tickets.get(context.store, number) is not None:
        raise Problem("ticket_not_found")
    return None


async def topic_seen(context: AppContext, caller: Caller, number: str) -> tuple[CouncilTopic, Pack]:
    """Return the topic and its city's pack, to whoever works there.

    Raises:
        Problem: council_topic_not_found
    """
    topic = await council_matters.topic(context.store, number)
    if topic is None or not caller.serves(topic.city):
        raise Problem("council_topic_not_found")
    pack = context.packs.get(topic.city)
    if caller.unit is not None and not pack.has_unit(caller.unit):
        raise Problem("council_topic_not_found")
    return topic, pack


async def topic_for(
    context: AppContext, caller: Caller, number: str, key: str
) -> tuple[CouncilTopic, Pack]:
    """Return the topic, if the caller may do this to it: of officers those of the topic's unit.

    Raises:
        Problem: council_topic_not_found, forbidden
    """
    topic, pack = await topic_seen(context, caller, number)
    _allow(caller, key, near(topic, caller))
    return topic, pack


def near(topic: CouncilTopic, caller: Caller) -> Relation:
    """Return the caller's relation to a topic: its unit leads."""
    return Relation.LEAD if caller.unit == topic.unit else Relation.NONE


def _allow(caller: Caller, key: str, distance: Relation) -> None:
    if not RIGHTS[key].allows(caller.actor.role, distance):
        raise Problem("forbidden", f"The unit may not do this: {key}.")
