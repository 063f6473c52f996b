"""Points of a city's units (考核), each traced to the event that earned it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.caller import Caller
from app.context import API
from app.errors import Problem
from app.periods import RECKONING, reckoning
from app.scores import ScoresPage, ScoresQuery, _lines, _page, earned_for, found_scores
from app.visibility import city_of

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
    city_of(caller, city)
    asked = reckoning(query, context.packs.get(city), datetime.now(UTC))
    if query.unit is not None and caller.unit not in (None, query.unit):
        raise Problem("not_your_unit", "Officers see the events behind their own unit's points.")
    found, pack = await found_scores(context, asked, query.unit)
    if query.unit is not None and query.unit not in {score.unit for score in found.units}:
        pack.unit(query.unit)  # raises UnknownUnit if there is none
    earned = following = None
    if query.unit is not None:
        earned, following = _page(earned_for(context, caller, pack, found.earned), query)
    return json_of(
        ScoresPage(
            city=pack.city.id,
            pack_version=found.pack_version,
            since=found.period.since,
            until=found.period.until,
            as_of=found.as_of,
            units=_lines(found, pack, query),
            rules=list(pack.scoring),
            earned=earned,
            next_cursor=following,
            left_out=found.left_out,
            broken=len(found.broken),
        )
    )
