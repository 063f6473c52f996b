"""Checks of the known places of a pack: each has a code of its own and lies in the city."""

from collections.abc import Iterator

from domain.pack.gazetteer import MOST_KNOWN
from packs.parsed_pack import GAZETTEER, GRIDS, ParsedPack
from packs.problems import PackFault


def check_gazetteer(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check codes and parents of the known places, and that their points lie in their parents."""
    city, rows = parsed.city.value, parsed.known.rows
    if city is None or not rows:
        return
    if len(rows) > MOST_KNOWN:
        yield PackFault(GAZETTEER, rows[MOST_KNOWN].line, f"more than {MOST_KNOWN} known places")
        return
    first: dict[str, int] = {}
    for row in rows:
        place = row.value
        if place.code in first:
            message = f"{place.code} is already on line {first[place.code]}"
            yield PackFault(GAZETTEER, row.line, message)
        first.setdefault(place.code, row.line)
        if not place.parent.startswith(city.city.division):
            message = f"the parent {place.parent!r} is not in the division {city.city.division}"
            yield PackFault(GAZETTEER, row.line, message)
    yield from _points(parsed)


def _points(parsed: ParsedPack) -> Iterator[PackFault]:
    located = [row for row in parsed.known.rows if row.value.point is not None]
    if not located or not parsed.files.exists(GRIDS):
        return
    # It imports a geometry library: too slow for commands that load no pack.
    from packs.grids import Grid

    try:
        grid = Grid.read(parsed.files.path(GRIDS))
    except ValueError:  # told by the check of the cells
        return
    for row in located:
        place = row.value
        if place.lat is None or place.lon is None:
            continue
        cells = grid.cells_at(place.lat, place.lon, place.crs)
        if not cells:
            yield PackFault(GAZETTEER, row.line, f"the point of {place.code} is in no cell")
        elif not any(cell.startswith(place.parent) for cell in cells):
            message = f"the point of {place.code} is in {cells[0]}, not in {place.parent}"
            yield PackFault(GAZETTEER, row.line, message)
