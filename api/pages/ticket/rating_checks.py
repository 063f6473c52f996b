"""The ratings of a ticket that are set apart: why, and the supervisor's word that one counts."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
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
from app.tickets import rating_checks
from app.tickets.acted_on import started
from app.tickets.rating_checks import CountRatingIn
from domain.policy.permissions import RIGHTS

router = APIRouter(include_in_schema=False)

_PATH = f"{TICKETS}/{{number}}/rating-checks"


@router.get(_PATH)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_rating_checks")],
) -> Response:
    """Show which ratings are or were set apart, and why."""
    return await _page(request, context, caller, number, Form.blank("reason"))


@router.post(f"{_PATH}/{{version}}/count")
async def count(
    request: Request,
    number: TicketNumber,
    version: Annotated[int, Path(ge=1, le=1_000_000)],
    context: Context,
    caller: Annotated[Caller, staff("count_rating")],
) -> Response:
    """Let one count after all; what is refused is shown with what was typed."""
    form = await Form.read(request, "reason")
    try:
        body = CountRatingIn.model_validate(form.filled("reason"))
        await rating_checks.count_rating(context, caller, number, version, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, number, form, form.refuse(error))
    return RedirectResponse(f"{TICKETS}/{number}/rating-checks", 303)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
) -> Response:
    ticket = await started(context, caller, number)
    if ticket is None:
        raise Problem("not_started_yet")
    return staff_page(
        request,
        "ticket/rating_checks.html",
        caller,
        status,
        pack=context.packs.get(ticket.complaint.city),
        number=number,
        checks=await rating_checks.checks_of(context, caller, number),
        may_count=caller.may(RIGHTS["count_rating"]),
        form=form,
    )
