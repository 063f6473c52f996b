"""Parts of a city and squares of its map as JSON: their indicators, and where complaints gather."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.board import SUPERVISION
from app.access.caller import Caller
from app.context import API
from app.reporting.places import (
    PlacesPage,
    PlacesQuery,
    SpotsPage,
    SpotsQuery,
    places_page,
    spots_page,
)

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
    return json_of(await places_page(context, caller, city, query))


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
    return json_of(await spots_page(context, caller, city, query))
