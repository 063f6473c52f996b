"""The parts of a city by their division codes, and their names."""

from collections.abc import Mapping
from functools import cache

from domain.pack.catalogue import Unit, UnitKind
from domain.pack.pack import Pack
from packs.grids import Grid
from store.reporting.places import LEVELS

_PLACES = (UnitKind.DISTRICT, UnitKind.STREET, UnitKind.COMMUNITY)

LEVEL_NAMES = dict(zip(LEVELS, ("district", "street", "community", "cell"), strict=True))


@cache
def _by_area(units: tuple[Unit, ...]) -> Mapping[str, Unit]:
    units_by_key: dict[str, Unit] = {}
    for unit in units:
        if unit.area and unit.kind in _PLACES:
            units_by_key.setdefault(unit.area, unit)
    return units_by_key


def place(pack: Pack, code: str) -> Unit | None:
    """Return the unit that a place is named after; None if the pack has no name for it."""
    return _by_area(pack.units).get(code)


def digits_within(code: str) -> int | None:
    """Return the number of digits in the codes of a place's parts; None for a cell."""
    return next((level for level in LEVELS if level > len(code)), None)


def codes_within(pack: Pack, grid: Grid | None, code: str) -> set[str]:
    """Return the parts of a place that its pack or grid has."""
    digits = digits_within(code)
    known = {*_by_area(pack.units), *(grid.codes if grid else ())}
    return {one[:digits] for one in known if one.startswith(code) and len(one) >= (digits or 99)}


def is_in(pack: Pack, grid: Grid | None, code: str) -> bool:
    """Return whether the city has such a place."""
    known = {*_by_area(pack.units), *(grid.codes if grid else ()), pack.city.division}
    return code.startswith(pack.city.division) and any(one.startswith(code) for one in known)


def around(pack: Pack, code: str) -> list[str]:
    """Return the places that a place lies in, the city first, and itself."""
    division = pack.city.division
    return [division, *(code[:n] for n in LEVELS if len(division) < n <= len(code))]
