"""A city's services by appointment, and free times at the nearest competent places."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from pydantic import Field

from app.access.permission import permit
from app.context import AppContext
from app.directory.search import FAR, FoundPlace, area_known, found_place
from app.errors import Problem
from domain.booking.slots import day_of, end_of_day, slots_on
from domain.model import Incoming, Instant, Recorded
from domain.pack.directory import ListedPlace
from domain.pack.pack import Pack
from domain.pack.services import Service
from domain.ticket.complaint import Code
from store.directory.listed_places import Directory, PlaceConditions
from store.tickets import bookings

MOST_PLACES = 5
"""The most places of one answer: the nearest."""


class ServiceOut(Recorded):
    """A service that can be booked. `bring`: what to bring along."""

    code: str = Field(examples=["social-insurance"])
    name: str
    name_en: str
    minutes: int
    days_ahead: int
    moves: int = Field(description="How often one's own appointment may be moved.")
    bring: str
    bring_en: str
    source: str


class CityServices(Recorded):
    """The services of a city. Empty where nothing can be booked."""

    city: str
    services: list[ServiceOut]


class TimesQuery(Incoming):
    """Around a point (WGS-84), in an area, or at one place; by default the whole city."""

    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    area: Code | None = Field(None, description="A division's code: the nearest to its middle.")
    place: Code | None = None
    day: date | None = Field(None, description="Default: the first day with a free time.")


class PlaceTimes(Recorded):
    """A competent place with its free times of one day. `days`: all days with a free time."""

    place: FoundPlace
    day: date | None
    times: list[Instant]
    days: list[date]


class Times(Recorded):
    """The competent places, the nearest first, and the free times there."""

    city: str
    service: ServiceOut
    places: list[PlaceTimes]


def service_out(service: Service) -> ServiceOut:
    """Return a service as everybody may read it."""
    return ServiceOut(**{name: getattr(service, name) for name in ServiceOut.model_fields})


def service_of(pack: Pack, code: str) -> Service:
    """Return a service that can be booked.

    Raises:
        Problem: not_in_this_city, unknown_service
    """
    if not pack.services.services:
        raise Problem("not_in_this_city")
    service = pack.services.service(code)
    if service is None:
        raise Problem("unknown_service")
    return service


async def city_services(context: AppContext, city: str) -> CityServices:
    """Return the services that can be booked in a city.

    Raises:
        UnknownCity
    """
    await permit(context, None, "list_services")
    pack = context.packs.get(city)
    return CityServices(city=city, services=[service_out(one) for one in pack.services.services])


async def free_times(context: AppContext, city: str, service: str, query: TimesQuery) -> Times:
    """Return the nearest competent places, each with its free times.

    Raises:
        UnknownCity, StoreUnavailable
        Problem: not_in_this_city, unknown_service, unknown_unit
    """
    await permit(context, None, "list_services")
    pack = context.packs.get(city)
    wanted = service_of(pack, service)
    near = await competent(context, pack, wanted, query)
    now = context.now()
    free = await _free(context, pack, wanted, [place for _, place in near], now)
    return Times(
        city=city,
        service=service_out(wanted),
        places=[
            _times(found_place(place, pack, metres, now), free[place.code], query.day, pack)
            for metres, place in near
        ],
    )


def _times(place: FoundPlace, free: Sequence[datetime], day: date | None, pack: Pack) -> PlaceTimes:
    days = list(dict.fromkeys(day_of(at, pack.calendar) for at in free))
    shown = day if day is not None else next(iter(days), None)
    times = [at for at in free if day_of(at, pack.calendar) == shown]
    return PlaceTimes(place=place, day=shown, times=times, days=days)


async def competent(
    context: AppContext, pack: Pack, service: Service, query: TimesQuery
) -> list[tuple[float | None, ListedPlace]]:
    """Return the nearest places at which a service is done and whose hours are known.

    Raises:
        Problem: unknown_unit
    """
    point = _point(context, pack, query)
    done: dict[str, ListedPlace] = {}
    listed = directory_of(context, pack)
    for code in service.places:
        if (place := await listed.get(code)) is not None:
            done[code] = place
    for category in service.categories:
        for place in await listed.all(PlaceConditions(category=category)):
            done[place.code] = place
    places = [
        (place.metres_to(*point) if point else None, place)
        for place in done.values()
        if place.opening is not None and query.place in (None, place.code)
    ]
    places.sort(key=lambda one: (FAR * 100 if one[0] is None else one[0], one[1].code))
    return places[:MOST_PLACES] if point else places


def _point(context: AppContext, pack: Pack, query: TimesQuery) -> tuple[float, float] | None:
    if query.lat is not None and query.lon is not None:
        return query.lat, query.lon
    if query.area is None:
        return None
    area_known(context, pack, query.area)
    grid = context.packs.grid(pack.city.id)
    return grid.middle_of(query.area) if grid else None


def directory_of(context: AppContext, pack: Pack) -> Directory:
    """Return the directory of a city's places."""
    return Directory(context.store, pack.city.id, context.packs.places(pack.city.id))


async def _free(
    context: AppContext,
    pack: Pack,
    service: Service,
    places: Sequence[ListedPlace],
    now: datetime,
) -> dict[str, list[datetime]]:
    """Return the free times of each place, from now to as far ahead as can be booked."""
    first, last = now + service.notice.length, now + timedelta(days=service.days_ahead)
    codes = [place.code for place in places]
    until = end_of_day(last, pack.calendar)
    taken = await bookings.taken(context.store, pack.city.id, service.code, codes, now, until)
    length = timedelta(minutes=service.minutes)
    free: dict[str, list[datetime]] = {}
    for place in places:
        here = [(starts, ends) for at, starts, ends in taken if at == place.code]
        free[place.code] = [
            at
            for at in _slots(pack, service, place, first, last)
            if sum(starts < at + length and ends > at for starts, ends in here) < service.at_once
        ]
    return free


def _slots(
    pack: Pack, service: Service, place: ListedPlace, first: datetime, last: datetime
) -> list[datetime]:
    hours = place.opening
    if hours is None:
        return []
    begins = day_of(first, pack.calendar)
    count = (day_of(last, pack.calendar) - begins).days + 1
    days = [begins + timedelta(days=n) for n in range(count)]
    slots = [at for day in days for at in slots_on(day, hours, pack.calendar, service)]
    return [at for at in slots if first <= at <= last]
