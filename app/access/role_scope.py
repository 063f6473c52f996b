"""The role scope of accounts and tokens: a role, and for those of a unit the unit and its city.

Every place that stores a role asks `scope_of`: the routes, the pages, the commands of the terminal
and the sign-in with an identity provider.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.access.caller import Caller
from app.errors import FieldProblem, Problem
from domain.actors import OF_UNITS, Role
from domain.pack.pack import UnknownUnit
from domain.policy import agents
from domain.policy.permissions import ACCOUNTS, Scope, scopes_of
from packs.registry import PackRegistry, UnknownCity


class RoleScope(NamedTuple):
    role: Role
    unit: str | None
    city: str | None


def scope_of(
    packs: PackRegistry,
    role: Role,
    unit: str | None,
    city: str | None,
    *,
    within: str | None = None,
) -> RoleScope:
    """Return the role scope, of those of a unit with a city; `within`: the only city allowed.

    Two cities may both have a unit of that code: the city is filled in where only one has it.

    Raises:
        Problem: unit_missing, city_missing, not_your_city, invalid_request
        UnknownCity, UnknownUnit
    """
    if role not in ACCOUNTS:
        raise Problem("invalid_request", "That role has no account and no token.")
    if (role in OF_UNITS) != bool(unit):
        raise Problem("unit_missing")
    served = packs.ids() if within is None else [within]
    if city is not None and city not in packs.ids():
        raise UnknownCity(city, served)
    if city is None and unit:
        having = cities_of(packs, unit, served)
        if not having:
            raise UnknownUnit(unit, ", ".join(served))
        if len(having) > 1:
            raise Problem("city_missing", f"It is one of: {', '.join(having)}.")
        city = having[0]
    if within not in (None, city):
        raise Problem("not_your_city", "You make accounts and tokens for your own city only.")
    if city is not None and unit:
        packs.get(city).unit(unit)
    return RoleScope(role, unit, city)


def check_agent(packs: PackRegistry, who: RoleScope) -> None:
    """Refuse an agent's token that nothing could be done with: a machine works in one city, which
    serves machines, and never administers or audits.

    Raises:
        Problem: invalid_request, not_in_this_city
    """
    if who.role not in agents.ROLES:
        raise Problem("invalid_request", "An agent is of desk, dispatch, supervision or a unit.")
    if who.city is None:
        missing = FieldProblem(field="city", code="missing", message="An agent is of one city.")
        raise Problem("invalid_request", errors=[missing])
    if packs.get(who.city).agents is None:
        raise Problem("not_in_this_city", "The city's pack has no section `[agents]`.")


def agent_scopes(role: Role, requested: Sequence[Scope] | None) -> list[Scope]:
    """Return the scopes of an agent's token: never to see people, to audit or to administer.

    Raises:
        Problem: scope_useless
    """
    useful = [scope for scope in scopes_of(role) if scope in agents.SCOPES]
    if requested is None:
        return useful
    if not requested or not set(requested) <= set(useful):
        raise Problem("scope_useless", f"Of use to an agent: {', '.join(useful)}.")
    return [scope for scope in Scope if scope in requested]


def cities_of(packs: PackRegistry, unit: str, among: Iterable[str] | None = None) -> list[str]:
    """Return the cities that have a unit of this code."""
    cities = packs.ids() if among is None else among
    return [city for city in cities if packs.get(city).has_unit(unit)]


def confined(packs: PackRegistry, caller: Caller) -> Caller:
    """Return an officer with the city of their unit, where none was stored.

    Earlier versions stored officers without a city, whose unit's code then opened every city. The
    caller of whom the city is unclear is refused by `app.access.permission.permit`.
    """
    unit = caller.actor.unit
    if caller.actor.role not in OF_UNITS or unit is None or caller.city is not None:
        return caller
    having = cities_of(packs, unit)
    if len(having) == 1:
        return replace(caller, city=having[0])
    return replace(caller, city_unclear=True)


def hand_on(caller: Caller, scopes: Iterable[Scope]) -> None:
    """Refuse to give another one scopes that this caller does not hold.

    Raises:
        Problem: scope_missing
    """
    missing = sorted(frozenset(scopes) - caller.scopes)
    if missing:
        raise Problem("scope_missing", f"This token cannot hand on: {', '.join(missing)}.")


def granted_scopes(role: Role, requested: Sequence[Scope] | None) -> list[Scope]:
    """Return the scopes of a token: all that are of use to this role, unless some are requested.

    Raises:
        Problem: scope_useless
    """
    useful = scopes_of(role)
    if requested is None:
        return useful
    if not requested or not set(requested) <= set(useful):
        raise Problem("scope_useless", f"Of use to this role: {', '.join(useful)}.")
    return [scope for scope in Scope if scope in requested]
