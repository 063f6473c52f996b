"""Drawing of staff pages, with the navigation, the city and the name of the caller."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.shared.navigation import administration, entries
from api.pages.shared.page import page
from api.pages.shared.workplace import CITY, cities, unit_of, working_city
from app.access.caller import Caller
from app.context import AppContext
from domain.pack.pack import Pack

_YEAR = 365 * 24 * 3600


def staff_page(
    request: Request, template: str, caller: Caller, status: int = 200, **values: Any
) -> Response:
    """Draw a page that extends `shared/base_staff.html`.

    Templates also get `caller`, `pack` (by default of the city worked in) and `zone`.
    """
    context: AppContext = request.app.state.context
    served = cities(context, caller)
    pack = values.pop("pack", None) or working_city(request, context, caller)
    response = page(
        request,
        template,
        status,
        caller=caller,
        unit_here=unit_of(served, caller.actor),
        navigation=[]
        if caller.first_password
        else entries(
            caller.actor.role,
            rewards=_has_rewards(pack, caller),
            booking=has_places(context, pack, caller),
        ),
        administration=administration(caller.actor.role),
        pack=pack,
        zone=pack.calendar.tz,
        other_cities=_others(request, [one.city for one in served if one is not pack]),
        **values,
    )
    if request.query_params.get(CITY):
        response.set_cookie(CITY, pack.city.id, _YEAR, samesite="lax", httponly=True)
    return response


def has_places(context: AppContext, pack: Pack, caller: Caller) -> bool:
    """Return whether appointments are booked in the city; of an officer, with units like theirs.

    By the places of the pack alone: a page is drawn without a look into the directory.
    """
    if not pack.services.services:
        return False
    unit = caller.unit
    return unit is None or any(
        place.unit is not None and pack.has_unit(place.unit) and pack.is_within(place.unit, unit)
        for place in context.packs.places(pack.city.id)
    )


def _has_rewards(pack: Pack, caller: Caller) -> bool:
    """Return whether the city rewards reports; of an officer, whether the unit has prizes."""
    if caller.unit is None:
        return bool(pack.reward_rules)
    return any(prize.unit == caller.unit for prize in pack.prizes)


def _others(request: Request, others: list[Any]) -> list[tuple[Any, str]]:
    """Return each other city with this page's address there; none if the page answers a form."""
    if request.method != "GET":
        return []
    pairs = [one for one in request.query_params.multi_items() if one[0] not in (CITY, "cursor")]
    return [(city, f"{request.url.path}?{urlencode([*pairs, (CITY, city.id)])}") for city in others]
