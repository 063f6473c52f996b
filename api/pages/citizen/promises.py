"""The promises that everybody reads, and whether they were kept."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.shared.page import page
from app.errors import Problem
from app.tickets.promises import PublicPromisesQuery, public_promises_of
from packs.registry import UnknownCity
from store.db.errors import StoreUnavailable
from store.tickets.promises import PromisePart

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_SHOWN = (
    PromisePart.ALL,
    PromisePart.OPEN,
    PromisePart.KEPT,
    PromisePart.BROKEN,
    PromisePart.EXCUSED,
)


@router.get("/city/{city_id}/promises")
async def published(
    city_id: str,
    request: Request,
    context: Context,
    which: PromisePart = PromisePart.ALL,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Show the promises of published answers; a city that records none has no such page."""
    try:
        pack = context.packs.get(city_id)
    except UnknownCity:
        raise Problem("not_found") from None
    if pack.promises is None:
        raise Problem("not_found")
    try:
        query = PublicPromisesQuery(which=which, cursor=cursor, limit=20)
        found = await public_promises_of(context, city_id, query)
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(
        request,
        "citizen/promises.html",
        pack=pack,
        which=which.value,
        parts=[one.value for one in _SHOWN],
        items=found.items,
        first=cursor is None,
        next_cursor=found.next_cursor,
        zone=pack.calendar.tz,
    )
