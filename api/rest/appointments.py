"""Appointments at service centres (预约办事): free times, residents' own, and the centre's day."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response

from api.http.access import public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.booking import bookings, counter, offers
from app.booking.bookings import AppointmentOut, Booked, BookIn, CancelIn, MoveIn
from app.booking.counter import CounterDay, CounterLine, DayQuery, MoveByStaffIn, VisitIn
from app.booking.offers import CityServices, Times, TimesQuery
from app.context import API

router = APIRouter(prefix=API)

_BODY = ("malformed_json", "body_too_large", "invalid_request")
_PUBLIC = ("too_many_requests", "store_unavailable")
_OWN = (*_PUBLIC, "invalid_request", "appointment_not_found", "too_many_attempts")
_TIMES = ("unknown_service", "not_offered_there", "not_open_then", "in_the_past", "too_far")
_STAFF = (
    *_PUBLIC,
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "invalid_request",
    "not_your_city",
    "unknown_city",
    "not_in_this_city",
    "too_far",
)
_COUNTER = (*_STAFF, *_BODY, "csrf_failed", "appointment_not_found", "appointment_over")

AppointmentNumber = Annotated[
    str,
    Path(max_length=40, description="The number of the appointment; hyphens do not matter."),
]
AppointmentCode = Annotated[
    str,
    Header(
        alias="Appointment-Code",
        max_length=40,
        description="The code that was shown when it was booked.",
    ),
]
BOOKING = {
    "service": "social-insurance",
    "place": "centre-harbour",
    "starts_at": "2026-03-05T09:10:00+08:00",
    "name": "陈女士",
    "phone": "13800138000",
}

MOVING = {"starts_at": "2026-03-06T09:10:00+08:00", "reason": "当天系统维护。"}


@router.get(
    "/cities/{city}/services",
    operation_id="list_services",
    summary="The services that can be booked",
    tags=["Cities"],
    dependencies=[public("list_services")],
    response_model=CityServices,
    responses=responses("unknown_city", *_PUBLIC),
)
async def list_services(city: str, context: Context) -> Response:
    """List them; none where the city offers no appointments."""
    return json_of(await offers.city_services(context, city))


@router.get(
    "/cities/{city}/services/{service}/times",
    operation_id="list_times",
    summary="Free times at the nearest competent places",
    tags=["Cities"],
    dependencies=[public("list_services")],
    response_model=Times,
    responses=responses(
        "unknown_city",
        "not_in_this_city",
        "unknown_service",
        "unknown_unit",
        "invalid_request",
        *_PUBLIC,
    ),
)
async def list_times(
    city: str, service: str, context: Context, query: Annotated[TimesQuery, Query()]
) -> Response:
    """List at most five places around a point or the middle of an area, the nearest first.

    Neither the point nor the caller is kept.
    """
    return json_of(await offers.free_times(context, city, service, query))


@router.post(
    "/cities/{city}/appointments",
    operation_id="book_appointment",
    summary="Book an appointment",
    tags=["Citizens"],
    status_code=201,
    dependencies=[public("book_appointment")],
    response_model=Booked,
    responses=responses(
        "unknown_city",
        "not_in_this_city",
        *_TIMES,
        *_BODY,
        *_PUBLIC,
        "too_soon",
        "appointment_taken",
        "appointment_cap",
        "appointment_clash",
        "appointments_paused",
        "appointment_of_report",
        "idempotency_key_reused",
        "bad_number",
        "ticket_not_found",
        "not_started_yet",
        "too_many_attempts",
    ),
)
async def book_appointment(
    city: str,
    request: Request,
    context: Context,
    body: Annotated[BookIn, Body(examples=[BOOKING])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the appointment with its number and code. No account is needed.

    Of two who want the last free place at a time one gets it.
    """
    made = await bookings.book(context, city, body, idempotency_key, network_of(request))
    return json_of(made, 201)


@router.get(
    "/appointments/{appointment}",
    operation_id="get_appointment",
    summary="One's appointment",
    tags=["Citizens"],
    dependencies=[public("use_appointment")],
    response_model=AppointmentOut,
    responses=responses(*_OWN),
)
async def get_appointment(
    appointment: AppointmentNumber, code: AppointmentCode, request: Request, context: Context
) -> Response:
    """Return it, with what happened to it and whether the reminder is due."""
    network = network_of(request)
    return json_of(await bookings.appointment(context, appointment, code, network))


@router.post(
    "/appointments/{appointment}/move",
    operation_id="move_appointment",
    summary="Move one's appointment",
    tags=["Citizens"],
    dependencies=[public("use_appointment")],
    response_model=AppointmentOut,
    responses=responses(
        *_OWN,
        *_BODY,
        *_TIMES,
        "too_soon",
        "appointment_taken",
        "appointment_clash",
        "appointment_over",
        "move_cap",
    ),
)
async def move_appointment(
    appointment: AppointmentNumber,
    code: AppointmentCode,
    request: Request,
    context: Context,
    body: Annotated[MoveIn, Body(examples=[{"starts_at": "2026-03-06T09:10:00+08:00"}])],
) -> Response:
    """Move it, as often as the city allows. To the time that it has already is no move."""
    moved = await bookings.move(context, appointment, code, network_of(request), body)
    return json_of(moved)


@router.post(
    "/appointments/{appointment}/cancel",
    operation_id="cancel_appointment",
    summary="Cancel one's appointment",
    tags=["Citizens"],
    dependencies=[public("use_appointment")],
    response_model=AppointmentOut,
    responses=responses(*_OWN, *_BODY, "appointment_over"),
)
async def cancel_appointment(
    appointment: AppointmentNumber,
    code: AppointmentCode,
    request: Request,
    context: Context,
    _body: Annotated[CancelIn, Body(examples=[{}])],
) -> Response:
    """Cancel it; its time is free for others at once."""
    return json_of(await bookings.cancel(context, appointment, code, network_of(request)))


# --- staff --------------------------------------------------------------------------------------


@router.get(
    "/cities/{city}/appointments",
    operation_id="list_appointments",
    summary="The appointments of a day",
    tags=["Staff"],
    response_model=CounterDay,
    responses=responses(*_STAFF),
)
async def list_appointments(
    city: str,
    caller: Annotated[Caller, staff("list_appointments")],
    context: Context,
    query: Annotated[DayQuery, Query()],
) -> Response:
    """List them in order; officers see those at the places of their unit and of units below it."""
    return json_of(await counter.day_of_unit(context, caller, city, query))


@router.post(
    "/cities/{city}/appointments/{appointment}/visit",
    operation_id="record_visit",
    summary="Say whether somebody came",
    tags=["Staff"],
    response_model=CounterLine,
    responses=responses(*_COUNTER, "appointment_not_yet", "not_missed"),
)
async def record_visit(
    city: str,
    appointment: AppointmentNumber,
    caller: Annotated[Caller, staff("record_visit")],
    context: Context,
    body: Annotated[VisitIn, Body(examples=[{"visit": "arrived"}])],
) -> Response:
    """Record it. Of whom nothing is said by the end of the day has not come."""
    return json_of(await counter.record_visit(context, caller, city, appointment, body))


@router.post(
    "/cities/{city}/appointments/{appointment}/move",
    operation_id="move_by_staff",
    summary="Move a resident's appointment",
    tags=["Staff"],
    response_model=CounterLine,
    responses=responses(
        *_COUNTER,
        "unknown_service",
        "not_offered_there",
        "not_open_then",
        "in_the_past",
        "appointment_taken",
    ),
)
async def move_by_staff(
    city: str,
    appointment: AppointmentNumber,
    caller: Annotated[Caller, staff("move_by_staff")],
    context: Context,
    body: Annotated[
        MoveByStaffIn,
        Body(examples=[MOVING]),
    ],
) -> Response:
    """Move it at its place; the resident reads the reason, and it does not count as their move."""
    return json_of(await counter.move_by_staff(context, caller, city, appointment, body))
