"""The tickets that a caller may see, and the parts of them that stay hidden."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from app.access.caller import Caller
from app.context import AppContext
from app.errors import FieldProblem, Problem
from domain.commands.relations import Relation
from domain.events import Event
from domain.facts.anytime import ContactLeft
from domain.facts.intake import Accepted
from domain.pack.pack import Pack
from domain.policy.withheld import about, named_in
from domain.ticket.complaint import Channel
from domain.ticket.ticket import Ticket
from store.tickets import tickets
from store.tickets.accused_units import Hidden, hidden_of

Model = TypeVar("Model", bound=BaseModel)


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


def pack_asked(
    context: AppContext, caller: Caller, requested: str | None, has: Callable[[Pack], bool]
) -> Pack:
    """Return the pack of the city asked for: it `has` what is asked for.

    Where none is said, it is the caller's own, or the only one that has it.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request: several have it
        UnknownCity
    """
    chosen = city_of(caller, requested)
    packs = [
        context.packs.get(city) for city in (context.packs.ids() if chosen is None else [chosen])
    ]
    having = [pack for pack in packs if has(pack)]
    if not having:
        raise Problem("not_in_this_city")
    if len(having) > 1:
        which = f"It is one of: {', '.join(pack.city.id for pack in having)}."
        missing = FieldProblem(field="city", code="missing", message=which)
        raise Problem("invalid_request", errors=[missing])
    return having[0]


async def withheld(context: AppContext, caller: Caller, numbers: Iterable[str]) -> set[str]:
    """Return those of the numbers of which this caller may not know: they accuse their unit (举报).

    Asked of today's record: what an event or a figure tells may be older than the accusation.
    """
    return await hidden_of(context.store, numbers, hidden_from(context, caller))


async def discreet(context: AppContext, caller: Caller, ticket: Ticket) -> Ticket:
    """Return the ticket as this caller may read it.

    Units do not read who filed it, must not know who reported (举报), nor of a ticket that accuses
    them: it may have been merged into this one.
    """
    if caller.unit is None:
        return ticket
    unknown: dict[str, object] = {"filed_by": None}
    if ticket.of_wrongdoing:
        unknown |= {"channel": Channel.OTHER, "anonymous": True, "person": None, "reachable": None}
    complaint = ticket.complaint.model_copy(update=unknown)
    gone = await withheld(context, caller, {*named_in(ticket), *named_in(complaint)})
    complaint = _without(complaint, gone)
    return _without(ticket, gone).model_copy(update={"complaint": complaint})


async def discreet_events(
    context: AppContext, caller: Caller, events: Sequence[Event]
) -> list[Event]:
    """Return the events as this caller may read them.

    Units do not read who filed the ticket, by which id the vault has a citizen, nor of a ticket
    that accuses them: of a merge with it no event is left.
    """
    if caller.unit is None:
        return list(events)
    gone = await withheld(
        context, caller, {number for event in events for number in named_in(event.fact)}
    )
    left_out = about(gone, events)
    return [_discreet(event, gone) for event in events if event.version not in left_out]


def _discreet(event: Event, gone: Collection[str]) -> Event:
    hidden = {Accepted: "filed_by", ContactLeft: "person"}.get(type(event.fact))
    fact = _without(event.fact, gone)
    if hidden is not None:
        fact = fact.model_copy(update={hidden: None})
    return event if fact is event.fact else event.model_copy(update={"fact": fact})


def _without(model: Model, gone: Collection[str]) -> Model:
    """Return the model without these numbers of tickets."""
    fields = {name: getattr(model, name) for name in type(model).model_fields} if gone else {}
    less: dict[str, object] = {
        name: [one for one in value if not (isinstance(one, str) and one in gone)]
        for name, value in fields.items()
        if isinstance(value, list)
    }
    single = {name: value for name, value in fields.items() if isinstance(value, str)}
    less |= {name: None for name, value in single.items() if value in gone}
    changed = {name: value for name, value in less.items() if value != fields[name]}
    return model.model_copy(update=changed) if changed else model
