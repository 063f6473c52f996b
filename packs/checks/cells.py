"""Checks of grid cells: they tile the city, and each lies in a street of the pack."""

from collections.abc import Iterator

from domain.pack.catalogue import UnitKind
from packs.parsed_pack import GRIDS, ParsedPack
from packs.problems import PackFault


def check_cells(draft: ParsedPack) -> Iterator[PackFault]:
    """Check the cells with `packs.grids`, if the pack has any."""
    path = draft.files.path(GRIDS)
    if draft.city.value is None or not path.exists():
        return
    # It imports a geometry library: too slow for commands that load no pack.
    from packs.grids import check_grid, check_streets

    yield from check_grid(path, draft.city.value.city.division)
    if draft.units.whole:
        streets = [unit for unit in draft.units.values() if unit.kind is UnitKind.STREET]
        yield from check_streets(path, {unit.area for unit in streets if unit.area})
