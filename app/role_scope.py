"""The role scope of accounts and tokens: a role, for officers a unit, and perhaps one city."""

from typing import NamedTuple

from app.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.pack.pack import UnknownUnit
from domain.policy.permissions import STAFF
from packs.registry import UnknownCity


class RoleScope(NamedTuple):
    role: Role
    unit: str | None
    city: str | None


def scope_of(
    context: AppContext, caller: Caller, role: Role, unit: str | None, city: str | None
) -> RoleScope:
    """Return the role scope; a caller of one city may assign it in that city only.

    An officer's unit must be unambiguous: two cities may both have a unit of that code.

    Raises:
        Problem: unit_missing, city_missing, not_your_city, invalid_request
        UnknownCity, UnknownUnit
    """
    if role not in STAFF:
        raise Problem("invalid_request", "That role has no account and no token.")
    if (role is Role.OFFICER) != (unit is not None):
        raise Problem("unit_missing")
    if city is not None and city not in context.packs.ids():
        raise UnknownCity(city, context.packs.ids())
    if city is None and unit is not None:
        having = [one for one in context.packs.ids() if context.packs.get(one).has_unit(unit)]
        served = [one for one in having if caller.serves(one)]
        if not served:
            raise UnknownUnit(unit, ", ".join(context.packs.ids()))
        if len(served) > 1:
            raise Problem("city_missing", f"It is one of: {', '.join(served)}.")
        city = served[0]
    if not (caller.serves(city) if city else caller.city is None):
        raise Problem("not_your_city", "You make accounts and tokens for your own city only.")
    if city is not None and unit is not None:
        context.packs.get(city).unit(unit)
    return RoleScope(role, unit, city)
