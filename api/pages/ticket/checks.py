"""A ticket's place is looked at: staff ask grid workers, and read what they found."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.grid.checks import CheckIn, ask_check, checks_of
from app.tickets.tickets import visible_ticket
from domain.grid.entries import CheckMoment

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/checks"
FIELDS = ("moment", "question", "area")


@router.get(HERE)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_grid_checks")],
) -> Response:
    """Show what was found, and the form to ask."""
    form = Form.blank(*FIELDS, moment=CheckMoment.CLOSING)
    return await _page(request, context, caller, number, form)


@router.post(HERE)
async def ask(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("ask_grid_check")],
) -> Response:
    """Ask that somebody looks at the place."""
    form = await Form.read(request, *FIELDS)
    try:
        place = form.filled("area")
        values = form.filled("moment", "question") | ({"place": place} if place else {})
        await ask_check(context, caller, number, CheckIn.model_validate(values), form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, number, form, form.refuse(error))
    return RedirectResponse(request.url.path, 303)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
) -> Response:
    ticket, _ = await visible_ticket(context, caller, number)
    pack = context.packs.get(ticket.complaint.city)
    found = await checks_of(context, caller, number)
    may = caller.may_with("ask_grid_check", ticket, pack)
    if pack.grid is None and not found.items:
        raise Problem("not_found")
    return staff_page(
        request,
        "ticket/checks.html",
        caller,
        status,
        pack=pack,
        number=number,
        form=form,
        found=found,
        moments=list(CheckMoment),
        may=may and pack.grid is not None and not ticket.of_wrongdoing,
    )
