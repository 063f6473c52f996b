"""Checks of grid cells: they tile the city, and each lies in a street of the pack."""

from collections.abc import Iterator

from domain.pack.catalogue import UnitKind
from packs.parsed_pack import GRIDS, ParsedPack
from packs.problems import PackFault


def check_cells(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check the cells with `packs.grids`, if the pack has any."""
    if parsed.city.value is None or not parsed.files.exists(GRIDS):
        return
    path = parsed.files.path(GRIDS)
    # It imports a geometry library: too slow for commands that load no pack.
    from packs.grids import check_grid, check_streets

    yield from check_grid(path, parsed.city.value.city.division)
    if parsed.units.whole:
        streets = [unit for unit in parsed.units.values() if unit.kind is UnitKind.STREET]
        yield from check_streets(path, {unit.area for unit in streets if unit.area})
