"""The figures of a city: every indicator of its pack, and its values for each unit."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import optional_caller
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.cities.periods import RECKONING
from app.context import API
from app.reporting.figures import FiguresPage, FiguresQuery, figures_page

router = APIRouter(prefix=API, tags=["Cities"])


@router.get(
    "/cities/{city}/figures",
    operation_id="get_figures",
    summary="All figures of a city in a period, before and after exclusion",
    response_model=FiguresPage,
    responses=responses(
        *RECKONING, "unknown_indicator", "forbidden", "csrf_failed", "not_your_city", "bad_cursor"
    ),
    openapi_extra={"security": [{}]},
)
async def get_figures(
    city: str,
    context: Context,
    caller: Annotated[Caller | None, optional_caller("get_figures")],
    query: Annotated[FiguresQuery, Query()],
) -> Response:
    """Return the figures of a period. Those of a past period do not change: they use the formulas
    that the city had then, and the tickets as they were then. Officers see only their own unit's
    tickets in the drill-down.
    """
    page = await figures_page(context, caller, city, query)
    return json_of(page) if caller else json_of(page, Cache_Control="public, max-age=60")
