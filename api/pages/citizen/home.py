"""The home page: report a problem, follow a ticket, see the city's results."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.citizen.cities import packs
from api.pages.shared.page import page

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/")
async def home(request: Request, context: Context) -> Response:
    """Show the home page."""
    served = packs(context)
    return page(
        request,
        "citizen/home.html",
        cities=[pack.city for pack in served],
        rewarding=any(pack.reward_rules for pack in served),
        with_services=any(pack.services.services for pack in served),
        with_places=any(pack.places.kinds for pack in served),
    )
