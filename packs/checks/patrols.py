"""Checks of patrols: units, areas and reaches that are known, and codes that are there once."""

from collections import Counter
from collections.abc import Iterator

from domain.pack.catalogue import Level
from domain.pack.patrols import RANK_OF, Patrols, Rank, Route
from packs.parsed_pack import ParsedPack
from packs.problems import Location, PackFault

_LEVELS = {
    Rank.DISTRICT: (Level.CITY, Level.DISTRICT),
    Rank.STREET: (Level.STREET,),
    Rank.COMMUNITY: (Level.COMMUNITY, Level.CELL),
}
"""The levels of units that can be chief of a rank."""


def check_patrols(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check patrols.toml, if there is one."""
    patrols = parsed.patrols.value
    if patrols is None or parsed.city.value is None:
        return
    yield from _twice(parsed, "reaches", [reach.code for reach in patrols.reaches])
    yield from _twice(parsed, "routes", [route.code for route in patrols.routes])
    if patrols.checks is not None:
        yield from _unit(parsed, patrols.checks.unit, "checks", "unit")
        codes = [criterion.code for criterion in patrols.checks.criteria]
        yield from _twice(parsed, "checks", codes, "criteria")
    for index, reach in enumerate(patrols.reaches):
        for rank, unit in reach.chiefs.items():
            yield from _chief(parsed, unit, rank, "reaches", index, "chiefs")
    for index, route in enumerate(patrols.routes):
        yield from _route(parsed, patrols, route, index, parsed.city.value.city.division)


def _route(
    parsed: ParsedPack, patrols: Patrols, route: Route, index: int, division: str
) -> Iterator[PackFault]:
    yield from _unit(parsed, route.unit, "routes", index, "unit")
    areas = {unit.area for unit in parsed.units.values() if unit.area}
    if parsed.units.whole and route.area != division and route.area not in areas:
        message = f"no unit of this city answers for the area {route.area!r}"
        yield parsed.patrols.problem(("routes", index, "area"), message)
    reach = patrols.reach(route.reach)
    if route.reach is not None and reach is None:
        message = f"the reach {route.reach!r} is unknown"
        yield parsed.patrols.problem(("routes", index, "reach"), message)
    chiefs = reach.chiefs if reach else {}
    told = {one for rung in route.missed for one in rung.tells}
    for one, rank in RANK_OF.items():
        if one in told and rank not in chiefs:
            message = f"missed tells {one.value}, and the route's reach has none"
            yield parsed.patrols.problem(("routes", index, "missed"), message)


def _chief(parsed: ParsedPack, code: str, rank: Rank, *where: str | int) -> Iterator[PackFault]:
    yield from _unit(parsed, code, *where)
    unit = next((one for one in parsed.units.values() if one.code == code), None)
    if unit is not None and unit.level not in _LEVELS[rank]:
        message = f"{code} is no unit of the level {rank.value}"
        yield parsed.patrols.problem(where, message)


def _unit(parsed: ParsedPack, code: str, *where: str | int) -> Iterator[PackFault]:
    if not parsed.units.has(code):
        yield parsed.patrols.problem(where, f"the unit {code!r} is unknown")


def _twice(
    parsed: ParsedPack, table: str, codes: list[str], inner: str | None = None
) -> Iterator[PackFault]:
    times = Counter(codes)
    for index, code in enumerate(codes):
        if times[code] > 1:
            where: Location = (table, inner, index) if inner else (table, index, "code")
            yield parsed.patrols.problem(where, f"{code} is there more than once")
