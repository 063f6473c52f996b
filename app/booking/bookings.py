"""Appointments as residents have them: booked without an account, opened by number and code."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access import access_code_throttle, guards
from app.access.permission import permit
from app.access.typed_codes import read
from app.booking import codes
from app.booking.offers import ServiceOut, competent, directory_of, service_of, service_out
from app.booking.offers import TimesQuery as _Anywhere
from app.context import AppContext
from app.errors import Problem
from domain.booking.booking import Booking, BookingAct, BookingState, check_start
from domain.booking.slots import end_of_day, is_slot
from domain.canonical import typed_number
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.services import Service
from domain.ticket.complaint import Code, required
from store.secrets.phones import normal_phone
from store.secrets.vault import Person
from store.tickets import bookings, tickets
from store.tickets.bookings import BookingEntry, NewTime
from store.tickets.numbers import parse_number

WRONG_CODES = 60
"""Wrong codes from one network within ten minutes."""

Name = Annotated[str, StringConstraints(max_length=50), AfterValidator(required)]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]
Typed = Annotated[str, StringConstraints(max_length=40), AfterValidator(typed_number)]


class BookIn(Incoming):
    """An appointment to book. With `ticket` and its access code it belongs to that ticket."""

    service: Code
    place: Code = Field(examples=["centre-harbour"])
    starts_at: Instant
    name: Name = Field(description="How the centre calls you.")
    phone: Phone
    ticket: Typed = ""
    access_code: Typed = ""


class MoveIn(Incoming):
    """Another time for an appointment; without `place` at the same place."""

    starts_at: Instant
    place: Code | None = None


class CancelIn(Incoming):
    """Nothing: an appointment is cancelled."""


class AppointmentMoment(Recorded):
    """An event of an appointment. `reason`: of staff who moved it."""

    at: Instant
    act: BookingAct
    starts_at: Instant
    reason: str


class AppointmentOut(Recorded):
    """An appointment. `reminder`: it is near, and the resident is to be told so."""

    number: str = Field(examples=["7K3M9-QXT22"])
    city: str
    service: ServiceOut
    place: str
    place_name: str
    place_name_en: str
    address: str
    starts_at: Instant
    ends_at: Instant
    state: BookingState
    reminder: bool
    moves_left: int
    can_change: bool
    happened: list[AppointmentMoment]


class Booked(Recorded):
    """An appointment, and the code that opens it with its number."""

    code: str = Field(examples=["7K3M-9QXT-22AB"])
    appointment: AppointmentOut


@dataclass(frozen=True)
class _Opened:
    booking: Booking
    pack: Pack
    service: Service


async def book(
    context: AppContext, city: str, body: BookIn, key: str | None, network: str
) -> Booked:
    """Book an appointment. The same key again is the same appointment.

    Raises:
        UnknownCity, KeyReused
        Problem: not_in_this_city, unknown_service, not_offered_there, not_open_then,
            ticket_not_found, too_many_attempts, appointment_of_report, bad_number
        Refused: in_the_past, too_soon, too_far, appointment_cap, appointments_paused,
            appointment_clash, appointment_taken
    """
    await permit(context, None, "book_appointment")
    pack = context.packs.get(city)
    service = service_of(pack, body.service)
    booking_id = context.mark(f"appointment/{city}/{key}")[:32] if key else secrets.token_hex(16)
    number = codes.number_of(context, booking_id)
    if await bookings.by_number(context.store, number) is None:  # else it was free: now it is not
        check_start(body.starts_at, service, context.now())
    times = await _times(context, pack, service, body.place, body.starts_at)
    ticket = await _ticket(context, pack, body, network)
    new = Booking(
        id=booking_id,
        number=number,
        city=city,
        service=service.code,
        place=times.place,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        remind_at=times.remind_at,
        missed_at=times.missed_at,
        ticket=ticket,
        phone=_of_resident(context, body.phone, network),
        sealed=context.vault.encrypt(booking_id, Person(name=body.name, phone=body.phone)),
        content=context.mark(body.model_dump_json()),
        made_at=context.now(),
    )
    made = await bookings.book(context.store, new, service, pack.services)
    return Booked(
        code=codes.written(codes.code_of(context, made.number)),
        appointment=await appointment_out(context, made, pack),
    )


async def appointment(context: AppContext, number: str, code: str, network: str) -> AppointmentOut:
    """Return an appointment, to who has its number and code.

    Raises:
        Problem: appointment_not_found, too_many_attempts
    """
    await permit(context, None, "use_appointment")
    opened = await _opened(context, number, code, network)
    return await appointment_out(context, opened.booking, opened.pack)


async def move(
    context: AppContext, number: str, code: str, network: str, body: MoveIn
) -> AppointmentOut:
    """Move an appointment to another time, and to another competent place.

    Raises:
        Problem: as `appointment`, and unknown_service, not_offered_there, not_open_then
        Refused: appointment_over, move_cap, in_the_past, too_soon, too_far, appointment_taken
    """
    await permit(context, None, "use_appointment")
    opened = await _opened(context, number, code, network)
    check_start(body.starts_at, opened.service, context.now())
    place = body.place or opened.booking.place
    times = await _times(context, opened.pack, opened.service, place, body.starts_at)
    moved = await bookings.move(context.store, opened.booking.id, opened.service, times)
    return await appointment_out(context, moved, opened.pack)


async def cancel(context: AppContext, number: str, code: str, network: str) -> AppointmentOut:
    """Cancel an appointment that has not begun.

    Raises:
        Problem: as `appointment`
        Refused: appointment_over
    """
    await permit(context, None, "use_appointment")
    opened = await _opened(context, number, code, network)
    gone = await bookings.cancel(context.store, opened.booking.id)
    return await appointment_out(context, gone, opened.pack)


# --- parts ------------------------------------------------------------------------------------


async def new_time(
    context: AppContext, pack: Pack, of: Booking, place: str, starts_at: datetime
) -> tuple[Service, NewTime]:
    """Return the service of an appointment, and the times that it would have there.

    Raises:
        Problem: unknown_service, not_offered_there, not_open_then
    """
    service = service_of(pack, of.service)
    return service, await _times(context, pack, service, place, starts_at)


async def _times(
    context: AppContext, pack: Pack, service: Service, place: str, starts_at: datetime
) -> NewTime:
    found = await competent(context, pack, service, _Anywhere(place=place))
    if not found:
        raise Problem("not_offered_there")
    try:
        fits = is_slot(starts_at, found[0][1].opening, pack.calendar, service)
        missed_at = end_of_day(starts_at, pack.calendar)
    except OverflowError as error:
        raise Problem("too_far") from error
    if not fits:
        raise Problem("not_open_then")
    return NewTime(
        place=place,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        remind_at=starts_at - service.remind.length,
        missed_at=missed_at,
    )


def _of_resident(context: AppContext, phone: str, network: str) -> str:
    """Return the mark by which a resident's appointments are counted.

    A phone alone is not proven: whoever typed somebody's in would use up that person's
    appointments, and have them wait for what they never missed.
    """
    return context.mark(f"booked/{context.vault.phone_hash(phone)}/{network}")


async def _ticket(context: AppContext, pack: Pack, body: BookIn, network: str) -> str | None:
    """Return the ticket that the appointment belongs to, whose access code was shown."""
    if not body.ticket:
        return None
    number = parse_number(body.ticket)
    if not await access_code_throttle.is_right(context, number, network, body.access_code):
        raise Problem("ticket_not_found")
    ticket = await tickets.state(context.store, number)
    if ticket is None:
        raise Problem("not_started_yet")
    if ticket.complaint.city != pack.city.id:
        raise Problem("ticket_not_found")
    if ticket.of_wrongdoing:
        raise Problem("appointment_of_report")
    return number


async def _opened(context: AppContext, number: str, code: str, network: str) -> _Opened:
    """Return the appointment that number and code open; wrong codes are counted by network."""
    right = codes.code_of(context, read(number))
    fits = hmac.compare_digest(right.encode(), read(code).encode())
    found = await bookings.by_number(context.store, read(number)) if fits else None
    booking = await guards.opened(
        context, "appointments", network, WRONG_CODES, found, "appointment_not_found"
    )
    pack = context.packs.get(booking.city)
    service = pack.services.service(booking.service) or _gone(booking)
    return _Opened(booking, pack, service)


def _gone(booking: Booking) -> Service:
    """Return a service that the city does not offer any more: it is shown, and not moved."""
    minutes = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
    code = booking.service
    return Service(
        code=code, name=code, name_en=code, places=(code,), minutes=minutes, moves=0, source="-"
    )


async def appointment_out(context: AppContext, of: Booking, pack: Pack) -> AppointmentOut:
    """Return an appointment as its resident reads it."""
    service = pack.services.service(of.service) or _gone(of)
    place, now = await directory_of(context, pack).get(of.place), context.now()
    ahead = of.state is BookingState.BOOKED and of.starts_at > now
    return AppointmentOut(
        number=codes.written(of.number),
        city=of.city,
        service=service_out(service),
        place=of.place,
        place_name=place.name if place else of.place,
        place_name_en=(place.name_en or place.name) if place else of.place,
        address=place.address if place else "",
        starts_at=of.starts_at,
        ends_at=of.ends_at,
        state=of.state_at(now),
        reminder=of.is_reminding(now),
        moves_left=max(0, service.moves - of.moves) if ahead else 0,
        can_change=ahead,
        happened=_happened(await bookings.record_of(context.store, of.id)),
    )


def _happened(record: Sequence[BookingEntry]) -> list[AppointmentMoment]:
    return [
        AppointmentMoment(at=one.at, act=one.act, starts_at=one.starts_at, reason=one.reason)
        for one in record
    ]
