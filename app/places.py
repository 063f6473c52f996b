"""Figures by place: parts of a city, and hot spots."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from app.cities import Fraction, share
from app.context import AppContext
from app.division_codes import LEVEL_NAMES, codes_within, digits_within, is_in, place
from app.errors import Problem
from app.periods import MonthQuery
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.complaint import Code
from store.reporting.hot_spots import HotSpotsQuery, Named, Spot, areas, categories
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


async def parts_of(
    context: AppContext, pack: Pack, area: str, period: Period, now: datetime
) -> list[PlacePart]:
    """Return the parts of a place by their codes, also those without tickets; of a cell, itself.

    Raises:
        Problem: not_found, if the code is not in the city.
        StoreUnavailable
    """
    grid = context.packs.grid(pack.city.id)
    if not is_in(pack, grid, area):
        raise Problem("not_found", "There is no such place in this city.")
    digits = digits_within(area)
    within = "" if area == pack.city.division else area
    found = await places(context.store, pack.city.id, within, digits or len(area), period, now)
    inside = {code for code in found if code.startswith(area)} | codes_within(pack, grid, area)
    parts = [PlacePart(code, found.get(code, _NOTHING)) for code in sorted(inside)]
    return parts + ([PlacePart("", found[""])] if "" in found else [])


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
    categories: list[Named]


async def most_of(context: AppContext, asked: HotSpotsQuery) -> dict[str, list[Named]]:
    """Return the streets, communities, cells and categories with the most complaints."""
    found = {
        LEVEL_NAMES[digits]: await areas(context.store, asked, digits) for digits in LEVELS[1:]
    }
    return found | {"category": await categories(context.store, asked)}
