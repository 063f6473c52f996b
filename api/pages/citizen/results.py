"""The city's results: its report card by month, and the published answers."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.citizen.cities import choose, packs
from api.pages.shared.page import page
from app.cities.cities import rates_of
from app.cities.periods import ReckoningQuery, reckoning
from app.context import AppContext
from app.errors import Problem
from app.reporting.fair_satisfaction import fair_of
from app.reporting.figures import counted
from app.tickets.publications import publications
from domain.pack.pack import Pack
from domain.pack.periods import month_at, month_of
from domain.words import N_
from packs.registry import UnknownCity
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_HEADING = N_("Which city?")
_MONTHS = 6
_PAGE = 20


@router.get("/city")
async def city(request: Request, context: Context) -> Response:
    """Show the only city's report card; of several, the choice of one."""
    served = packs(context)
    if len(served) != 1:
        return choose(request, context, "/city/", _HEADING)
    return await report_card(served[0].city.id, request, context)


@router.get("/city/{city_id}")
async def report_card(
    city_id: str, request: Request, context: Context, month: str = ""
) -> Response:
    """Show one month: the figures the city publishes, each with the counts it comes from."""
    pack, now = _pack(context, city_id), datetime.now(UTC)
    try:
        shown = month or month_at(pack, now)
        month_of(pack, shown).so_far(now)
    except ValueError:
        raise Problem("not_found") from None
    try:
        # The same request as the API's, so that both share one cached computation.
        requested_reckoning = reckoning(ReckoningQuery(month=shown), pack, now)
        figures, _ = await counted(context, None, requested_reckoning, None)
        rates = await context.figures.get(
            ("rates", *requested_reckoning.cache_key),
            lambda: rates_of(context, pack, figures.period),
        )
        fair = await fair_of(context, None, requested_reckoning)
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(
        request,
        "citizen/results.html",
        pack=pack,
        month=shown,
        months=list(_months(shown, month_at(pack, now))),
        current=shown == month_at(pack, now),
        figures=figures.figures,
        as_of=figures.as_of,
        rates=rates,
        fair=fair,
        zone=pack.calendar.tz,
    )


def _months(shown: str, latest: str) -> list[str]:
    """Return the latest months, and the one that is shown."""
    year, month = (int(part) for part in latest.split("-"))
    back = [divmod(year * 12 + month - 1 - n, 12) for n in range(_MONTHS)]
    return sorted({shown, *(f"{y:04}-{m + 1:02}" for y, m in back)}, reverse=True)


# --- published answers ------------------------------------------------------------------------


@router.get("/city/{city_id}/answers")
async def published(
    city_id: str,
    request: Request,
    context: Context,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Show questions and answers whose citizens agreed to publication, with a map by script."""
    pack = _pack(context, city_id)
    try:
        answers = await publications(context, pack, cursor, _PAGE)
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(
        request,
        "citizen/results_answers.html",
        pack=pack,
        items=answers.items,
        first=cursor is None,
        next_cursor=answers.next_cursor,
        zone=pack.calendar.tz,
    )


def _pack(context: AppContext, city_id: str) -> Pack:
    try:
        return context.packs.get(city_id)
    except UnknownCity:
        raise Problem("not_found") from None
