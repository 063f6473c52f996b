"""The other system that a ticket was in before it was taken over."""

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from domain.model import Recorded
from store.imports import register


class TakenFrom(Recorded):
    """The other system, the number that a complaint has there, and its address if there is one."""

    source: str
    number: str
    link: str


async def origin_of(context: AppContext, caller: Caller, number: str) -> TakenFrom | None:
    """Return the system that the ticket was in; None if it was filed here.

    Units are not told it of a report of wrongdoing: the other system may name who reported.
    """
    await permit(context, caller, "list_events", number)
    ticket = await visible(context, caller, number)
    if ticket is None or (caller.unit is not None and ticket.of_wrongdoing):
        return None
    taken = await register.of_ticket(context.store, number)
    return (
        None if taken is None else TakenFrom(source=taken.source, number=taken.own, link=taken.link)
    )
