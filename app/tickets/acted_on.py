"""A ticket that staff act on beside its workflow: with councils, promises and mediations."""

from typing import NamedTuple

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.pack.pack import Pack
from domain.ticket.ticket import Ticket
from store.tickets import intake, tickets


class ActedOn(NamedTuple):
    """A ticket that the caller may do this to, with its city's pack."""

    ticket: Ticket
    pack: Pack


async def acted_on(context: AppContext, caller: Caller, key: str, number: str) -> ActedOn:
    """Return the ticket, if the caller may `key` it: by role, scope, city, and unit.

    Raises:
        Problem: those of `permit`; ticket_not_found, not_started_yet, forbidden
    """
    await permit(context, caller, key, number)
    ticket = await started(context, caller, number)
    if ticket is None:
        raise Problem("not_started_yet")
    pack = context.packs.get(ticket.complaint.city)
    if not caller.may_with(key, ticket, pack):
        raise Problem("forbidden", f"The unit may not do this: {key}.")
    return ActedOn(ticket, pack)


async def started(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket that this caller sees; None of one that is registered, and not started yet.

    Raises:
        Problem: ticket_not_found
    """
    if caller.citizen:  # who has shown the access code of this very ticket
        return await tickets.state(context.store, number)
    ticket = await visible(context, caller, number)
    if ticket is not None:
        return ticket
    registered = await intake.get(context.store, number) if caller.unit is None else None
    if registered is None or not caller.serves(registered.complaint.city):
        raise Problem("ticket_not_found")
    if await tickets.get(context.store, number) is not None:
        raise Problem("ticket_not_found")
    return None
