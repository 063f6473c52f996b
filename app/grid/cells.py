"""The areas that grid workers work in, and those that a street's staff answers for."""

from typing import NamedTuple

from app.access.caller import Caller
from app.access.visibility import pack_asked
from app.cities.division_codes import is_in, place
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack
from domain.pack.policies import GridPolicy
from domain.ticket.complaint import Place
from store.grid import workers
from store.grid.workers import Worker

_STREET = 9
"""The digits of a street's code."""

_STREETS = (UnitKind.STREET, UnitKind.COMMUNITY)


class Post(NamedTuple):
    """A confirmed grid worker at work, with the city's rules."""

    worker: Worker
    pack: Pack
    policy: GridPolicy

    @property
    def street(self) -> str:
        """The code of the worker's street, whose places they look at."""
        return self.worker.cell[:_STREET]


class Ground(NamedTuple):
    """The area that a caller answers for: a street's, a community's, or the whole city."""

    pack: Pack
    policy: GridPolicy
    area: str


def policy_of(pack: Pack) -> GridPolicy:
    """Return the city's rules of grid workers.

    Raises:
        Problem: not_in_this_city
    """
    if pack.grid is None:
        raise Problem("not_in_this_city", "This city has no grid workers.")
    return pack.grid


async def post_of(context: AppContext, caller: Caller) -> Post:
    """Return the appointment of a grid worker.

    Raises:
        Problem: not_in_this_city, grid_worker_unconfirmed
    """
    worker = await workers.get(context.store, caller.id)
    if worker is None or worker.ended_at is not None or not caller.serves(worker.city):
        raise Problem("grid_worker_unconfirmed")
    pack = context.packs.get(worker.city)
    return Post(worker, pack, policy_of(pack))


def ground_of(context: AppContext, caller: Caller, city: str | None) -> Ground:
    """Return the area of a street's officer, or the city of a supervisor.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request, forbidden
        UnknownCity
    """
    pack = pack_asked(context, caller, city, lambda one: one.grid is not None)
    policy = policy_of(pack)
    if caller.actor.role is not Role.OFFICER:
        return Ground(pack, policy, pack.city.division)
    unit = pack.unit(caller.unit or "")
    if unit.area is None or unit.kind not in _STREETS:
        raise Problem("forbidden", "Only a street's or a community's unit answers for cells.")
    return Ground(pack, policy, unit.area)


def cell_in(context: AppContext, pack: Pack, code: str) -> str:
    """Return the code of an area of the city.

    Raises:
        Problem: place_without_area
    """
    if not is_in(pack, context.packs.grid(pack.city.id), code):
        raise Problem("place_without_area", f"The city has no area {code}.")
    return code


def area_of(context: AppContext, pack: Pack, where: Place) -> str:
    """Return the finest area that is known of a place: the cell of its point, or what was said.

    Raises:
        Problem: place_without_area
    """
    if where.lat is not None and where.lon is not None:
        grid = context.packs.grid(pack.city.id)
        cell = grid.cell_at(where.lat, where.lon, where.crs) if grid else None
        if cell is not None:
            return cell
    if where.area is None:
        raise Problem("place_without_area")
    return cell_in(context, pack, where.area)


def is_outside(cell: str, of: str) -> bool:
    """Return whether an area is for certain not within a worker's cell."""
    return not cell.startswith(of) and not of.startswith(cell)


def name_of(pack: Pack, code: str) -> str:
    """Return the name of the finest part of the city that has one, with the code of a cell."""
    for length in range(len(code), len(pack.city.division) - 1, -1):
        unit = place(pack, code[:length])
        if unit is not None:
            return unit.name if length == len(code) else f"{unit.name} {code[length:]}"
    return code
