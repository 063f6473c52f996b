"""Ticket search: by number, by words of all texts, by state, stage, unit, category and queue."""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import language_of
from api.pages.shared.addresses import TicketSearch
from api.pages.shared.forms import REFUSALS, Form, filled_in
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import Translator
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.errors import Problem
from app.tickets.search import SearchOrder
from app.tickets.tickets import ListQuery, TicketPage, listed, visible_ticket
from domain.canonical import folded, typed_code
from domain.pack.pack import Pack
from domain.policy.work_queues import Queue
from domain.search.query import MOST_CHARACTERS
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from domain.words import N_
from store.db.errors import BadNumber
from store.tickets.numbers import parse_number
from store.tickets.states import State

router = APIRouter(include_in_schema=False)

FIELDS = ("text", "order", "stage", "unit", "category", "kind", "state", "queue")
BESIDE = (
    "outcome", "channel", "queue_late", "filed_since", "filed_until", "ended_since", "ended_until",
)  # fmt: skip
"""The filters that come with the link behind a number, and have no field in the form."""

LIMIT = 50


class Beside(NamedTuple):
    """A filter without a field: its words, its value in addresses, the list's address without."""

    name: str
    words: str
    said: str
    value: str
    without: str


@router.get(TICKETS)
async def search(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_tickets")]
) -> Response:
    """List the matching tickets; a complete number redirects to its ticket."""
    pack = working_city(request, context, caller)
    speech = Translator(language_of(request), pack)
    values = {name: filled_in(request.query_params.get(name, "")) for name in FIELDS}
    form = Form.blank(*FIELDS, **values)
    status, page, asked = 200, TicketPage(items=[]), TicketSearch(city=pack.city.id)
    try:
        asked = TicketSearch.read(request).but(city=pack.city.id)
        number = await _number(context, caller, asked.text or "")
        if number is not None:
            return RedirectResponse(f"{TICKETS}/{number}", 303)
        cursor = request.query_params.get("cursor")
        page = await listed(context, caller, _query(asked, pack, cursor))
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return staff_page(
        request,
        "ticket/search.html",
        caller,
        status,
        pack=pack,
        form=form,
        page=page,
        states=[(one.value, speech.label("state", one.value)) for one in State],
        stages=[(one.value, speech.label("stage", one.value)) for one in Stage],
        orders=[(one.value, speech.label("order", one.value)) for one in SearchOrder],
        most=MOST_CHARACTERS,
        queues=[(one.value, speech.label("queue", one.value)) for one in Queue],
        kinds=[(one.value, speech.label("kind", one.value)) for one in Kind],
        speech=speech,
        beside=[_beside(asked, name, speech, pack) for name in BESIDE if getattr(asked, name)],
        url=asked.following,
        first="cursor" not in request.query_params,
    )


async def _number(context: Context, caller: Caller, text: str) -> str | None:
    """Return the typed number, if it is that of a ticket this caller may see."""
    try:
        number = parse_number(text)
        await visible_ticket(context, caller, number)
    except (BadNumber, Problem):
        return None
    return number


def _query(asked: TicketSearch, pack: Pack, cursor: str | None) -> ListQuery:
    """Build the API's list query from the search."""
    values = asked.model_dump(exclude={"lang"}) | {"limit": LIMIT, "cursor": cursor or None}
    values["order"] = values["order"] or SearchOrder.NEWEST
    for field, things in {"unit": pack.units, "category": pack.categories}.items():
        if values[field]:
            values[field] = _code(values[field], things)
    return ListQuery.model_validate(values)


def _beside(asked: TicketSearch, name: str, speech: Translator, pack: Pack) -> Beside:
    """Put a filter without a field into words, with the address of the list without it."""
    value = getattr(asked, name)
    match name:
        case "outcome" | "channel":
            said = speech.label(name, value.value)
        case "queue_late":
            said = speech.say(N_("past the queue's limit"))
        case _:
            said = f"{value.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}"
    sent = asked.model_dump(mode="json")[name]
    return Beside(
        name, speech.label("filter", name), said, str(sent), asked.but(**{name: None}).url
    )


def _code(text: str, things: Any) -> str:
    """Return the code for typed text: a code, a name, or both as the list shows them."""
    code = typed_code(text).rpartition(" · ")[2]
    for thing in things:
        if code == thing.code or folded(text) in (folded(thing.name), folded(thing.name_en)):
            return str(thing.code)
    return code
