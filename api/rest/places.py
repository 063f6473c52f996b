"""Parts of a city and squares of its map as JSON: their indicators, and where complaints gather."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.board import SUPERVISION
from app.caller import Caller
from app.context import API
from app.periods import month_or_span
from app.places import (
    PlacesPage,
    PlacesQuery,
    SpotsPage,
    SpotsQuery,
    _place_line,
    most_of,
    parts_of,
)
from app.visibility import city_of
from store.reporting.hot_spots import HotSpotsQuery, spots

router = APIRouter(prefix=API, tags=["Staff"])


@router.get(
    "/cities/{city}/places",
    operation_id="get_places",
    summary="The districts, streets, communities or cells of a place beside each other",
    response_model=PlacesPage,
    responses=responses(*SUPERVISION, "invalid_request", "not_found"),
)
async def get_places(
    city: str,
    context: Context,
    caller: Annotated[Caller, staff("get_places")],
    query: Annotated[PlacesQuery, Query()],
) -> Response:
    """List the parts of a place. Pass a part's `area` to list its own, down to the grid cells."""
    city_of(caller, city)
    pack, now = context.packs.get(city), datetime.now(UTC)
    period = month_or_span(query, pack, now)
    area = query.area or pack.city.division
    lines = [_place_line(part, pack) for part in await parts_of(context, pack, area, period, now)]
    return json_of(
        PlacesPage(
            city=pack.city.id, area=area, since=period.since, until=period.until, places=lines
        )
    )


# --- spots ------------------------------------------------------------------------------------


@router.get(
    "/cities/{city}/spots",
    operation_id="get_spots",
    summary="Where complaints gather: squares of the map, parts of the city, categories",
    response_model=SpotsPage,
    responses=responses(*SUPERVISION, "invalid_request"),
)
async def get_spots(
    city: str,
    context: Context,
    caller: Annotated[Caller, staff("get_spots")],
    query: Annotated[SpotsQuery, Query()],
) -> Response:
    """Count tickets with a point in squares, and those with a place in streets and below."""
    city_of(caller, city)
    pack = context.packs.get(city)
    period = month_or_span(query, pack, datetime.now(UTC))
    asked = HotSpotsQuery(pack.city.id, period, query.category)
    most = await most_of(context, asked)
    return json_of(
        SpotsPage(
            city=pack.city.id,
            since=period.since,
            until=period.until,
            spots=await spots(context.store, asked),
            streets=most["street"],
            communities=most["community"],
            cells=most["cell"],
            categories=most["category"],
        )
    )
