"""The city whose tickets a staff member works on, and their unit there."""

from fastapi import Request

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.actors import Actor
from domain.pack.catalogue import Unit
from domain.pack.pack import Pack

CITY = "city"
"""The name of the query parameter and of the cookie for the city worked in."""


def working_city(request: Request, context: AppContext, caller: Caller) -> Pack:
    """Return the city in the address, else the one worked in before, else the first.

    Raises:
        Problem: not_your_city, if the city in the address is not the caller's.
    """
    served = cities(context, caller)
    requested = request.query_params.get(CITY)
    if requested and requested not in [pack.city.id for pack in served]:
        raise Problem("not_your_city")
    wanted = requested or request.cookies.get(CITY)
    return next((pack for pack in served if pack.city.id == wanted), served[0])


def cities(context: AppContext, caller: Caller) -> list[Pack]:
    """Return the cities the caller works in: their own, or those that have their unit, or all.

    Raises:
        Problem: forbidden, if there is none.
    """
    packs = [context.packs.get(city) for city in context.packs.ids() if caller.serves(city)]
    unit = caller.unit
    with_unit = [pack for pack in packs if unit is None or pack.has_unit(unit)]
    if not with_unit:
        raise Problem("forbidden", "No city that is served here has this unit.")
    return with_unit


def unit_of(packs: list[Pack], who: Actor) -> Unit | None:
    """Return the unit that `who` works for, from the first of these packs that has it."""
    code = who.unit
    return next((pack.unit(code) for pack in packs if code and pack.has_unit(code)), None)
