"""One's own appointment: seen, moved and cancelled with its number and code."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.booking import bookings, offers
from app.booking.bookings import AppointmentOut, MoveIn
from app.booking.offers import Times, TimesQuery
from app.context import AppContext
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("use_appointment")])

FIELDS = ("number", "code")
_MOVING = (*FIELDS, "day", "place", "starts_at")
_MOVED = N_("Moved. Number and code stay the same.")
_CANCELLED = N_("Cancelled. The time is free for others.")
_WORDS = {"day": N_("This is not a date.")}


@router.get("/appointment")
async def ask(request: Request) -> Response:
    """Ask for number and code."""
    return _asking(request, Form.blank(*FIELDS))


@router.post("/appointment")
async def show(request: Request, context: Context) -> Response:
    """Show the appointment as it stands."""
    form = await Form.read(request, *FIELDS)
    try:
        seen = await _seen(request, context, form)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    return appointment_page(request, context, form, seen)


@router.post("/appointment/times")
async def times(request: Request, context: Context) -> Response:
    """Show the free times to move it to."""
    form = await Form.read(request, *_MOVING)
    try:
        seen = await _seen(request, context, form)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    return await _moving(request, context, form, seen)


@router.post("/appointment/move")
async def move(request: Request, context: Context) -> Response:
    """Move it."""
    form = await Form.read(request, *_MOVING)
    number, code, network = form.typed["number"], form.typed["code"], network_of(request)
    try:
        seen = await _seen(request, context, form)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    try:
        body = MoveIn.model_validate(form.filled("starts_at", "place"))
        seen = await bookings.move(context, number, code, network, body)
    except (ValidationError, *REFUSALS) as error:
        return await _moving(request, context, form, seen, form.refuse(error, _WORDS))
    return appointment_page(request, context, form, seen, done=_MOVED)


@router.post("/appointment/cancel")
async def cancel(request: Request, context: Context) -> Response:
    """Cancel it."""
    form = await Form.read(request, *FIELDS)
    number, code = form.typed["number"], form.typed["code"]
    try:
        seen = await bookings.cancel(context, number, code, network_of(request))
    except REFUSALS as error:
        status = form.refuse(error)
        if form.problem == "appointment_over":
            seen = await _seen(request, context, form)
            return appointment_page(request, context, form, seen, status)
        return _asking(request, form, status)
    return appointment_page(request, context, form, seen, done=_CANCELLED)


def appointment_page(
    request: Request,
    context: AppContext,
    form: Form,
    seen: AppointmentOut,
    status: int = 200,
    **more: Any,
) -> Response:
    """Draw the page of an appointment. `done`: what was done; `new_code`: shown once."""
    values = {"done": None, "new_code": None} | more
    zone = context.packs.get(seen.city).calendar.tz
    return page(
        request, "citizen/appointment.html", status, form=form, seen=seen, zone=zone, **values
    )


async def _seen(request: Request, context: AppContext, form: Form) -> AppointmentOut:
    number, code = form.typed["number"], form.typed["code"]
    return await bookings.appointment(context, number, code, network_of(request))


async def _moving(
    request: Request, context: AppContext, form: Form, seen: AppointmentOut, status: int = 200
) -> Response:
    """Show the free times at the same place, of the day that was chosen or of the first one."""
    found: Times | None = None
    try:
        query = TimesQuery.model_validate({"place": seen.place} | form.filled("day"))
        found = await offers.free_times(context, seen.city, seen.service.code, query)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _WORDS)
    return page(
        request,
        "citizen/appointment_move.html",
        status,
        form=form,
        seen=seen,
        there=found.places[0] if found and found.places else None,
        zone=context.packs.get(seen.city).calendar.tz,
    )


def _asking(request: Request, form: Form, status: int = 200) -> Response:
    return page(request, "citizen/appointment_ask.html", status, form=form)
