"""Points of a city's units (考核), each traced to the event that earned it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.cities.periods import RECKONING
from app.context import API
from app.reporting.scores import ScoresPage, ScoresQuery, scores_page

router = APIRouter(prefix=API, tags=["Staff"])


@router.get(
    "/cities/{city}/scores",
    operation_id="get_scores",
    summary="The points of a city's units in a period, by its scoring rules",
    response_model=ScoresPage,
    responses=responses(*RECKONING, "unknown_unit", "not_your_unit", "not_your_city", "bad_cursor"),
)
async def get_scores(
    city: str,
    context: Context,
    caller: Annotated[Caller, staff("get_scores")],
    query: Annotated[ScoresQuery, Query()],
) -> Response:
    """Return the points, by the rules that the city had in the period. Officers see all units'
    points, but only their own unit's events.
    """
    return json_of(await scores_page(context, caller, city, query))
