"""Ticket search: by number, part of the title, stage, unit, category, kind and queue."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import language_of
from api.pages.shared.forms import REFUSALS, Form, filled_in
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import Translator
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.errors import Problem
from app.tickets.tickets import ListQuery, TicketPage, listed, visible_ticket
from domain.canonical import folded, typed_code
from domain.pack.pack import Pack
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from domain.words import N_
from store.db.errors import BadNumber
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

FIELDS = ("text", "stage", "unit", "category", "kind", "state", "queue")
STATES: dict[str, tuple[str, dict[str, bool]]] = {
    "open": (N_("Open"), {"open": True}),
    "overdue": (N_("Overdue"), {"overdue": True}),
    "ended": (N_("Ended"), {"open": False}),
}
"""The label and the query of each choice of the form."""

LIMIT = 50


@router.get(TICKETS)
async def search(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_tickets")]
) -> Response:
    """List the matching tickets; a complete number redirects to its ticket."""
    pack = working_city(request, context, caller)
    speech = Translator(language_of(request), pack)
    values = {name: filled_in(request.query_params.get(name, "")) for name in FIELDS}
    form = Form.blank(*FIELDS, **values)
    status, page = 200, TicketPage(items=[])
    try:
        number = await _number(context, caller, values["text"])
        if number is not None:
            return RedirectResponse(f"{TICKETS}/{number}", 303)
        cursor = request.query_params.get("cursor")
        page = await listed(context, caller, _query(form, pack, caller, cursor))
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
        states=[(value, speech.say(words)) for value, (words, _) in STATES.items()],
        stages=[(one.value, speech.label("stage", one.value)) for one in Stage],
        queues=[(one.value, speech.label("queue", one.value)) for one in Queue],
        kinds=[(one.value, speech.label("kind", one.value)) for one in Kind],
        speech=speech,
        url=_url(values),
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


def _query(form: Form, pack: Pack, caller: Caller, cursor: str | None) -> ListQuery:
    """Build the API's list query from the form."""
    values: dict[str, Any] = {"city": pack.city.id, "limit": LIMIT, "cursor": cursor or None}
    values |= form.filled("text", "stage", "kind", "queue")
    names = {"unit": pack.units, "category": pack.categories}
    for field, things in names.items():
        if form.typed[field]:
            values[field] = _code(form.typed[field], things)
    if caller.unit is not None:
        values.pop("unit", None)
    if form.typed["state"]:
        values |= STATES.get(form.typed["state"], ("", {}))[1]
    return ListQuery.model_validate(values)


def _code(text: str, things: Any) -> str:
    """Return the code for typed text: a code, a name, or both as the list shows them."""
    code = typed_code(text).rpartition(" · ")[2]
    for thing in things:
        if code == thing.code or folded(text) in (folded(thing.name), folded(thing.name_en)):
            return str(thing.code)
    return code


def _url(values: dict[str, str]) -> str:
    fields = {name: text for name, text in values.items() if text}
    return f"{TICKETS}?{urlencode(fields)}&" if fields else f"{TICKETS}?"
