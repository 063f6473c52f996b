"""The tickets that a caller may see, and the parts of them that stay hidden."""

from collections.abc import Sequence

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.commands.relations import Relation
from domain.events import Event
from domain.facts.anytime import ContactLeft
from domain.facts.intake import Accepted
from domain.ticket.complaint import Channel
from domain.ticket.ticket import Ticket
from store.tickets import tickets
from store.tickets.accused_units import Hidden


async def visible(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the recorded ticket if this caller may see it: not an officer of an accused unit."""
    ticket = await tickets.state(context.store, number)
    if ticket is None:
        return None
    return ticket if caller.sees(ticket, context.packs.get(ticket.complaint.city)) else None


async def is_kept_from(context: AppContext, caller: Caller, number: str) -> bool:
    """Return whether the ticket accuses this officer's unit (举报), or one above it."""
    ticket = await tickets.state(context.store, number)
    if ticket is None:
        return False
    return caller.near(ticket, context.packs.get(ticket.complaint.city)) is Relation.ACCUSED


def hidden_from(context: AppContext, caller: Caller) -> Hidden:
    """Return the accused units (举报) hidden from this caller: their own, and those above it."""
    unit = caller.unit
    if unit is None:
        return {}
    packs = [context.packs.get(city) for city in context.packs.ids()]
    return {pack.city.id: pack.chain(unit) for pack in packs if pack.has_unit(unit)}


def city_of(caller: Caller, requested: str | None) -> str | None:
    """Return the city to list: `requested`, if this caller serves it, or their own."""
    if requested is not None and not caller.serves(requested):
        raise Problem("not_your_city")
    return requested or caller.city


def discreet(caller: Caller, ticket: Ticket) -> Ticket:
    """Return the ticket as this caller may read it.

    Units do not read who filed it, and must not know who reported (举报).
    """
    if caller.unit is None:
        return ticket
    unknown: dict[str, object] = {"filed_by": None}
    if ticket.of_wrongdoing:
        unknown |= {"channel": Channel.OTHER, "anonymous": True, "person": None, "reachable": None}
    return ticket.model_copy(update={"complaint": ticket.complaint.model_copy(update=unknown)})


def discreet_events(caller: Caller, events: Sequence[Event]) -> list[Event]:
    """Return the events as this caller may read them.

    Units do not read who filed the ticket, nor by which id the vault has a citizen.
    """
    return list(events) if caller.unit is None else [_discreet(event) for event in events]


def _discreet(event: Event) -> Event:
    hidden = {Accepted: "filed_by", ContactLeft: "person"}.get(type(event.fact))
    if hidden is None:
        return event
    return event.model_copy(update={"fact": event.fact.model_copy(update={hidden: None})})
