"""The ticket page for all staff, and the endpoints of its action forms."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api import people
from api.access import TicketNumber, staff
from api.caller import Caller
from api.door import Door, TheDoor
from api.filing import Receipt
from api.pages.forms import REFUSALS, Form
from api.pages.staff.again import TO, within
from api.pages.staff.deeds import files as deed_files
from api.pages.staff.deeds import reading
from api.pages.staff.deeds.doing import LATER, do
from api.pages.staff.deeds.every import BY_PATH, DEEDS
from api.pages.staff.deeds.occasion import Occasion
from api.pages.staff.deeds.possible import right_of
from api.pages.staff.deeds.row import Deed, FieldKind
from api.pages.staff.dossier import found
from api.pages.staff.speech import Speech
from api.pages.staff.ticket_sheet import Opened, draw
from api.people import LookIn
from api.translation import language_of
from domain.ticket.ticket import Ticket
from store.secrets.vault import Person

router = APIRouter(include_in_schema=False)

TICKETS = "/staff/tickets"


@router.get(f"{TICKETS}/{{number}}")
async def show(
    request: Request,
    number: TicketNumber,
    door: TheDoor,
    caller: Annotated[Caller, staff("get_ticket")],
) -> Response:
    """Show the ticket; `do` opens that action form, filled in from the other parameters."""
    ticket, waiting = await found(door, caller, number)
    occasion = _occasion(request, door, caller, ticket)
    asked = dict(request.query_params)
    deed = BY_PATH.get(asked.pop("do", ""))
    opened = None
    if deed is not None:
        opened = Opened(deed, reading.blank(deed, occasion, asked), to=within(asked.get(TO, "")))
    return await draw(request, door, occasion, waiting, opened)


@router.post(f"{TICKETS}/{{number}}/person")
async def unmask(
    request: Request,
    number: TicketNumber,
    door: TheDoor,
    caller: Annotated[Caller, staff("unmask_person")],
) -> Response:
    """Show the complainant unmasked, in this response only; the access is logged first."""
    ticket, waiting = await found(door, caller, number)
    occasion = _occasion(request, door, caller, ticket)
    form = await Form.read(request, "purpose")
    try:
        asked = LookIn.model_validate(form.given("purpose"))
        answer = await people.unmask_person(number, caller, asked, door)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await draw(request, door, occasion, waiting, None, status, look=form)
    person = Person.model_validate_json(bytes(answer.body))
    return await draw(request, door, occasion, waiting, None, person=person)


def _occasion(request: Request, door: Door, caller: Caller, ticket: Ticket) -> Occasion:
    speech = Speech(language_of(request), door.packs.get(ticket.complaint.city))
    return Occasion(ticket, caller, speech, datetime.now(UTC))


# --- actions ------------------------------------------------------------------------------------


async def _done(request: Request, door: Door, caller: Caller, number: str, deed: Deed) -> Response:
    """Carry out the form; if refused, show it again with everything that was typed."""
    ticket, waiting = await found(door, caller, number)
    occasion = _occasion(request, door, caller, ticket)
    sent = await request.form()
    form = reading.typed(deed, occasion, sent)
    to = within(str(sent.get(TO, "")))
    try:
        told = await _do(door, occasion, deed, form, sent)
    except (ValidationError, *REFUSALS) as error:
        status, told = form.refuse(error), None
        ticket, waiting = await found(door, caller, number)  # its current state
    else:
        if not form.wrong:
            return await _afterwards(request, door, occasion, deed, told, to)
        status = 422
    occasion = _occasion(request, door, caller, ticket)
    opened = Opened(deed, form, to=to, kept=tuple(form.typed[reading.KEPT].split()))
    return await draw(request, door, occasion, waiting, opened, status)


async def _do(
    door: Door, occasion: Occasion, deed: Deed, form: Form, sent: FormData
) -> Receipt | str | None:
    """Receive the files, then carry out the action, unless the form has faults."""
    there: list[str] = []
    number = occasion.ticket.complaint.number
    for field in deed.at(occasion):
        if field.kind is FieldKind.FILES:
            given = await deed_files.taken(door, occasion.caller, number, sent, field)
            deed_files.tell(form, field, given, occasion.speech)
            there = given.kept
    command = reading.command_of(deed, form, occasion, there)
    if command is None:
        return None
    return await do(door, occasion, deed, command, f"page/{deed.path}/{form.key}")


async def _afterwards(
    request: Request, door: Door, occasion: Occasion, deed: Deed, told: Any, to: str
) -> Response:
    """Redirect to the page that confirms it; a new ticket's code is shown here, once."""
    if isinstance(told, Receipt):
        return await draw(request, door, occasion, False, None, receipt=told)
    later = f"&{LATER}=yes" if told == LATER else ""
    here = f"{TICKETS}/{occasion.ticket.complaint.number}?done={deed.path}{later}"
    return RedirectResponse(to or here, 303)


def _endpoint(deed: Deed) -> Callable[..., Awaitable[Response]]:
    permitted = staff(right_of(deed).key)

    async def endpoint(
        request: Request, number: TicketNumber, door: TheDoor, caller: Annotated[Caller, permitted]
    ) -> Response:
        try:
            return await _done(request, door, caller, number, deed)
        finally:
            await request.close()  # also closes the files of the form

    return endpoint


for _deed in DEEDS:
    router.add_api_route(f"{TICKETS}/{{number}}/{_deed.path}", _endpoint(_deed), methods=["POST"])
