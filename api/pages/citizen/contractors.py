"""The published assessment of a city's contractors, for everybody."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.shared.addresses import known_parameters
from api.pages.shared.page import page
from app.errors import Problem
from app.reporting.contractors import public_sheets
from packs.registry import UnknownCity

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/contractors/{city_id}", dependencies=[known_parameters("month")])
async def show(city_id: str, request: Request, context: Context) -> Response:
    """Show the sheets of a published month, by default of the latest."""
    try:
        shown = await public_sheets(context, city_id, request.query_params.get("month") or None)
    except UnknownCity:
        raise Problem("not_found") from None
    except Problem as problem:
        if problem.code == "not_in_this_city":
            raise Problem("not_found") from None
        raise
    pack = context.packs.get(city_id)
    return page(request, "citizen/contractors.html", pack=pack, shown=shown)
