"""Cities, their catalogues and published indicators."""

from datetime import UTC, datetime

from pydantic import Field

from app.access.permission import permit
from app.cities.periods import PeriodQuery, span
from app.context import AppContext
from domain.model import Instant, Recorded
from domain.pack.catalogue import Category, Reasons, Unit
from domain.pack.directory import Places
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.stages import Outcome
from store.reporting.indicators import Rates, Ratio, three_rates


class CityLine(Recorded):
    id: str = Field(examples=["tongzhou"])
    name: str = Field(examples=["北京城市副中心(通州)"])
    name_en: str
    zone: str = Field(examples=["Asia/Shanghai"])


class CategoryLine(Recorded):
    code: str
    name: str
    name_en: str
    tier: str


class StreetLine(Recorded):
    """A street or township; `area` is its division code, as `place.area` takes it."""

    code: str
    name: str
    name_en: str
    area: str | None


class CityPage(CityLine):
    """A city's catalogue. `version` identifies exactly this content.

    `places`: the kinds of places that it lists, and what places may have.
    """

    version: str
    categories: list[CategoryLine]
    streets: list[StreetLine]
    reasons: Reasons
    places: Places


class Fraction(Recorded):
    """The share `part` of `of`; `value` is null if `of` is zero."""

    part: int
    of: int
    value: float | None


class Indicators(Recorded):
    """The three rates (三率) of tickets that ended in the period; unrated is never satisfied."""

    city: str
    since: Instant
    until: Instant
    response: Fraction
    resolution: Fraction
    satisfaction: Fraction
    accepted: int
    ended: int
    outcomes: dict[Outcome, int]
    rated: int
    unrated: int
    yellow_cards: int
    red_cards: int


async def cities(context: AppContext) -> list[CityLine]:
    """Return the cities that are served."""
    await permit(context, None, "list_cities")
    return [_line(context.packs.get(city)) for city in context.packs.ids()]


async def catalogue(context: AppContext, city: str) -> CityPage:
    """Return a city's categories, streets and reasons.

    Raises:
        UnknownCity
    """
    await permit(context, None, "get_city")
    pack = context.packs.get(city)
    return CityPage(
        **_line(pack).model_dump(),
        version=pack.version,
        categories=[_category(category) for category in pack.categories],
        streets=[_street(unit) for unit in pack.streets],
        reasons=pack.reasons,
        places=pack.places,
    )


async def indicators(context: AppContext, city: str, query: PeriodQuery) -> Indicators:
    """Return the three rates of a period. Those of a past period do not change.

    Raises:
        UnknownCity, Problem: invalid_request
    """
    pack = context.packs.get(city)
    period = span(query, datetime.now(UTC))
    rates = await rates_of(context, pack, period)
    return Indicators(
        city=pack.city.id,
        since=period.since,
        until=period.until,
        response=share(rates.response),
        resolution=share(rates.resolution),
        satisfaction=share(rates.satisfaction),
        accepted=rates.accepted,
        ended=rates.ended,
        outcomes=rates.outcomes,
        rated=rates.rated,
        unrated=rates.unrated,
        yellow_cards=rates.yellow_cards,
        red_cards=rates.red_cards,
    )


async def rates_of(context: AppContext, pack: Pack, period: Period) -> Rates:
    """Return the three rates of a city in a period, as they are counted."""
    await permit(context, None, "get_indicators")
    return await three_rates(context.store, pack.city.id, period.since, period.until)


def _line(pack: Pack) -> CityLine:
    city = pack.city
    return CityLine(id=city.id, name=city.name, name_en=city.name_en, zone=city.zone)


def _category(category: Category) -> CategoryLine:
    return CategoryLine(
        code=category.code, name=category.name, name_en=category.name_en, tier=category.tier
    )


def _street(unit: Unit) -> StreetLine:
    return StreetLine(code=unit.code, name=unit.name, name_en=unit.name_en, area=unit.area)


def share(ratio: Ratio) -> Fraction:
    return Fraction(part=ratio.part, of=ratio.of, value=ratio.value)
