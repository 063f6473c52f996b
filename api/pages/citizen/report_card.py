"""The report card of a period for everybody, where the city publishes it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.shared.months import Month, Quarter, Year
from api.pages.shared.page import page
from app.errors import Problem
from app.reporting.report_card import CardQuery, report_card
from packs.registry import UnknownCity
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/report-card/{city_id}")
async def show(
    city_id: str,
    request: Request,
    context: Context,
    year: Year = None,
    quarter: Quarter = None,
    month: Month = None,
) -> Response:
    """Show the card; a city that has none, or keeps it for staff, has no such page."""
    try:
        pack = context.packs.get(city_id)
    except UnknownCity:
        raise Problem("not_found") from None
    if pack.report_card is None or not pack.report_card.public:
        raise Problem("not_found")
    try:
        card = await report_card(
            context, None, city_id, CardQuery(year=year, quarter=quarter, month=month)
        )
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(
        request,
        "citizen/report_card.html",
        pack=pack,
        card=card,
        year=int(card.period[:4]),
        zone=pack.calendar.tz,
    )
