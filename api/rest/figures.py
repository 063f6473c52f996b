"""The figures of a city: every indicator of its pack, and its values for each unit."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import perhaps
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.caller import Caller
from app.context import API
from app.errors import FieldProblem, Problem
from app.figures import FiguresPage, FiguresQuery, _line, _page, _shown, _units, behind_for, counted
from app.periods import RECKONING, reckoning
from app.visibility import city_of

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
    caller: Annotated[Caller | None, perhaps("get_figures")],
    query: Annotated[FiguresQuery, Query()],
) -> Response:
    """Return the figures of a period. Those of a past period do not change: they use the formulas
    that the city had then, and the tickets as they were then. Officers see only their own unit's
    tickets in the drill-down.
    """
    if caller is None and (query.tickets or not query.is_plain):
        raise Problem("unauthenticated", "Without a token: months, as they were when they ended.")
    if query.tickets and query.indicator is None:
        wrong = FieldProblem(field="query.indicator", code="missing", message="Of which figure?")
        raise Problem("invalid_request", errors=[wrong])
    if caller is not None:
        city_of(caller, city)
    asked = reckoning(query, context.packs.get(city), datetime.now(UTC))
    behind = query.indicator if query.tickets else None
    found, pack = await counted(context, caller, asked, behind)
    shown = _shown(found, query.indicator, pack)
    tickets = following = None
    if query.tickets and caller is not None:
        tickets, following = _page(behind_for(context, caller, pack, shown[0].behind), query)
    page = FiguresPage(
        city=pack.city.id,
        pack_version=found.pack_version,
        since=found.period.since,
        until=found.period.until,
        as_of=found.as_of,
        figures=[_line(figure) for figure in shown],
        units=_units(pack, shown, query),
        tickets=tickets,
        next_cursor=following,
        broken=len(found.broken),
    )
    return json_of(page) if caller else json_of(page, Cache_Control="public, max-age=60")
