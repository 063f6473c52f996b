"""Tickets side by side, and others about the same matter, before they are merged (并单)."""

from collections.abc import Sequence

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from domain.pack.pack import Pack
from domain.ticket.ticket import Ticket
from store.tickets import nearby, tickets
from store.tickets.nearby import Alike, CommonProblem


async def compared(context: AppContext, caller: Caller, numbers: Sequence[str]) -> list[Ticket]:
    """Return the tickets with these numbers that this caller may see."""
    await permit(context, caller, "page_desk")
    states = await tickets.states(context.store, numbers) if numbers else []
    packs = context.packs
    return [one for one in states if caller.sees(one, packs.get(one.complaint.city))]


async def alike(context: AppContext, caller: Caller, ticket: Ticket, pack: Pack) -> list[Alike]:
    """Return open tickets about the same matter as this one, in its city."""
    await permit(context, caller, "page_desk", ticket.complaint.number)
    return await nearby.alike(context.store, ticket, pack.severity)


async def crowds(context: AppContext, caller: Caller, city: str) -> list[CommonProblem]:
    """Return the groups of open tickets of one category in one place."""
    await permit(context, caller, "page_desk")
    city_of(caller, city)
    return await nearby.crowds(context.store, city)
