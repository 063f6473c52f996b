"""Drawing of staff pages, with the navigation, the city and the name of the caller."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.shared.navigation import administration, current, entries, grouped, is_missing
from api.pages.shared.page import page
from api.pages.shared.subjects import subjects_of
from api.pages.shared.workplace import CITY, cities, unit_of, working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem

_YEAR = 365 * 24 * 3600


def staff_page(
    request: Request, template: str, caller: Caller, status: int = 200, **values: Any
) -> Response:
    """Draw a page that extends `shared/base_staff.html`.

    Templates also get `caller`, `pack` (by default of the city worked in) and `zone`.

    Raises:
        Problem: not_found, for a page of a subject that the city does not have.
    """
    context: AppContext = request.app.state.context
    served = cities(context, caller)
    pack = values.pop("pack", None) or working_city(request, context, caller)
    if status == HTTPStatus.OK and is_missing(request.url.path, subjects_of(pack, None)):
        raise Problem("not_found")
    subjects = subjects_of(pack, caller.unit)
    links = [] if caller.first_password else entries(caller.actor.role, subjects)
    response = page(
        request,
        template,
        status,
        caller=caller,
        unit_here=unit_of(served, caller.actor),
        navigation=grouped(links),
        current=current(links, request.url.path),
        administration=administration(caller.actor.role),
        pack=pack,
        zone=pack.calendar.tz,
        other_cities=_others(request, [one.city for one in served if one is not pack]),
        **values,
    )
    if request.query_params.get(CITY):
        response.set_cookie(CITY, pack.city.id, _YEAR, samesite="lax", httponly=True)
    return response


def _others(request: Request, others: list[Any]) -> list[tuple[Any, str]]:
    """Return each other city with this page's address there; none if the page answers a form."""
    if request.method != "GET":
        return []
    pairs = [one for one in request.query_params.multi_items() if one[0] not in (CITY, "cursor")]
    return [(city, f"{request.url.path}?{urlencode([*pairs, (CITY, city.id)])}") for city in others]
