"""The street's pages: who works in its cells, and who waits to be confirmed."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.grid.workers import (
    AppointIn,
    ConfirmedOut,
    ConfirmSignUpIn,
    appoint_worker,
    confirm_sign_up,
    end_worker,
    grid_workers,
    refuse_sign_up,
)

router = APIRouter(include_in_schema=False)

URL = "/staff/grid-workers"
FIELDS = ("login", "cell", "full_time", "request", "worker")
Looks = Annotated[Caller, staff("list_grid_workers")]
Decides = Annotated[Caller, staff("manage_grid_workers")]


@router.get(URL)
async def workers(request: Request, context: Context, caller: Looks) -> Response:
    """Show the grid workers of the unit's area, and who waits."""
    return await _page(request, context, caller, _blank())


@router.post(f"{URL}/confirm")
async def confirm(request: Request, context: Context, caller: Decides) -> Response:
    """Confirm a resident, and show the first password once; or refuse them."""
    form = await Form.read(request, *FIELDS, "do")
    city, who = working_city(request, context, caller).city.id, form.typed["request"]
    try:
        if form.typed["do"] == "refuse":
            await refuse_sign_up(context, caller, city, who)
            return RedirectResponse(URL, 303)
        body = ConfirmSignUpIn.model_validate(form.filled("login", "cell"))
        made = await confirm_sign_up(context, caller, city, who, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return await _page(request, context, caller, _blank(), made=made)


@router.post(f"{URL}/appoint")
async def appoint(request: Request, context: Context, caller: Decides) -> Response:
    """Give a cell to an account."""
    form = await Form.read(request, *FIELDS)
    city = working_city(request, context, caller).city.id
    try:
        values = form.filled("login", "cell") | {"full_time": form.typed["full_time"] == "yes"}
        await appoint_worker(context, caller, city, AppointIn.model_validate(values))
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return RedirectResponse(URL, 303)


@router.post(f"{URL}/end")
async def end(request: Request, context: Context, caller: Decides) -> Response:
    """End an appointment."""
    form = await Form.read(request, *FIELDS)
    city = working_city(request, context, caller).city.id
    try:
        await end_worker(context, caller, city, form.typed["worker"])
    except REFUSALS as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return RedirectResponse(URL, 303)


def _blank() -> Form:
    return Form.blank(*FIELDS, "do", full_time="yes")


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    made: ConfirmedOut | None = None,
) -> Response:
    city = working_city(request, context, caller).city.id
    found = await grid_workers(context, caller, city)
    return staff_page(
        request, "grid/street.html", caller, status, found=found, form=form, made=made
    )
