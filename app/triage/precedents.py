"""The precedents (先例) of a ticket: how earlier disputes about its subject were settled."""

from collections import Counter

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.policy.precedents import PRECEDENT_DAYS, Precedent, Settled
from domain.ticket.complaint import Code
from domain.ticket.ticket import Ticket
from store.learning.precedents import read_precedents

_SHOWN = 5


class PrecedentsQuery(Incoming):
    """The subject that is asked about; without one, the ticket's own."""

    category: Code | None = None


class PrecedentOut(Recorded):
    """One dispute that was settled. `ground`: a code of the pack's grounds for returns."""

    number: str
    title: str
    at: Instant
    settled: Settled
    unit: str | None = Field(description="The unit that did not keep it.")
    instead: str | None = Field(description="The unit that got it; null while none has it.")
    ground: str | None
    reason: str
    decided: str = Field(description="The words of the decision.")
    same_area: bool = Field(description="Whether both are in one street or community.")


class PrecedentShare(Recorded):
    """The number of times that tickets of the subject went from one unit to another."""

    unit: str | None
    instead: str | None
    settled: Settled
    times: int


class PrecedentsOut(Recorded):
    """The precedents of a subject within two years: the latest, and how often each way was taken.

    `category`: null while the ticket has none and none was asked for.
    """

    number: str
    category: str | None
    shares: list[PrecedentShare]
    items: list[PrecedentOut]


async def precedents(
    context: AppContext, caller: Caller, number: str, query: PrecedentsQuery
) -> PrecedentsOut:
    """Return how disputes about tickets of the same subject were settled.

    Those of the same street or community come first. A report of wrongdoing has none.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_precedents", number)
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    category = query.category or ticket.category
    if category is None or ticket.of_wrongdoing:
        return PrecedentsOut(number=number, category=category, shares=[], items=[])
    city, since = ticket.complaint.city, context.now() - PRECEDENT_DAYS
    pack = context.packs.get(city)
    found = [
        (past, one)
        for past, settled in await read_precedents(context.store, city, category, since)
        if past.complaint.number != number and caller.sees(past, pack)
        for one in settled
    ]
    found.sort(key=lambda pair: (_near(ticket, pair[0]), pair[1].at), reverse=True)
    times = Counter((one.unit, one.instead, one.settled) for _, one in found)
    return PrecedentsOut(
        number=number,
        category=category,
        shares=[
            PrecedentShare(unit=unit, instead=instead, settled=settled, times=count)
            for (unit, instead, settled), count in times.most_common(_SHOWN)
        ],
        items=[_out(ticket, past, one) for past, one in found[:_SHOWN]],
    )


def _near(ticket: Ticket, past: Ticket) -> bool:
    return ticket.area is not None and ticket.area == past.area


def _out(ticket: Ticket, past: Ticket, one: Precedent) -> PrecedentOut:
    return PrecedentOut(
        **one.model_dump(), title=past.complaint.title, same_area=_near(ticket, past)
    )
