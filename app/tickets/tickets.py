"""Reading tickets: one as its citizen sees it, and lists for staff."""

import asyncio
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, discreet, discreet_events, hidden_from, visible
from app.agents.machine_acts import by_machine
from app.cities.periods import Moment
from app.context import AppContext
from app.errors import Problem
from app.incidents.views import told_member
from app.tickets.beside_workflow import beside_workflow
from app.tickets.citizen_view import (
    CitizenTicket,
    citizen_view,
    waiting_view,
    with_incident,
    with_moments,
)
from app.tickets.search import FoundTexts, SearchOrder, TextSearch, found, reader_of
from domain.actors import Role
from domain.events import Event
from domain.facts.machine_reasons import reasons_of
from domain.model import Incoming, Recorded
from domain.pack.names import names_of
from domain.policy.work_queues import Queue
from domain.search.query import MOST_CHARACTERS
from domain.ticket.complaint import Channel, Code, Kind, cleaned
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.db.errors import BadNumber
from store.tickets import intake, outbox, tickets
from store.tickets.numbers import parse_number
from store.tickets.states import State
from store.tickets.tickets import Filters, TicketRow


class ListQuery(Incoming):
    """The filter of a list; omitted fields match everything. Times: since <= t < until."""

    city: Code | None = None
    stage: Stage | None = None
    outcome: Outcome | None = None
    unit: Code | None = Field(None, description="The unit that has, or had last, the ticket.")
    category: Code | None = None
    kind: Kind | None = None
    channel: Channel | None = Field(
        None, description="For officers without reports of wrongdoing, whose channel is not told."
    )
    state: State | None = Field(
        None,
        description="`open`: something is still to be done; `overdue`: the city has to act and is "
        "past due; `soon`: it will be within four hours; `at_units`: a unit has it and has not "
        "answered; `overdue_at_units`; `ended`; `watched`: ended, and in aftercare.",
    )
    open: bool | None = Field(None, description="As `state`: open, or ended.")
    call_back_due: bool | None = None
    queue: Queue | None = Field(None, description="Where it waits for somebody at the centre.")
    queue_late: bool | None = Field(None, description="Whether it is past the queue's limit.")
    overdue: bool | None = Field(None, description="Whether its `state` is `overdue`.")
    due_before: Moment | None = None
    filed_since: Moment | None = None
    filed_until: Moment | None = None
    ended_since: Moment | None = None
    ended_until: Moment | None = None
    text: (
        Annotated[str, StringConstraints(max_length=MOST_CHARACTERS), AfterValidator(cleaned)]
        | None
    ) = Field(
        None,
        description="Words that are all in the ticket's texts, a phrase in quotes, or a number. "
        "`text:`, `place:`, `reply:`, `note:` before a word say where it is; `number:`, `unit:`, "
        "`category:`, `stage:`, `kind:`, `from:`, `to:` filter.",
    )
    order: SearchOrder = Field(SearchOrder.NEWEST, description="Of tickets found by `text`.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class TicketPage(Recorded):
    items: list[TicketRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")
    found: FoundTexts | None = Field(None, description="Where `text` was searched for.")


class EventWithReasons(Event):
    """An event, with the system's reasons for it in the reader's language."""

    reasons: list[str] = Field(
        default_factory=list,
        description="The system's reasons, from `fact.because`, in the language of the header "
        "Accept-Language: Chinese or English. Empty where a person gave the reason.",
    )
    by_machine: bool = Field(False, description="A program did it (an agent), and no person.")


async def one(context: AppContext, caller: Caller, number: str) -> Ticket | CitizenTicket:
    """Return the ticket: for its citizen the citizen's view, for staff the whole.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    if caller.citizen:
        return await as_citizen(context, caller, number)
    ticket, _ = await visible_ticket(context, caller, number)
    return await discreet(context, caller, ticket)


async def visible_ticket(context: AppContext, caller: Caller, number: str) -> tuple[Ticket, bool]:
    """Return the ticket, and whether it is only registered so far.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "get_ticket", number)
    return await _seen(context, caller, number)


async def _seen(context: AppContext, caller: Caller, number: str) -> tuple[Ticket, bool]:
    ticket = await visible(context, caller, number)
    if ticket is not None:
        return ticket, False
    registered = await intake.get(context.store, number) if caller.unit is None else None
    if registered is None or not caller.serves(registered.complaint.city):
        raise Problem("ticket_not_found")
    if await tickets.get(context.store, number) is None:
        return Ticket.of(registered.complaint), True
    # It was refused above, or has been recorded since then.
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    return ticket, False


async def events_of(context: AppContext, caller: Caller, number: str) -> list[Event]:
    """Return everything that happened to the ticket, the first event first.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_events", number)
    await _seen(context, caller, number)
    return await discreet_events(context, caller, await tickets.events(context.store, number))


async def events_with_reasons(
    context: AppContext, caller: Caller, number: str, language: str
) -> list[EventWithReasons]:
    """Return the events with the system's reasons in a language, the first event first.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_events", number)
    ticket, _ = await _seen(context, caller, number)
    names = names_of(context.packs.get(ticket.complaint.city), language)
    events = await tickets.events(context.store, number)
    return [
        EventWithReasons(
            **dict(event),
            reasons=reasons_of(event.fact, language, names),
            by_machine=by_machine(event),
        )
        for event in await discreet_events(context, caller, events)
    ]


async def as_citizen(context: AppContext, caller: Caller, number: str) -> CitizenTicket:
    """Return the citizen's view, also of a complaint that waits for the engine."""
    await permit(context, caller, "get_ticket", number)
    ticket, events, messages = await asyncio.gather(
        tickets.state(context.store, number),
        tickets.events(context.store, number),
        outbox.messages(context.store, number, Role.CITIZEN),
    )
    if ticket is not None:
        view = citizen_view(ticket, events, messages, context.packs.get(ticket.complaint.city))
        beside = await beside_workflow(context, caller, ticket)
        told = await told_member(context, number)
        return with_incident(with_moments(view, beside.moments), told)
    registered = await intake.get(context.store, number)
    if registered is None:
        raise Problem("ticket_not_found")
    told = await told_member(context, number)
    return with_incident(waiting_view(registered.complaint), told)


async def listed(context: AppContext, caller: Caller, query: ListQuery) -> TicketPage:
    """Return the matching tickets, of those that this caller may list.

    Raises:
        Problem, BadCursor
    """
    await permit(context, caller, "list_tickets")
    values = query.model_dump(exclude={"cursor", "limit", "order"})
    fields = {
        "unit": _unit(caller, query.unit),
        "city": city_of(caller, query.city),
        "hidden": hidden_from(context, caller),
        "told_channel": caller.unit is None,
        "reports": not caller.machine,
    }
    filters = Filters(**values | fields)
    if query.text and not caller.masked and not _is_number(query.text):
        reader = reader_of(caller)
        told = replace(filters, text=None)
        asked = TextSearch(query.text, told, query.order, query.cursor, query.limit, reader)
        got = await found(context.store, context.packs, asked, context.now())
        rows = [_discreet(caller, row) for row in got.rows]
        return TicketPage(items=rows, next_cursor=got.next_cursor, found=got.texts)
    page = await tickets.page(context.store, filters, query.cursor, query.limit)
    rows = [_discreet(caller, row) for row in page.rows]
    return TicketPage(items=rows, next_cursor=page.next_cursor)


def _is_number(text: str) -> bool:
    try:
        parse_number(text)
    except BadNumber:
        return False
    return True


def _discreet(caller: Caller, row: TicketRow) -> TicketRow:
    """Hide who reported (举报) from units."""
    if caller.unit is None or not row.of_wrongdoing:
        return row
    return replace(row, channel=None, anonymous=None, person=None)


def _unit(caller: Caller, requested: str | None) -> str | None:
    if caller.unit is not None and requested not in (None, caller.unit):
        raise Problem("not_your_unit", "Officers list their own unit's tickets.")
    return caller.unit or requested
