"""A centre's day: who comes, whether they came, and appointments that have to be moved."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.booking import counter
from app.booking.counter import DayQuery, MoveByStaffIn, VisitIn
from app.context import AppContext

router = APIRouter(include_in_schema=False)

URL = "/staff/appointments"
_DAY = ("day", "place")
_MOVING = (*_DAY, "starts_at", "reason")

AppointmentNumber = Annotated[str, Path(max_length=40)]


@router.get(URL)
async def show(
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("list_appointments")],
    day: str = "",
    place: str = "",
) -> Response:
    """Show the day of the unit's places; it is printed as a list."""
    return await _page(request, context, caller, Form.blank(*_MOVING, day=day, place=place))


@router.post(f"{URL}/{{appointment}}/visit")
async def visit(
    request: Request,
    appointment: AppointmentNumber,
    context: Context,
    caller: Annotated[Caller, staff("record_visit")],
) -> Response:
    """Record whether somebody came."""
    form = await Form.read(request, *_DAY, "visit")
    city = working_city(request, context, caller).city.id
    try:
        body = VisitIn.model_validate(form.filled("visit"))
        await counter.record_visit(context, caller, city, appointment, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return _back(form)


@router.post(f"{URL}/{{appointment}}/move")
async def move(
    request: Request,
    appointment: AppointmentNumber,
    context: Context,
    caller: Annotated[Caller, staff("move_by_staff")],
) -> Response:
    """Move an appointment; the resident reads the reason."""
    form = await Form.read(request, *_MOVING, at=f"-{appointment}")
    pack = working_city(request, context, caller)
    try:
        values = {
            "starts_at": form.moment("starts_at", pack.calendar.tz) or "",
            "reason": form.typed["reason"],
        }
        body = MoveByStaffIn.model_validate(values)
        await counter.move_by_staff(context, caller, pack.city.id, appointment, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return _back(form)


def _back(form: Form) -> Response:
    try:
        day = date.fromisoformat(form.typed["day"]).isoformat()
    except ValueError:
        day = ""
    return RedirectResponse(f"{URL}?day={day}", 303)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
) -> Response:
    pack = working_city(request, context, caller)
    form.typed = dict.fromkeys(_MOVING, "") | form.typed
    seen = None
    try:
        query = DayQuery.model_validate(form.filled(*_DAY))
        seen = await counter.day_of_unit(context, caller, pack.city.id, query)
    except ValidationError as error:
        status = form.refuse(error)
    except REFUSALS as error:
        status = form.refuse(error)
    return staff_page(
        request,
        "unit/appointments.html",
        caller,
        status,
        pack=pack,
        form=form,
        seen=seen,
    )
