"""The counter of a partner unit: the code of a prize is confirmed, once."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.rewards.counter import FetchIn, hand_out
from app.rewards.purses import RedemptionOut

router = APIRouter(include_in_schema=False)

URL = "/staff/prizes"
HandsOut = Annotated[Caller, staff("hand_out_prize")]


@router.get(URL)
async def ask(request: Request, caller: HandsOut) -> Response:
    """Ask for the code that the citizen shows."""
    return _page(request, caller, Form.blank("code"))


@router.post(URL)
async def confirm(request: Request, caller: HandsOut, context: Context) -> Response:
    """Confirm the code, and say which prize to hand out."""
    form = await Form.read(request, "code")
    try:
        body = FetchIn.model_validate(form.filled("code"))
        fetched = await hand_out(context, caller, body)
    except (ValidationError, *REFUSALS) as error:
        return _page(request, caller, form, form.refuse(error))
    pack = working_city(request, context, caller)
    prize = pack.prize(fetched.prize)
    return _page(request, caller, Form.blank("code"), fetched=fetched, prize=prize)


def _page(
    request: Request,
    caller: Caller,
    form: Form,
    status: int = 200,
    *,
    fetched: RedemptionOut | None = None,
    prize: object = None,
) -> Response:
    return staff_page(
        request, "unit/prizes.html", caller, status, form=form, fetched=fetched, prize=prize
    )
