"""The directory of places as JSON: what is nearby, and whether it is open."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.directory.search import DirectoryPage, DirectoryQuery, FoundPlace, listed_place, search
from domain.ticket.complaint import Code

router = APIRouter(prefix=API, tags=["Cities"])


@router.get(
    "/cities/{city}/directory",
    operation_id="search_directory",
    dependencies=[public("search_directory")],
    summary="Places nearby, or in an area: service centres, toilets, clinics, and what is open",
    response_model=DirectoryPage,
    responses=responses(
        "unknown_city",
        "unknown_category",
        "unknown_place_kind",
        "unknown_feature",
        "unknown_unit",
        "invalid_request",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def search_directory(
    city: str, context: Context, query: Annotated[DirectoryQuery, Query()]
) -> Response:
    """List places around a point, the nearest first; without a point by kind and name.

    At most fifty. Neither the point nor the caller is kept.
    """
    return json_of(await search(context, city, query))


@router.get(
    "/cities/{city}/directory/{code}",
    operation_id="get_listed_place",
    dependencies=[public("search_directory")],
    summary="A place of the directory",
    response_model=FoundPlace,
    responses=responses(
        "unknown_city",
        "place_not_found",
        "invalid_request",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def get_listed_place(city: str, code: Code, context: Context) -> Response:
    return json_of(await listed_place(context, city, code))
