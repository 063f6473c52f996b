"""The places of a directory, checked against their city: known kinds, units and services, and a
place inside it. The same for the places.csv of a pack and for what an installation imports.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.pack.catalogue import Unit, matches
from domain.pack.directory import ListedPlace, PlaceRow, Places
from domain.pack.pack import Pack
from domain.ticket.complaint import Crs
from packs.csv_tables import CsvRow
from packs.problems import PackFault

# It imports a geometry library: too slow for commands that need no cells.
if TYPE_CHECKING:
    from packs.grids import Grid


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """The rules that the places of a city are checked against.

    `areas`: the division codes that the pack names; None if not all could be read.
    """

    division: str
    places: Places
    areas: frozenset[str] | None
    has_unit: Callable[[str], bool]
    has_service: Callable[[str], bool]
    grid: "Grid | None"

    def has_area(self, code: str) -> bool:
        """Return whether the city has such a part, or has parts of it."""
        if self.areas is None or self.has_cells(code):
            return True
        return any(area.startswith(code) for area in self.areas)

    def has_cells(self, area: str) -> bool:
        """Return whether an area has grid cells."""
        codes = self.grid.codes if self.grid is not None else ()
        at = bisect_left(codes, area)
        return at < len(codes) and codes[at].startswith(area)

    def area_of(self, place: PlaceRow) -> str | None:
        """Return the area that a place says, else the cell of its point."""
        return place.area or self.cell_of(place)

    def cell_of(self, place: PlaceRow) -> str | None:
        """Return the cell of a place's point; None where it has none, or lies in no cell."""
        if self.grid is None or place.point is None:
            return None
        return self.grid.cell_at(*place.point, Crs.WGS84)


def rules_of(pack: Pack, grid: "Grid | None") -> PlaceRules:
    """Return what the places of a city are checked against."""
    return PlaceRules(
        pack.city.division,
        pack.places,
        areas_of(pack.city.division, pack.units),
        pack.has_unit,
        lambda pattern: any(matches(pattern, category.code) for category in pack.categories),
        grid,
    )


def areas_of(division: str, units: Sequence[Unit]) -> frozenset[str]:
    """Return the division codes that a pack names."""
    return frozenset({division, *(unit.area for unit in units if unit.area)})


def checked_places(
    rows: Sequence[CsvRow[PlaceRow]], rules: PlaceRules
) -> tuple[list[ListedPlace], list[PackFault]]:
    """Return the places, each in its area, and everything that is wrong with their rows."""
    places: list[ListedPlace] = []
    problems: list[PackFault] = []
    first: dict[str, int] = {}
    for row in rows:
        place = row.value
        found = [*_faults(place, rules)]
        if place.code in first:
            found.append(f"{place.code} is already on line {first[place.code]}")
        first.setdefault(place.code, row.line)
        problems += [PackFault(row.file, row.line, message) for message in found]
        if not found:
            places.append(place.listed(rules.area_of(place)))
    return places, problems


def _faults(place: PlaceRow, rules: PlaceRules) -> Iterator[str]:
    kind = rules.places.kind(place.kind)
    if kind is None:
        yield f"the kind {place.kind!r} is unknown"
    for feature in place.features:
        if rules.places.feature(feature) is None:
            yield f"the feature {feature!r} is unknown"
        elif kind is not None and feature not in kind.features:
            yield f"a place of the kind {kind.code!r} has no feature {feature!r}"
    if place.unit is not None and not rules.has_unit(place.unit):
        yield f"the unit {place.unit!r} is unknown"
    for service in place.services:
        if not rules.has_service(service):
            yield f"the service {service!r} is no category"
    yield from _whereabouts(place, rules)


def _whereabouts(place: PlaceRow, rules: PlaceRules) -> Iterator[str]:
    area, cell = place.area, rules.cell_of(place)
    if area is not None and not area.startswith(rules.division):
        yield f"the area {area!r} is not in the division {rules.division}"
    elif area is not None and not rules.has_area(area):
        yield f"the city has no area {area!r}"
    elif place.point is None:
        return
    elif rules.grid is None and area is None:
        yield "without grid cells the area cannot be found by the point: say it"
    elif rules.grid is not None and cell is None and rules.has_cells(area or rules.division):
        yield "the point is outside the city"
    elif area is not None and cell is not None and not _nested(area, cell):
        yield f"the area is {area!r}, and the point lies in {cell}"


def _nested(area: str, cell: str) -> bool:
    return area.startswith(cell) or cell.startswith(area)
