"""Incidents as everybody may know them: one, or those that are open in a city."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.pages.shared.page import page
from app.errors import Problem
from app.incidents.views import public_incident, public_incidents
from packs.registry import UnknownCity
from store.db.errors import StoreUnavailable

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/incidents/{incident}")
async def one(
    incident: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")], request: Request, context: Context
) -> Response:
    """Show what is said of an incident; one that nobody declared has no such page."""
    try:
        told = await public_incident(context, incident)
    except Problem:
        raise Problem("not_found") from None
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(request, "citizen/incidents.html", incidents=[told], pack=None)


@router.get("/city/{city_id}/incidents")
async def of_city(city_id: str, request: Request, context: Context) -> Response:
    """Show what is said of a city's open incidents; a city without them has no such page."""
    try:
        pack = context.packs.get(city_id)
    except UnknownCity:
        raise Problem("not_found") from None
    if pack.incidents is None:
        raise Problem("not_found")
    try:
        told = await public_incidents(context, city_id)
    except StoreUnavailable:
        return page(request, "citizen/results_unavailable.html", 503)
    return page(request, "citizen/incidents.html", incidents=told, pack=pack)
