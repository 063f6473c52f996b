"""The counter of a service centre: who comes on a day, and whether they came."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.typed_codes import read
from app.access.visibility import city_of, visible
from app.booking import codes
from app.booking.bookings import new_time
from app.booking.offers import directory_of
from app.context import AppContext
from app.errors import Problem
from domain.booking.booking import Booking, BookingState, Visit
from domain.booking.slots import end_of_day
from domain.model import Incoming, Instant, Recorded
from domain.pack.directory import ListedPlace
from domain.pack.pack import Pack
from domain.ticket.complaint import Code, Text
from store.directory.listed_places import PlaceConditions
from store.secrets.masks import masked
from store.secrets.vault import Person
from store.tickets import bookings


class DayQuery(Incoming):
    """The day, and the place. Default: today, all places of the unit."""

    day: date | None = None
    place: Code | None = None


class VisitIn(Incoming):
    """The outcome of an appointment. `excused`: that nobody came is not held against them."""

    visit: Visit


class MoveByStaffIn(Incoming):
    """Another time, and why: the resident reads it."""

    starts_at: Instant
    reason: Text = Field(max_length=200)


class CounterLine(Recorded):
    """An appointment as the centre sees it. `ticket`: where the caller may see that ticket."""

    number: str
    place: str
    place_name: str
    service: str
    service_name: str
    service_name_en: str
    starts_at: Instant
    ends_at: Instant
    state: BookingState
    name: str | None
    phone: str | None = Field(description="Behind a mask.")
    ticket: str | None


class CounterDay(Recorded):
    """The appointments of a day at the places of a unit, in order. `places`: all of them."""

    city: str
    day: date
    places: dict[str, str]
    items: list[CounterLine]


async def day_of_unit(
    context: AppContext, caller: Caller, city: str, query: DayQuery
) -> CounterDay:
    """Return the appointments of a day at the places that the caller's unit runs.

    Raises:
        UnknownCity
        Problem: not_your_city, not_in_this_city
    """
    await permit(context, caller, "list_appointments")
    city_of(caller, city)
    pack = context.packs.get(city)
    places = await _places(context, caller, pack)
    day = query.day or context.now().astimezone(pack.calendar.tz).date()
    chosen = [place for place in places if query.place in (None, place.code)]
    names = {place.code: place.name for place in places}
    try:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=pack.calendar.tz)
        until = end_of_day(noon, pack.calendar)
        since = end_of_day(noon - timedelta(days=1), pack.calendar)
    except OverflowError as error:
        raise Problem("too_far") from error
    codes_here = [place.code for place in chosen]
    found = await bookings.of_day(context.store, city, codes_here, since, until)
    items = [await _line(context, caller, one, pack, names) for one in found]
    return CounterDay(city=city, day=day, places=names, items=items)


async def record_visit(
    context: AppContext, caller: Caller, city: str, number: str, body: VisitIn
) -> CounterLine:
    """Record whether somebody came.

    Raises:
        Problem: appointment_not_found, not_your_city
        Refused: appointment_over, appointment_not_yet, not_missed
    """
    await permit(context, caller, "record_visit")
    booking, pack, names = await _own(context, caller, city, number)
    by = caller.actor.model_copy(update={"unit": caller.unit})
    done = await bookings.record_visit(context.store, booking.id, body.visit, by)
    return await _line(context, caller, done, pack, names)


async def move_by_staff(
    context: AppContext, caller: Caller, city: str, number: str, body: MoveByStaffIn
) -> CounterLine:
    """Move an appointment at its place to another time; the resident reads the reason.

    Raises:
        Problem: appointment_not_found, not_your_city, unknown_service, not_offered_there,
            not_open_then
        Refused: appointment_over, in_the_past, appointment_taken
    """
    await permit(context, caller, "move_by_staff")
    booking, pack, names = await _own(context, caller, city, number)
    service, times = await new_time(context, pack, booking, booking.place, body.starts_at)
    by = caller.actor.model_copy(update={"unit": caller.unit})
    moved = await bookings.move(context.store, booking.id, service, times, by, body.reason)
    return await _line(context, caller, moved, pack, names)


async def _places(context: AppContext, caller: Caller, pack: Pack) -> Sequence[ListedPlace]:
    """Return the places with services that the caller's unit runs; for others all of them."""
    if not pack.services.services:
        raise Problem("not_in_this_city")
    listed = await directory_of(context, pack).all(PlaceConditions())
    return [
        place
        for place in listed
        if place.unit is not None
        and pack.has_unit(place.unit)
        and (caller.unit is None or pack.is_within(place.unit, caller.unit))
        and any(service.is_done_at(place) for service in pack.services.services)
    ]


async def _own(
    context: AppContext, caller: Caller, city: str, number: str
) -> tuple[Booking, Pack, dict[str, str]]:
    """Return an appointment at a place of the caller's unit; there are no others for it."""
    city_of(caller, city)
    pack = context.packs.get(city)
    names = {place.code: place.name for place in await _places(context, caller, pack)}
    booking = await bookings.by_number(context.store, read(number))
    if booking is None or booking.city != city or booking.place not in names:
        raise Problem("appointment_not_found")
    return booking, pack, names


async def _line(
    context: AppContext, caller: Caller, of: Booking, pack: Pack, names: dict[str, str]
) -> CounterLine:
    service = pack.services.service(of.service)
    person = context.vault.decrypt(of.id, of.sealed) if of.sealed is not None else None
    hidden = masked(person or Person())
    seen = await visible(context, caller, of.ticket) if of.ticket else None
    return CounterLine(
        number=codes.written(of.number),
        place=of.place,
        place_name=names.get(of.place, of.place),
        service=of.service,
        service_name=service.name if service else of.service,
        service_name_en=service.name_en if service else of.service,
        starts_at=of.starts_at,
        ends_at=of.ends_at,
        state=of.state_at(context.now()),
        name=person.name if caller.unmasks and person else hidden.name,
        phone=hidden.phone,
        ticket=of.ticket if seen is not None else None,
    )
