"""Sensors: readings from a source, the city's devices, and the readings behind a ticket."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.problem_responses import READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.sensors.devices import DevicesOut, devices_of
from app.sensors.readings import ReadingIn, ReadingOut, ReadingsOut, readings_of, take_reading

router = APIRouter(prefix=API, tags=["Staff"])

EXAMPLE = {
    "device": "outfall-1",
    "id": "20260302-0815",
    "at": "2026-03-02T08:15:00+08:00",
    "value": 2.4,
}


@router.post(
    "/cities/{city}/readings",
    operation_id="take_reading",
    summary="Hand in a reading of a device",
    response_model=ReadingOut,
    responses=responses(
        *READING,
        "malformed_json",
        "body_too_large",
        "csrf_failed",
        "not_your_city",
        "unknown_city",
        "not_in_this_city",
        "unknown_device",
        "reading_from_future",
        "idempotency_key_reused",
    ),
)
async def take(
    city: str,
    caller: Annotated[Caller, staff("take_reading")],
    context: Context,
    body: Annotated[ReadingIn, Body(examples=[EXAMPLE])],
) -> Response:
    """Take a reading once, however often and in whatever order it is sent.

    An alarm without an open ticket gets one; other readings of the same alarm belong to that.
    Readings that recover propose to close it; nothing closes by itself.
    """
    return json_of(await take_reading(context, caller, city, body))


@router.get(
    "/cities/{city}/devices",
    operation_id="list_devices",
    summary="See a city's devices, and which of them are silent",
    response_model=DevicesOut,
    responses=responses(*READING, "not_your_city", "unknown_city", "not_in_this_city"),
)
async def devices(
    city: str, caller: Annotated[Caller, staff("list_devices")], context: Context
) -> Response:
    """Return the devices with open tickets first, then the silent ones."""
    return json_of(DevicesOut(items=await devices_of(context, caller, city)))


@router.get(
    "/tickets/{number}/readings",
    operation_id="list_readings",
    summary="See the readings behind a ticket",
    response_model=ReadingsOut,
    responses=responses(*READING, "ticket_not_found", "bad_number"),
)
async def of_ticket(
    number: TicketNumber, caller: Annotated[Caller, staff("list_readings")], context: Context
) -> Response:
    """Return the newest 500 readings by their time; none where no sensor is the cause."""
    return json_of(await readings_of(context, caller, number))
