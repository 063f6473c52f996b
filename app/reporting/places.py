"""Figures by place: parts of a city, and hot spots."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.cities.cities import Fraction, share
from app.cities.division_codes import LEVEL_NAMES, codes_within, digits_within, is_in, place
from app.cities.periods import MonthQuery, month_or_span
from app.context import AppContext
from app.errors import Problem
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.complaint import Code
from store.reporting.drill_down import DrillDownQuery, Lines, counted_tickets
from store.reporting.hot_spots import HotSpotsQuery, Named, Spot, areas, categories, sites, spots
from store.reporting.indicators import Ratio
from store.reporting.places import LEVELS, PlaceCounts, places

_NOTHING = PlaceCounts(0, 0, 0, 0, *(Ratio(0, 0) for _ in range(3)))


class PlacesQuery(MonthQuery):
    area: Code | None = Field(None, description="A division's code. Default: the whole city.")


class PlaceLine(Recorded):
    """A part of the place. `area` is null for tickets located no more exactly than the whole."""

    area: str | None = Field(examples=["110112003"])
    name: str | None = Field(examples=["北苑街道"])
    name_en: str | None
    open: int
    late: int
    filed: int
    ended: int
    response: Fraction
    resolution: Fraction
    satisfaction: Fraction


class PlacesPage(Recorded):
    """The parts. Open and late: now. Filed and ended: in the period. A cell is its own part."""

    city: str
    area: str
    since: Instant
    until: Instant
    places: list[PlaceLine]


@dataclass(frozen=True)
class PlacePart:
    """A part of a place. `code` is "" for tickets located no more exactly than the whole."""

    code: str
    counts: PlaceCounts


async def places_page(
    context: AppContext, caller: Caller, city: str, query: PlacesQuery
) -> PlacesPage:
    """Return the parts of a place side by side.

    Raises:
        Problem, UnknownCity
    """
    await permit(context, caller, "get_places")
    city_of(caller, city)
    pack, now = context.packs.get(city), datetime.now(UTC)
    period = month_or_span(query, pack, now)
    area = query.area or pack.city.division
    parts = await parts_of(context, caller, pack, area, period, now)
    return PlacesPage(
        city=pack.city.id,
        area=area,
        since=period.since,
        until=period.until,
        places=[_place_line(part, pack) for part in parts],
    )


async def parts_of(
    context: AppContext, caller: Caller, pack: Pack, area: str, period: Period, now: datetime
) -> list[PlacePart]:
    """Return the parts of a place by their codes, also those without tickets; of a cell, itself.

    Raises:
        Problem: not_found, if the code is not in the city; not_your_city.
        StoreUnavailable
    """
    await permit(context, caller, "get_places")
    city_of(caller, pack.city.id)
    grid = context.packs.grid(pack.city.id)
    if not is_in(pack, grid, area):
        raise Problem("not_found", "There is no such place in this city.")
    digits = digits_within(area)
    within = "" if area == pack.city.division else area
    place_counts = await places(
        context.store, pack.city.id, within, digits or len(area), period, now
    )
    inside = {code for code in place_counts if code.startswith(area)} | codes_within(
        pack, grid, area
    )
    parts = [PlacePart(code, place_counts.get(code, _NOTHING)) for code in sorted(inside)]
    return parts + ([PlacePart("", place_counts[""])] if "" in place_counts else [])


async def tickets_at(
    context: AppContext,
    caller: Caller,
    query: DrillDownQuery,
    cursor: str | None,
    limit: int = 50,
) -> Lines:
    """Return the tickets that one number of a place counts.

    Raises:
        Problem: not_your_city.
        BadCursor
    """
    await permit(context, caller, "get_places")
    city_of(caller, query.city)
    return await counted_tickets(context.store, query, cursor, limit)


def _place_line(part: PlacePart, pack: Pack) -> PlaceLine:
    counts, unit = part.counts, place(pack, part.code)
    return PlaceLine(
        area=part.code or None,
        name=unit.name if unit else None,
        name_en=unit.name_en if unit else None,
        open=counts.open,
        late=counts.late,
        filed=counts.filed,
        ended=counts.ended,
        response=share(counts.response),
        resolution=share(counts.resolution),
        satisfaction=share(counts.satisfaction),
    )


class SpotsQuery(MonthQuery):
    category: Code | None = None


class SpotsPage(Recorded):
    """The map squares and the names with the most complaints filed in the period. The middle of a
    square's tickets is WGS-84."""

    city: str
    since: Instant
    until: Instant
    spots: list[Spot]
    streets: list[Named]
    communities: list[Named]
    cells: list[Named]
    sites: list[Named] = Field(description="Known places of the city, by their codes.")
    categories: list[Named]


async def spots_page(
    context: AppContext, caller: Caller, city: str, query: SpotsQuery
) -> SpotsPage:
    """Return where complaints gather in a city.

    Raises:
        Problem, UnknownCity
    """
    await permit(context, caller, "get_spots")
    city_of(caller, city)
    pack = context.packs.get(city)
    period = month_or_span(query, pack, datetime.now(UTC))
    requested_query = HotSpotsQuery(pack.city.id, period, query.category)
    most = await most_of(context, caller, requested_query)
    return SpotsPage(
        city=pack.city.id,
        since=period.since,
        until=period.until,
        spots=await squares(context, caller, requested_query),
        streets=most["street"],
        communities=most["community"],
        cells=most["cell"],
        sites=most["site"],
        categories=most["category"],
    )


async def squares(
    context: AppContext, caller: Caller, query: HotSpotsQuery, most: int = 300
) -> list[Spot]:
    """Return the squares of the map with the most complaints, at most so many."""
    await permit(context, caller, "get_spots")
    city_of(caller, query.city)
    return await spots(context.store, query, most)


async def most_of(
    context: AppContext, caller: Caller, query: HotSpotsQuery, most: int = 20
) -> dict[str, list[Named]]:
    """Return the streets, communities, cells, known places and categories with the most complaints.

    At most so many of each.
    """
    await permit(context, caller, "get_spots")
    city_of(caller, query.city)
    values = {
        LEVEL_NAMES[digits]: await areas(context.store, query, digits, most)
        for digits in LEVELS[1:]
    }
    return values | {
        "site": await sites(context.store, query, most),
        "category": await categories(context.store, query, most),
    }
