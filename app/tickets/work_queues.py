"""Queues of the centre."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from domain.model import Incoming, Recorded
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Code
from store.tickets import work_queues
from store.tickets.work_queues import QueuedTicket, QueueRow


class QueueQuery(Incoming):
    queue: list[Queue] = Field(
        min_length=1,
        max_length=len(Queue),
        description="`triage`: a person says what it is about; `dispatch`: a person names the "
        "unit; `decision`: a unit asked for something; `arbitrate`: a meeting names the unit; "
        "`call_back`: the citizen is called; `supervise`: a supervisor has the last word. Several "
        "make one list.",
    )
    city: Code | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class QueueTickets(Recorded):
    items: list[QueueRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


class WaitingTickets(NamedTuple):
    """The first tickets of some queues of a city, and how many each queue has."""

    first: Sequence[QueuedTicket]
    counts: Mapping[Queue, int]


async def listed(context: AppContext, caller: Caller, query: QueueQuery) -> QueueTickets:
    """Return what waits in the queues, the earliest due first.

    Raises:
        Problem, BadCursor
    """
    await permit(context, caller, "list_queue")
    city = city_of(caller, query.city)
    page = await work_queues.page(context.store, query.queue, city, query.cursor, query.limit)
    return QueueTickets(items=page.rows, next_cursor=page.next_cursor)


async def waiting(
    context: AppContext,
    caller: Caller,
    city: str,
    queues: Sequence[Queue],
    only: Queue | None,
    most: int,
    without: str,
) -> WaitingTickets:
    """Return the tickets of the queues, or of `only` one of them, and the counts of all.

    `without`: the number of a ticket to leave out.
    """
    await permit(context, caller, "list_queue")
    city_of(caller, city)
    shown = [only] if only else queues
    first, counts = await asyncio.gather(
        work_queues.whole(context.store, shown, city, most, without),
        work_queues.counts(context.store, queues, city, without),
    )
    return WaitingTickets(first, counts)
