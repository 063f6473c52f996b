"""Public data: the cities served, their catalogues, and their indicators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.cities.cities import CityLine, CityPage, Indicators, catalogue, cities, indicators
from app.cities.periods import PeriodQuery
from app.context import API

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
    return await cities(context)


@router.get(
    "/cities/{city}",
    operation_id="get_city",
    dependencies=[public("get_city")],
    summary="A city's categories, streets and reasons",
    response_model=CityPage,
    responses=responses("unknown_city", "invalid_request"),
)
async def get_city(city: str, context: Context) -> Response:
    return json_of(await catalogue(context, city), Cache_Control="public, max-age=300")


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
    return json_of(await indicators(context, city, query))
