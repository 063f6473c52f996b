"""A new access code for a citizen who calls, and has proved their phone."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.tickets.access_codes import RenewIn, renew
from app.tickets.phone_lookup import VerifyIn, send_code
from domain.words import N_

router = APIRouter(include_in_schema=False)

PATH = "/staff/tickets/{number}/access-code"
FIELDS = ("phone", "code")
SENT = N_("If the complaint was filed with this phone, a one-time code is on its way to it.")
Renewing = Annotated[Caller, staff("renew_access_code")]


@router.get(PATH)
async def ask(request: Request, number: TicketNumber, caller: Renewing) -> Response:
    """Ask for the phone, and for the one-time code that the citizen reads out."""
    return _page(request, caller, number, Form.blank(*FIELDS))


@router.post(PATH)
async def act(
    request: Request, number: TicketNumber, context: Context, caller: Renewing
) -> Response:
    """Send the one-time code, or replace the access code and show the new one, once."""
    form = await Form.read(request, *FIELDS, "do")
    try:
        if form.typed["do"] == "send":
            await send_code(
                context, network_of(request), VerifyIn.model_validate(form.filled("phone"))
            )
            return _page(request, caller, number, form, done=SENT)
        body = RenewIn.model_validate(form.filled(*FIELDS))
        renewed = await renew(context, caller, number, body, network_of(request))
    except (ValidationError, *REFUSALS) as error:
        return _page(request, caller, number, form, form.refuse(error))
    return _page(request, caller, number, Form.blank(*FIELDS), code=renewed.access_code)


def _page(
    request: Request,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
    *,
    done: str | None = None,
    code: str | None = None,
) -> Response:
    return staff_page(
        request,
        "desk/access_code.html",
        caller,
        status,
        form=form,
        number=number,
        done=done,
        code=code,
    )
