"""Booking an appointment: a service, the nearest competent places, a free time, and one's name.

A position comes in the body of a form only, so that it is in no address, log or history. Number and
code are in the body of forms, too.
"""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.citizen.appointment import appointment_page
from api.pages.citizen.cities import choose, chosen, packs
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.booking import bookings, offers
from app.booking.bookings import BookIn
from app.booking.offers import TimesQuery
from app.context import AppContext
from domain.words import N_
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("list_services")])

FIELDS = ("city", "service", "area", "day", "lat", "lon")
_CHOSEN = ("city", "service", "place", "starts_at")
_WANTED = (*_CHOSEN, "name", "phone", "ticket", "access_code")
_HEADING = N_("Which city?")
_BOOKED = N_("Booked. Write down number and code: the code is shown only here.")
_WORDS = {
    "phone": N_("This is not a phone number."),
    "day": N_("This is not a date."),
    "lat": N_("This is not a place on earth."),
    "lon": N_("This is not a place on earth."),
}


@router.get("/services")
async def services(request: Request, context: Context) -> Response:
    """Show the services, and the free times of one at the places of a street or of the city."""
    typed = [name for name in FIELDS if name not in ("lat", "lon")]
    form = Form.of(FormData(request.query_params), *typed)
    form.typed |= {"lat": "", "lon": ""}
    return await _services(request, context, form)


@router.post("/services")
async def services_nearby(request: Request, context: Context) -> Response:
    """Show the free times at the places around the position in the form."""
    return await _services(request, context, await Form.read(request, *FIELDS))


@router.get("/services/time")
async def time(request: Request, context: Context) -> Response:
    """Ask who comes at the time that was chosen. Its address names nobody, and one can go back
    to it from what was booked.
    """
    form = Form.of(FormData(request.query_params), *_CHOSEN)
    form.typed = dict.fromkeys(_WANTED, "") | form.typed
    return await _asking(request, context, form)


@router.post("/services/book")
async def book(request: Request, context: Context) -> Response:
    """Book it, and show number and code once; sent twice it is one appointment."""
    form = await Form.read(request, *_WANTED)
    city = form.typed["city"]
    try:
        body = BookIn.model_validate(form.filled(*(name for name in _WANTED if name != "city")))
        made = await bookings.book(context, city, body, form.key, network_of(request))
    except (ValidationError, *REFUSALS) as error:
        return await _asking(request, context, form, form.refuse(error, _WORDS))
    opened = Form.blank(number=made.appointment.number, code=made.code)
    return appointment_page(
        request, context, opened, made.appointment, done=_BOOKED, new_code=made.code
    )


async def _services(request: Request, context: AppContext, form: Form) -> Response:
    offering = [pack for pack in packs(context) if pack.services.services]
    pack = chosen(context, form.typed["city"])
    if pack is None and len(offering) > 1:
        return choose(request, context, "/services?city=", _HEADING, offered=offering)
    pack = pack or next(iter(offering), None)
    if pack is None or not pack.services.services:
        return page(request, "citizen/services_none.html", 404)
    form.typed["city"] = pack.city.id
    found, status = None, 200
    try:
        if form.typed["service"]:
            query = TimesQuery.model_validate(form.filled("area", "day", "lat", "lon"))
            service = form.typed["service"]
            found = await offers.free_times(context, pack.city.id, service, query)
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _WORDS)
    return page(
        request,
        "citizen/services.html",
        status,
        pack=pack,
        form=form,
        found=found,
        days=sorted({day for one in found.places for day in one.days}) if found else [],
        near=bool(found and form.typed["lat"]),
        zone=pack.calendar.tz,
    )


async def _asking(request: Request, context: AppContext, form: Form, status: int = 200) -> Response:
    """Show what was chosen, and ask for name and phone."""
    pack = context.packs.get(form.typed["city"])
    service = pack.services.service(form.typed["service"])
    starts_at = moment_of(form.typed["starts_at"])
    place = None
    if service is not None:
        query = TimesQuery.model_construct(place=form.typed["place"])
        near = await offers.competent(context, pack, service, query)
        place = near[0][1] if near else None
    if service is None or place is None or starts_at is None:
        return await _services(request, context, Form.blank(*FIELDS, city=pack.city.id))
    return page(
        request,
        "citizen/services_book.html",
        status,
        pack=pack,
        form=form,
        service=service,
        place=place,
        starts_at=starts_at,
        zone=pack.calendar.tz,
    )


def moment_of(text: str) -> datetime | None:
    """Return a moment that one of our own buttons sent; None if it is none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
