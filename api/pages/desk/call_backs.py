"""Call-backs (回访) to citizens who have not rated; every attempt is recorded, reached or not."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import ENGLISH, language_of
from api.pages.desk import queue
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import CALL_BACKS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.tickets import contacts
from domain.commands.citizens.call_back import CallBack
from domain.pack.pack import Pack
from domain.pack.phrases import Moment
from domain.ticket.rating import Rating
from domain.words import N_
from store.secrets.masks import MaskedPerson
from store.secrets.vault import Person
from store.tickets.numbers import parse_number
from store.tickets.work_queues import QueuedTicket

router = APIRouter(include_in_schema=False, dependencies=[queue.PARAMETERS])

PURPOSE = "回访"
FIELDS = ("number", "reached", "contacted", "resolved", "grade", "words", "note")
DONE = {
    "reached": N_("Recorded. Thank you."),
    "missed": N_("Recorded as not reached."),
}
_YES = {"yes": True, "no": False}


@router.get(CALL_BACKS)
async def waiting(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_queue")]
) -> Response:
    """Show the call-back queue, most urgent first, with the first ticket open."""
    return await _page(request, context, caller, Form.blank(*FIELDS))


@router.post(f"{CALL_BACKS}/phone")
async def show_phone(
    request: Request, context: Context, caller: Annotated[Caller, staff("unmask_person")]
) -> Response:
    """Show the complainant unmasked; the access is logged where the citizen can read it."""
    form = await Form.read(request, *FIELDS)
    try:
        number = parse_number(form.typed["number"])
        look = contacts.LookIn(purpose=PURPOSE)
        person = await contacts.unmasked_person(context, caller, number, look.purpose)
        return await _page(request, context, caller, form, person=person)
    except REFUSALS as error:
        return await _page(request, context, caller, form, form.refuse(error))


@router.post(f"{CALL_BACKS}/call-back")
async def record(
    request: Request, context: Context, caller: Annotated[Caller, staff("call_back")]
) -> Response:
    """Record one attempt: not reached, or reached and what they said."""
    form = await Form.read(request, *FIELDS)
    try:
        command = _attempt(form)
        done = "reached" if command.reached else "missed"
        return await queue.do(request, context, caller, command, form, done)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))


def _attempt(form: Form) -> CallBack:
    """Return the attempt that was entered. A citizen who was reached rates the handling, unless
    the note says that they declined.
    """
    reached = form.typed["reached"]
    values: dict[str, Any] = {"reached": _YES.get(reached, reached or None), **form.filled("note")}
    fields: dict[str, Any] = dict(form.filled("contacted", "resolved", "grade", "words"))
    if reached == "yes" and (fields or "note" not in values):
        for name in ("contacted", "resolved"):
            if name in fields:
                fields[name] = _YES.get(fields[name], fields[name])
        values["rating"] = Rating.model_validate(fields)
    return CallBack.model_validate({name: one for name, one in values.items() if one is not None})


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    person: Person | None = None,
) -> Response:
    at = await queue.desk(request, context, caller, CALL_BACKS, form.typed["number"] or None)
    return staff_page(
        request,
        "desk/call_backs.html",
        caller,
        status,
        form=form,
        person=person,
        who=await _who(context, caller, at.hand) if at.hand else None,
        scripts=_scripts(at.pack, at.hand),
        grades=_grades(request, at.pack),
        **queue.template_values(request, caller, at, DONE),
    )


async def _who(context: AppContext, caller: Caller, hand: QueuedTicket) -> MaskedPerson | None:
    """Return the masked complainant; None where no person is known."""
    try:
        return await contacts.masked_person(context, caller, hand.row.number)
    except Problem:
        return None


def _scripts(pack: Pack, hand: QueuedTicket | None) -> Any:
    return pack.phrases.scripts_for(Moment.CALL_BACK, hand.ticket.category) if hand else []


def _grades(request: Request, pack: Pack) -> list[tuple[int, str]]:
    english = language_of(request) == ENGLISH
    return [(one.grade, one.en if english else one.zh) for one in pack.rating.grades]
