"""The ticket page for all staff, and the endpoints of its action forms."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.http.i18n import language_of
from api.pages.actions import files as action_files
from api.pages.actions import parsing
from api.pages.actions.all_actions import ACTION_FORMS, BY_PATH
from api.pages.actions.context import ActionContext
from api.pages.actions.execute import LATER, do
from api.pages.actions.possible import right_of
from api.pages.actions.spec import ActionForm
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.sign_in_again import TO, within
from api.pages.shared.translator import Translator
from api.pages.ticket.ticket_page import Opened, draw
from app.access.caller import Caller
from app.context import AppContext
from app.filing.filing import Receipt
from app.tickets import contacts
from app.tickets.contacts import LookIn
from app.tickets.tickets import visible_ticket
from domain.commands.forms import FieldKind
from domain.ticket.ticket import Ticket

router = APIRouter(include_in_schema=False)


@router.get(f"{TICKETS}/{{number}}")
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("get_ticket")],
) -> Response:
    """Show the ticket; `do` opens that action form, filled in from the other parameters."""
    ticket, waiting = await visible_ticket(context, caller, number)
    action_context = _action_context(request, context, caller, ticket)
    values = dict(request.query_params)
    action_form = BY_PATH.get(values.pop("do", ""))
    opened = None
    if action_form is not None:
        opened = Opened(
            action_form,
            parsing.blank(action_form, action_context, values),
            to=within(values.get(TO, "")),
        )
    return await draw(request, context, action_context, waiting, opened)


@router.post(f"{TICKETS}/{{number}}/person")
async def unmask(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("unmask_person")],
) -> Response:
    """Show the complainant unmasked, in this response only; the access is logged first."""
    ticket, waiting = await visible_ticket(context, caller, number)
    action_context = _action_context(request, context, caller, ticket)
    form = await Form.read(request, "purpose")
    try:
        look = LookIn.model_validate(form.filled("purpose"))
        person = await contacts.unmasked_person(context, caller, number, look.purpose)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await draw(request, context, action_context, waiting, None, status, look=form)
    return await draw(request, context, action_context, waiting, None, person=person)


def _action_context(
    request: Request, context: AppContext, caller: Caller, ticket: Ticket
) -> ActionContext:
    speech = Translator(language_of(request), context.packs.get(ticket.complaint.city))
    return ActionContext(ticket, caller, speech, datetime.now(UTC))


# --- actions ------------------------------------------------------------------------------------


async def _done(
    request: Request, context: AppContext, caller: Caller, number: str, action_form: ActionForm
) -> Response:
    """Carry out the form; if refused, show it again with everything that was typed."""
    ticket, waiting = await visible_ticket(context, caller, number)
    action_context = _action_context(request, context, caller, ticket)
    sent = await form_of(request)
    form = parsing.typed(action_form, action_context, sent)
    to = within(str(sent.get(TO, "")))
    try:
        result = await _do(context, action_context, action_form, form, sent)
    except (ValidationError, *REFUSALS) as error:
        status, result = form.refuse(error), None
        ticket, waiting = await visible_ticket(context, caller, number)  # its current state
    else:
        if not form.wrong:
            return await _afterwards(request, context, action_context, action_form, result, to)
        status = 422
    action_context = _action_context(request, context, caller, ticket)
    stored_files = tuple(form.typed[parsing.STORED_FILES].split())
    opened = Opened(action_form, form, to=to, stored_files=stored_files)
    return await draw(request, context, action_context, waiting, opened, status)


async def _do(
    context: AppContext,
    action_context: ActionContext,
    action_form: ActionForm,
    form: Form,
    sent: FormData,
) -> Receipt | str | None:
    """Receive the files, then carry out the action, unless the form has faults."""
    existing: list[str] = []
    number = action_context.ticket.complaint.number
    for field in action_form.at(action_context):
        if field.kind is FieldKind.FILES:
            files = await action_files.taken(context, action_context.caller, number, sent, field)
            action_files.tell(form, field, files, action_context.speech)
            existing = files.ids
    command = parsing.command_of(action_form, form, action_context, existing)
    if command is None:
        return None
    return await do(
        context, action_context, action_form, command, f"page/{action_form.path}/{form.key}"
    )


async def _afterwards(
    request: Request,
    context: AppContext,
    action_context: ActionContext,
    action_form: ActionForm,
    value: Any,
    to: str,
) -> Response:
    """Redirect to the page that confirms it; a new ticket's code is shown here, once."""
    if isinstance(value, Receipt):
        return await draw(request, context, action_context, False, None, receipt=value)
    later = f"&{LATER}=yes" if value == LATER else ""
    here = f"{TICKETS}/{action_context.ticket.complaint.number}?done={action_form.path}{later}"
    return RedirectResponse(to or here, 303)


def _endpoint(action_form: ActionForm) -> Callable[..., Awaitable[Response]]:
    permitted = staff(right_of(action_form).key)

    async def endpoint(
        request: Request,
        number: TicketNumber,
        context: Context,
        caller: Annotated[Caller, permitted],
    ) -> Response:
        try:
            return await _done(request, context, caller, number, action_form)
        finally:
            await request.close()  # also closes the files of the form

    return endpoint


for _action_form in ACTION_FORMS:
    router.add_api_route(
        f"{TICKETS}/{{number}}/{_action_form.path}", _endpoint(_action_form), methods=["POST"]
    )
