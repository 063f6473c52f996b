"""The search of the directory: the places nearby, and of an area, with what is open."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from app.access.permission import permit
from app.cities.division_codes import is_in
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.pack.directory import ListedPlace
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from store.directory.listed_places import Directory, PlaceConditions

FAR = 50_000
"""The most metres that a search reaches."""

MOST = 50
"""The most places of one answer."""

_YEARS = range(2000, 2100)


def _in_our_time(at: datetime) -> datetime:
    if at.year not in _YEARS:
        raise ValueError("opening hours are known of the years 2000 to 2099")
    return at


Hour = Annotated[Instant, AfterValidator(_in_our_time)]


class DirectoryQuery(Incoming):
    """A search around a point (WGS-84), in an area, or in the whole city."""

    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    within: int = Field(3000, ge=1, le=FAR, description="Metres around the point.")
    area: Code | None = Field(None, description="A division's code. Default: the whole city.")
    kind: Code | None = None
    features: list[Code] = Field([], max_length=20, description="Each of them; repeat it.")
    category: Code | None = Field(None, description="A category that the place takes care of.")
    open_at: Hour | Literal["now"] | None = Field(
        None, description="Only what is open then; also the moment of `open`. Default: now, all."
    )
    limit: int = Field(20, ge=1, le=MOST)

    @model_validator(mode="after")
    def _whole_point(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("a point needs both lat and lon")
        return self

    @property
    def point(self) -> tuple[float, float] | None:
        """The latitude and longitude that is looked around, if any."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)


class FoundPlace(Recorded):
    """A place. `distance`: metres from the point that was asked about. The point is WGS-84.

    `open`: null where the hours are not known. `closes_at`, `opens_at`: when it closes, or opens
    again; null if not within two months. `name_en`: empty where it has none.
    """

    code: str = Field(examples=["centre-harbour"])
    kind: str = Field(examples=["centre"])
    name: str
    name_en: str
    address: str
    area: str | None
    lat: float | None
    lon: float | None
    distance: int | None
    hours: str = Field(examples=["Mo-Fr 08:30-12:00,14:00-17:30; PH off"])
    open: bool | None
    closes_at: Instant | None
    opens_at: Instant | None
    features: list[str]
    phone: str
    unit: str | None
    services: list[str]
    source: str


class DirectoryPage(Recorded):
    """The places, the nearest first; without a point by kind and name. `at`: when they are open.

    `more`: there are others, which were not asked for.
    """

    city: str
    at: Instant
    places: list[FoundPlace]
    more: bool


async def search(
    context: AppContext, city: str, query: DirectoryQuery, now: datetime | None = None
) -> DirectoryPage:
    """Return the places that somebody looks for.

    Raises:
        UnknownCity, UnknownCategory
        Problem: unknown_place_kind, unknown_feature, unknown_unit
        StoreUnavailable
    """
    await permit(context, None, "search_directory")
    pack = context.packs.get(city)
    _check(context, pack, query)
    at = query.open_at if isinstance(query.open_at, datetime) else now or context.now()
    found: list[FoundPlace] = []
    async for metres, place in _matching(context, pack, query):
        line = found_place(place, pack, metres, at)
        if query.open_at is None or line.open:
            found.append(line)
        if len(found) > query.limit:
            break
    places = found[: query.limit]
    return DirectoryPage(city=pack.city.id, at=at, places=places, more=len(found) > query.limit)


async def nearest_competent(
    context: AppContext, city: str, category: str, lat: float, lon: float, at: datetime
) -> FoundPlace | None:
    """Return the nearest place that takes care of a category, and when it is open from `at` on.

    None if no place within 50 km does. Errors as in `search`.
    """
    query = DirectoryQuery(lat=lat, lon=lon, within=FAR, category=category, limit=1)
    found = await search(context, city, query, at)
    return found.places[0] if found.places else None


async def listed_place(context: AppContext, city: str, code: str) -> FoundPlace:
    """Return a place by its code.

    Raises:
        UnknownCity, StoreUnavailable
        Problem: place_not_found
    """
    await permit(context, None, "search_directory")
    pack = context.packs.get(city)
    place = await _directory(context, pack).get(code)
    if place is None:
        raise Problem("place_not_found")
    return found_place(place, pack, None, context.now())


def _directory(context: AppContext, pack: Pack) -> Directory:
    return Directory(context.store, pack.city.id, context.packs.places(pack.city.id))


def _check(context: AppContext, pack: Pack, query: DirectoryQuery) -> None:
    """Refuse what the city does not have: an empty answer would say that nothing is near."""
    if query.kind is not None and pack.places.kind(query.kind) is None:
        raise Problem("unknown_place_kind")
    if any(pack.places.feature(code) is None for code in query.features):
        raise Problem("unknown_feature")
    if query.category is not None:
        pack.category(query.category)
    if query.area is not None:
        area_known(context, pack, query.area)


def area_known(context: AppContext, pack: Pack, area: str) -> None:
    """Refuse an area that the city does not have.

    Raises:
        Problem: unknown_unit
    """
    if not is_in(pack, context.packs.grid(pack.city.id), area):
        raise Problem("unknown_unit")


async def _matching(
    context: AppContext, pack: Pack, query: DirectoryQuery
) -> AsyncIterator[tuple[float | None, ListedPlace]]:
    directory = _directory(context, pack)
    conditions = PlaceConditions(query.kind, query.area, tuple(query.features), query.category)
    if query.point is not None:
        async for metres, place in directory.near(*query.point, query.within, conditions):
            yield metres, place
        return
    order = {kind.code: n for n, kind in enumerate(pack.places.kinds)}
    everything = await directory.all(conditions)
    for place in sorted(
        everything, key=lambda one: (order.get(one.kind, len(order)), one.name, one.code)
    ):
        yield None, place


def found_place(place: ListedPlace, pack: Pack, metres: float | None, at: datetime) -> FoundPlace:
    """Return a place as it is shown, open or not at a moment."""
    hours = place.opening
    state = hours.state(pack.calendar, at) if hours else None
    return FoundPlace(
        **place.model_dump(),
        distance=None if metres is None else round(metres),
        open=state.open if state else None,
        closes_at=state.changes_at if state and state.open else None,
        opens_at=state.changes_at if state and not state.open else None,
    )
