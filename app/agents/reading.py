"""Tickets that machines read: by the same use cases as everybody's, and covered.

A machine never learns of a report of wrongdoing (举报), whomever it accuses.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.agents.covering import Cover, cover_for
from app.agents.views import (
    AgentEvents,
    AgentTicket,
    AgentTicketLine,
    AgentTicketPage,
    event_view,
    line_view,
    ticket_view,
)
from app.context import AppContext
from app.errors import Problem
from app.tickets.tickets import ListQuery, events_of, listed, visible_ticket
from domain.canonical import folded
from domain.facts.anytime import ContactLeft
from domain.facts.merging import OF_MERGING
from domain.model import Incoming
from domain.ticket.complaint import Code, Kind, cleaned
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.agents import requests
from store.db.cursors import cursor as cursor_of
from store.tickets.complainants import complainants_of
from store.tickets.states import State

_MOST_MERGED = 500
"""Merged tickets whose people are looked for in texts: each makes the search longer."""

_LOOKED_AT, _MOST_PAGES = 200, 10
"""The titles that one search looks at: pages, and lines of each."""


class AgentListQuery(Incoming):
    """The filter of a list; omitted fields match everything."""

    stage: Stage | None = None
    outcome: Outcome | None = None
    unit: Code | None = Field(None, description="The unit that has, or had last, the ticket.")
    category: Code | None = None
    kind: Kind | None = None
    state: State | None = Field(
        None,
        description="`open`, `overdue`, `soon`: due within four hours, `at_units`, "
        "`overdue_at_units`, `ended`, `watched`.",
    )
    text: Annotated[str, StringConstraints(max_length=100), AfterValidator(cleaned)] | None = Field(
        None, description="Part of a title, as machines read it, or a whole number."
    )
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(20, ge=1, le=100)


def reading(caller: Caller) -> Caller:
    """Return the caller for a use case whose answer is covered before anybody reads it."""
    return replace(caller, masked=True, granted=set())


async def list_tickets(
    context: AppContext, caller: Caller, query: AgentListQuery
) -> AgentTicketPage:
    """Return the matching tickets, of those that this machine may list, the latest change first.

    A text is found only where a machine would read it: nobody's name can be tried, neither by what
    is listed nor by whether more follows.

    Raises:
        Problem, BadCursor
    """
    machine = reading(caller)
    await permit(context, machine, "list_tickets")
    if query.text:
        return await _saying(context, machine, query, folded(query.text))
    lines, following = await _lines(context, machine, query)
    return AgentTicketPage(items=lines, next_cursor=following)


async def _lines(
    context: AppContext, machine: Caller, query: AgentListQuery, **changes: object
) -> tuple[list[AgentTicketLine], str | None]:
    page = await listed(context, machine, ListQuery.model_validate(query.model_dump() | changes))
    numbers = [row.number for row in page.items]
    known = await complainants_of(context.store, numbers, _MOST_MERGED)
    persons = [row.person for row in page.items] + [one for some in known.values() for one in some]
    cover = await cover_for(context, persons)
    return [line_view(row, cover) for row in page.items], page.next_cursor


async def _saying(
    context: AppContext, machine: Caller, query: AgentListQuery, asked: str
) -> AgentTicketPage:
    """Return the lines that say this as they are shown; the store's own search reads uncovered."""
    found: list[AgentTicketLine] = []
    following = query.cursor
    for _ in range(_MOST_PAGES):
        lines, following = await _lines(context, machine, query, cursor=following, limit=_LOOKED_AT)
        found += [one for one in lines if asked in folded(one.title) or asked == one.number]
        if following is None or len(found) > query.limit:
            break
    shown, more = found[: query.limit], len(found) > query.limit
    last = shown[-1] if more else None
    after = cursor_of(last.updated_at.isoformat(), last.number) if last else None
    return AgentTicketPage(items=shown, next_cursor=after)


async def get_ticket(context: AppContext, caller: Caller, number: str) -> AgentTicket:
    """Return a ticket, covered.

    Raises:
        Problem: ticket_not_found, also where this machine may not see it.
    """
    machine = reading(caller)
    await permit(context, machine, "get_ticket", number)
    ticket, waiting = await visible_ticket(context, machine, number)
    return ticket_view(
        ticket,
        context.packs.get(ticket.complaint.city),
        await cover_of(context, machine, ticket),
        waiting=waiting,
        left_to_people=await requests.is_open(context.store, number),
    )


async def get_events(
    context: AppContext, caller: Caller, number: str, language: str
) -> AgentEvents:
    """Return everything that happened to a ticket, covered, without merges with reports.

    Raises:
        Problem: ticket_not_found, also where this machine may not see it.
    """
    machine = reading(caller)
    await permit(context, machine, "list_events", number)
    permitted = replace(machine, granted=set())
    ticket, _ = await visible_ticket(context, permitted, number)
    found = await events_of(context, machine, number)
    left = [one.fact.person for one in found if isinstance(one.fact, ContactLeft)]
    cover = await cover_of(context, permitted, ticket, left)
    secret = await _reports_merged(context, machine, ticket)
    pack = context.packs.get(ticket.complaint.city)
    shown = [
        event_view(event, pack, cover, language)
        for event in found
        if not (secret and isinstance(event.fact, OF_MERGING))
    ]
    return AgentEvents(items=shown)


async def visible_to(context: AppContext, caller: Caller, number: str) -> Ticket:
    """Return the recorded ticket that this machine may know.

    Raises:
        Problem: ticket_not_found
    """
    machine = reading(caller)
    await permit(context, machine, "get_ticket", number)
    ticket = await visible(context, machine, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    return ticket


async def cover_of(
    context: AppContext, caller: Caller, ticket: Ticket, more: Sequence[str | None] = ()
) -> Cover:
    """Return the covering of a ticket's texts: of all who complained, see `complainants_of`."""
    number = ticket.complaint.number
    await permit(context, caller, "get_ticket", number)
    known = await complainants_of(context.store, [number], _MOST_MERGED)
    return await cover_for(context, [ticket.complaint.person, *known[number], *more])


async def _reports_merged(context: AppContext, caller: Caller, ticket: Ticket) -> bool:
    """Return whether the ticket was merged with one that this machine may not know of."""
    merged = [*ticket.complainants, *([ticket.parent] if ticket.parent else [])]
    return any([await visible(context, caller, one) is None for one in merged])
