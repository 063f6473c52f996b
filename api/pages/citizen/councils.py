"""A city's councils by topic, as everybody reads them where the city publishes them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.shared.page import page
from app.errors import Problem
from app.tickets.council_topics import public_councils
from packs.registry import UnknownCity
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/city/{city_id}/councils")
async def published(city_id: str, request: Request, context: Context) -> Response:
    """Show the topics with councils that were opened; a city that publishes none has no page."""
    try:
        topics = await public_councils(context, city_id)
    except (UnknownCity, Problem):
        raise Problem("not_found") from None
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    pack = context.packs.get(city_id)
    return page(request, "citizen/councils.html", pack=pack, topics=topics, zone=pack.calendar.tz)
