"""Public data: the cities served, their catalogues, and their indicators."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.access import public
from api.door import API, TheDoor, json_of
from api.periods import PeriodQuery, span
from api.problems import responses
from domain.model import Instant, Recorded
from domain.pack.catalogue import Category, Reasons, Unit
from domain.pack.pack import Pack
from domain.ticket.stages import Outcome
from store.reporting.indicators import Ratio, three_rates

router = APIRouter(prefix=API, tags=["Cities"])


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
    """A city's catalogue. `version` identifies exactly this content."""

    version: str
    categories: list[CategoryLine]
    streets: list[StreetLine]
    reasons: Reasons


class Share(Recorded):
    """The share `part` of `of`; `value` is null if `of` is zero."""

    part: int
    of: int
    value: float | None


class Indicators(Recorded):
    """The three rates (三率) of tickets that ended in the period; unrated is never satisfied."""

    city: str
    since: Instant
    until: Instant
    response: Share
    resolution: Share
    satisfaction: Share
    accepted: int
    ended: int
    outcomes: dict[Outcome, int]
    rated: int
    unrated: int
    yellow_cards: int
    red_cards: int


@router.get(
    "/cities",
    operation_id="list_cities",
    dependencies=[public("list_cities")],
    summary="The cities that are served",
    response_model=list[CityLine],
    responses=responses("store_unavailable"),
)
async def list_cities(door: TheDoor) -> list[CityLine]:
    return [_line(door.packs.get(city)) for city in door.packs.ids()]


@router.get(
    "/cities/{city}",
    operation_id="get_city",
    dependencies=[public("get_city")],
    summary="A city's categories, streets and reasons",
    response_model=CityPage,
    responses=responses("unknown_city", "invalid_request"),
)
async def get_city(city: str, door: TheDoor) -> Response:
    pack = door.packs.get(city)
    return json_of(
        CityPage(
            **_line(pack).model_dump(),
            version=pack.version,
            categories=[_category(category) for category in pack.categories],
            streets=[_street(unit) for unit in pack.streets],
            reasons=pack.reasons,
        ),
        Cache_Control="public, max-age=300",
    )


@router.get(
    "/cities/{city}/indicators",
    operation_id="get_indicators",
    dependencies=[public("get_indicators")],
    summary="The three rates of a city in a period",
    response_model=Indicators,
    responses=responses("unknown_city", "invalid_request", "store_unavailable"),
)
async def get_indicators(
    city: str, door: TheDoor, query: Annotated[PeriodQuery, Query()]
) -> Response:
    """Return the three rates of a period. Those of a past period do not change."""
    pack = door.packs.get(city)
    period = span(query, datetime.now(UTC))
    rates = await three_rates(door.store, pack.city.id, period.since, period.until)
    return json_of(
        Indicators(
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
    )


def _line(pack: Pack) -> CityLine:
    city = pack.city
    return CityLine(id=city.id, name=city.name, name_en=city.name_en, zone=city.zone)


def _category(category: Category) -> CategoryLine:
    return CategoryLine(
        code=category.code, name=category.name, name_en=category.name_en, tier=category.tier
    )


def _street(unit: Unit) -> StreetLine:
    return StreetLine(code=unit.code, name=unit.name, name_en=unit.name_en, area=unit.area)


def share(ratio: Ratio) -> Share:
    return Share(part=ratio.part, of=ratio.of, value=ratio.value)
