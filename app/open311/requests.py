"""The requests that clients read: public tickets, their texts covered as wherever published."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from pydantic import Field, field_validator

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.open311.doors import door, malformed, open_doors, policy_of
from app.open311.moments import SPAN, UPDATED, local, span
from app.open311.services import name_of
from app.open311.statuses import ENDED_OTHERWISE, EVENTS
from app.open311.wording import public_links, taken_apart
from app.tickets.publications import published
from app.tickets.redaction import redacted
from domain.events import Event
from domain.model import Incoming, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel
from store.db.errors import BadNumber
from store.reporting import open311_requests
from store.reporting.open311_requests import CLOSED, MapBox, PublicTicket, RequestFilter
from store.reporting.ranking import named
from store.tickets.numbers import parse_number
from store.tickets.rows import point_of

MOST = 1000
"""The most requests of one answer."""

_LAST_PAGE = 10**9
_EARTH = 6_371_008.8
"""The mean radius of the earth in metres (IUGG)."""

_NEAR, _FARTHEST = 375.0, 50_000
"""Metres: how far from a point clients look for the same problem, unless they say it."""


class RequestsQuery(Incoming):
    """The parameters of the list, its empty ones left out."""

    jurisdiction_id: str | None = None
    service_request_id: str | None = None
    service_code: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    updated_after: str | None = None
    updated_before: str | None = None
    status: str | None = None
    bbox: str | None = None
    lat: str | None = None
    long: str | None = None
    radius: str | None = None
    page: int = Field(1, ge=1, le=_LAST_PAGE)
    page_size: int = Field(MOST, ge=1, le=MOST)
    extensions: bool = False

    @field_validator("extensions", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value


class AttributeValueOut(Recorded):
    code: str
    name: str
    value: str


class RequestNoteOut(Recorded):
    datetime: str
    description: str
    type: str


class RequestOut(Recorded):
    """A request, as the standard names its fields."""

    service_request_id: str
    status: str
    status_notes: str | None
    service_name: str | None
    service_code: str | None
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: str
    updated_datetime: str
    expected_datetime: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None


class ExtendedRequestOut(RequestOut):
    """A request with the extensions."""

    extended_attributes: list[AttributeValueOut]
    notes: list[RequestNoteOut]


async def requests(context: AppContext, query: RequestsQuery, now: datetime) -> list[RequestOut]:
    """List public requests of the city, the last one first.

    In one statement; one more with extensions. `service_request_id` overrides all other
    parameters; those that do not exist or are not public are left out.

    Raises:
        Problem: not_in_this_city, invalid_request
    """
    await permit(context, None, "read_open311")
    if query.service_request_id:
        numbers = _numbers(query.service_request_id)
        cities = _cities(context, query.jurisdiction_id)
        found = await open311_requests.among(context.store, _listed_in(cities), numbers)
    else:
        pack = door(context, query.jurisdiction_id)
        cities = {pack.city.id: pack}
        wanted = _filter(pack, query, now)
        offset = (query.page - 1) * query.page_size
        found = await open311_requests.listed(context.store, wanted, offset, query.page_size)
    return await _shown(context, cities, found, extended=query.extensions)


async def request(
    context: AppContext, jurisdiction: str | None, number: str, *, extended: bool = False
) -> list[RequestOut]:
    """Return the public request of that id, as a list of one.

    Its number is unique: whoever names no jurisdiction gets it, whichever city has it.

    Raises:
        Problem: not_in_this_city, ticket_not_found
    """
    await permit(context, None, "read_open311")
    cities = _cities(context, jurisdiction)
    found = await open311_requests.among(context.store, _listed_in(cities), _numbers(number)[:1])
    if not found:
        raise Problem("ticket_not_found", "service_request_id is unknown here.")
    return await _shown(context, cities, found, extended=extended)


def _cities(context: AppContext, jurisdiction: str | None) -> Mapping[str, Pack]:
    packs = [door(context, jurisdiction)] if jurisdiction else open_doors(context)
    return {pack.city.id: pack for pack in packs}


def _listed_in(cities: Mapping[str, Pack]) -> dict[str, list[str]]:
    """Return the categories that each city shows at its door, whichever way somebody asks."""
    return {city: [one.code for one in policy_of(pack).services] for city, pack in cities.items()}


def _numbers(text: str) -> list[str]:
    """Return the numbers in a list of ids; what is no number is no request of ours."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST:
        raise malformed("service_request_id", "too_many", f"has more than {MOST} ids")
    numbers = []
    for part in parts:
        try:
            numbers.append(parse_number(part))
        except BadNumber:
            continue
    return list(dict.fromkeys(numbers))


def _filter(pack: Pack, query: RequestsQuery, now: datetime) -> RequestFilter:
    since, until = span(pack, query.start_date, query.end_date)
    changed = span(pack, query.updated_after, query.updated_before, UPDATED, longest=None)
    if since is None and changed == (None, None):
        since = min(until or now, now) - SPAN  # an end to come leaves nothing out
    return RequestFilter(
        city=pack.city.id,
        categories=[one.code for one in policy_of(pack).services],
        asked=_parts(query.service_code),
        filed_since=since,
        filed_until=until,
        updated_since=changed[0],
        updated_until=changed[1],
        closed=_is_closed(query.status),
        box=_where(query),
    )


def _parts(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_closed(status: str | None) -> bool | None:
    asked = {part.lower() for part in _parts(status) or ()}
    if asked - {"open", "closed"}:
        raise malformed("status", "malformed", "is open, closed, or both with a comma")
    return None if len(asked) != 1 else asked == {"closed"}


def _where(query: RequestsQuery) -> MapBox | None:
    """Return the box that is asked for: by its sides, or as what is near a point."""
    if query.lat is None and query.long is None and query.radius is None:
        return None if query.bbox is None else _box(query.bbox)
    if query.bbox is not None:
        raise malformed("bbox", "malformed", "is asked for in place of lat and long")
    lat, long = _degrees("lat", query.lat, 90), _degrees("long", query.long, 180)
    radius = _metres(query.radius)
    high = math.degrees(radius / _EARTH)
    wide = min(high / max(math.cos(math.radians(lat)), 1e-9), 180.0)
    return MapBox(long - wide, lat - high, long + wide, lat + high)


def _degrees(name: str, text: str | None, most: float) -> float:
    with suppress(ValueError):
        value = float(text or "")
        if abs(value) <= most:  # never so of what is no number
            return value
    raise malformed(name, "malformed", "is needed in degrees: lat and long together")


def _metres(text: str | None) -> float:
    if text is None:
        return _NEAR
    with suppress(ValueError):
        value = float(text)
        if 0 < value <= _FARTHEST:
            return value
    raise malformed("radius", "malformed", f"is in metres, at most {_FARTHEST}")


def _box(text: str) -> MapBox:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise malformed("bbox", "malformed", "is west,south,east,north in degrees") from None
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    if not inside:  # also where one of them is no number
        raise malformed("bbox", "malformed", "is west,south,east,north in degrees")
    return MapBox(west, south, east, north)


async def _shown(
    context: AppContext,
    cities: Mapping[str, Pack],
    found: Sequence[PublicTicket],
    *,
    extended: bool,
) -> list[RequestOut]:
    # Covering a thousand texts takes a while: others are served meanwhile.
    plain = await asyncio.to_thread(
        lambda: [shown(one, cities[one.ticket.complaint.city]) for one in found]
    )
    if not extended:
        return plain
    numbers = [one.ticket.complaint.number for one in found]
    events = await open311_requests.happened(context.store, numbers, EVENTS)
    return [
        _extended(out, one, cities[one.ticket.complaint.city], events.get(number, []))
        for out, one, number in zip(plain, found, numbers, strict=True)
    ]


def shown(one: PublicTicket, pack: Pack) -> RequestOut:
    """Return the request as everybody may read it.

    Address, exact point and links only of what was filed here, whose notice says so: consent that
    was given elsewhere is to question and answer, without the place.
    """
    ticket, public = one.ticket, published(one.ticket)
    complaint = ticket.complaint
    here = complaint.channel is Channel.OPEN311
    said = taken_apart(complaint.text)
    point = point_of(complaint.place) if here else public.point
    street = pack.street_of(ticket.area)
    links = public_links(said.links) if here else []
    return RequestOut(
        service_request_id=complaint.number,
        status=status_of(one),
        status_notes=notes_of(one),
        service_name=name_of(pack, ticket.category),
        service_code=ticket.category,
        description=redacted(said.description),
        agency_responsible=named(pack, public.unit).name if public.unit else None,
        service_notice=policy_of(pack).notice,
        requested_datetime=local(complaint.filed_at, pack),
        updated_datetime=local(ticket.ended_at or ticket.updated_at, pack),
        expected_datetime=local(ticket.promised_at, pack) if ticket.promised_at else None,
        address=(redacted(complaint.place.address) or None) if here else None,
        address_id=street.area if street else None,
        zipcode=None,
        lat=point[0] if point else None,
        long=point[1] if point else None,
        media_url=links[0] if links else None,
    )


def status_of(one: PublicTicket) -> str:
    """Return `open` or `closed`."""
    return "closed" if one.ticket.stage in CLOSED else "open"


def notes_of(one: PublicTicket) -> str | None:
    """Return the published answer, else why the request ended without one."""
    if one.answered:
        return published(one.ticket).reply or None
    outcome = one.ticket.outcome
    return ENDED_OTHERWISE.get(outcome) if outcome else None


def told_of(event: Event, one: PublicTicket | None) -> str:
    """Return what is said of an event: an answer only if it is the one that is published now."""
    told = EVENTS[event.kind]
    if one is None or not told.answer or not one.answered:
        return told.words
    answer = one.ticket.answer
    said = getattr(event.fact, "text", None) == answer
    return (redacted(answer or "") if said else "") or told.words


def _extended(
    out: RequestOut, one: PublicTicket, pack: Pack, events: Sequence[Event]
) -> ExtendedRequestOut:
    here = one.ticket.complaint.channel is Channel.OPEN311
    answers = taken_apart(one.ticket.complaint.text).attributes if here else ()
    return ExtendedRequestOut(
        **out.model_dump(),
        extended_attributes=[
            AttributeValueOut(code=a.code, name=a.name, value=redacted(a.value)) for a in answers
        ],
        notes=[
            RequestNoteOut(
                datetime=local(event.at, pack),
                description=told_of(event, one),
                type=EVENTS[event.kind].status.lower(),
            )
            for event in events
        ],
    )
