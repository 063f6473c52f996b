"""Public data: the cities served, their catalogues, and their indicators."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.cities import CityLine, CityPage, Indicators, _category, _line, _street, share
from app.context import API
from app.periods import PeriodQuery, span
from store.reporting.indicators import three_rates

router = APIRouter(prefix=API, tags=["Cities"])


@router.get(
    "/cities",
    operation_id="list_cities",
    dependencies=[public("list_cities")],
    summary="The cities that are served",
    response_model=list[CityLine],
    responses=responses("store_unavailable"),
)
async def list_cities(context: Context) -> list[CityLine]:
    return [_line(context.packs.get(city)) for city in context.packs.ids()]


@router.get(
    "/cities/{city}",
    operation_id="get_city",
    dependencies=[public("get_city")],
    summary="A city's categories, streets and reasons",
    response_model=CityPage,
    responses=responses("unknown_city", "invalid_request"),
)
async def get_city(city: str, context: Context) -> Response:
    pack = context.packs.get(city)
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
    city: str, context: Context, query: Annotated[PeriodQuery, Query()]
) -> Response:
    """Return the three rates of a period. Those of a past period do not change."""
    pack = context.packs.get(city)
    period = span(query, datetime.now(UTC))
    rates = await three_rates(context.store, pack.city.id, period.since, period.until)
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
