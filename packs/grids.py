"""Grid cells (单元网格): the smallest areas of a city, read from the grids.geojson of its pack.

Points and polygons are longitude, latitude in WGS-84 (CGCS2000 is the same for this purpose).
Points that were taken from a Chinese map service are shifted (GCJ-02) and moved back first.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

import shapely
import shapely.affinity
from shapely import MultiPolygon, Polygon

from domain.pack.coordinates import in_wgs84
from domain.ticket.complaint import Crs
from packs.geojson import member, read_features
from packs.problems import PackFault, read_text

Area = Polygon | MultiPolygon

STREET = 9  # leading digits of a cell's code that are its street's code


class Grid:
    """The cells of one city, searchable by point."""

    def __init__(self, cells: dict[str, Area]) -> None:
        self._codes = sorted(cells)
        self._tree = shapely.STRtree([cells[code] for code in self._codes])

    @classmethod
    def read(cls, path: Path) -> "Grid":
        """Read the cells of a file that passed `check_grid`; ValueError if it cannot be read."""
        cells, problems = _read(path)
        if problems:
            raise ValueError(str(problems[0]))
        return cls({cell.code: cell.polygon for cell in cells if cell.polygon is not None})

    @property
    def codes(self) -> Sequence[str]:
        """The 15-digit codes of all cells, sorted."""
        return self._codes

    def outlines(self, tolerance: float = 0.0005) -> dict[str, shapely.Geometry]:
        """Return the simplified outline of each street, by its 9-digit code.

        `tolerance` is in degrees; neighbours keep a common border. It takes a second for a city of
        thousands of cells.
        """
        cells: dict[str, list[shapely.Geometry]] = {}
        for code, polygon in zip(self._codes, self._tree.geometries, strict=True):
            cells.setdefault(code[:STREET], []).append(polygon)
        whole = [shapely.union_all(parts) for parts in cells.values()]
        simpler = shapely.coverage_simplify(whole, tolerance)
        return dict(zip(cells, simpler, strict=True))

    def middle_of(self, area: str) -> tuple[float, float] | None:
        """Return the latitude and longitude in the middle of an area; None if it has no cells."""
        within = [
            polygon.centroid
            for code, polygon in zip(self._codes, self._tree.geometries, strict=True)
            if code.startswith(area)
        ]
        if not within:
            return None
        return median(point.y for point in within), median(point.x for point in within)

    def shape(self, code: str) -> Area:
        """Return the shape of a cell, longitude first; ValueError if there is none."""
        at = bisect_left(self._codes, code)
        if self._codes[at : at + 1] != [code]:
            raise ValueError(f"there is no cell {code}")
        area: Area = self._tree.geometries[at]
        return area

    def cells_at(self, lat: float, lon: float, crs: Crs, border: float = 0.0) -> list[str]:
        """Return the codes of all cells that a point may be in, sorted; none outside all cells.

        `border`: metres from the border of two cells within which it may be in either.
        """
        lat, lon = in_wgs84(lat, lon, crs)
        point = shapely.Point(lon, lat)
        indexes = self._tree.query(point, predicate="intersects")
        if border and len(indexes):
            # Narrower from east to west by the latitude: the circle is one on the ground.
            wide = border / (_DEGREE * max(math.cos(math.radians(lat)), 0.01))
            around = shapely.affinity.scale(
                shapely.Point(lon, lat).buffer(1), wide, border / _DEGREE, origin=(lon, lat)
            )
            indexes = self._tree.query(around, predicate="intersects")
        return sorted(self._codes[index] for index in indexes)

    def cell_at(self, lat: float, lon: float, crs: Crs) -> str | None:
        """Return the code of the cell that contains a point; None outside all cells.

        A point on a border belongs to the cell with the lowest code: what depends on the choice
        asks `cells_at`.
        """
        lat, lon = in_wgs84(lat, lon, crs)
        indexes = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        return self._codes[min(indexes)] if len(indexes) else None


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """A feature as far as it could be read; `polygon` is None if it is not valid."""

    line: int
    code: str
    polygon: Area | None

    @property
    def coded(self) -> bool:
        """True if the code is well-formed; if not, only that is reported about the code."""
        return _CODE.fullmatch(self.code) is not None


_CODE = re.compile(r"[0-9]{15}")


def _read(path: Path) -> tuple[Sequence[_Cell], Sequence[PackFault]]:
    """Read the features of the file; return them and the problems found."""
    problems: list[PackFault] = []
    text = read_text(path, path.name, problems)
    return ((), problems) if text is None else _parsed(path.name, text)


@lru_cache(maxsize=1)  # loading a pack reads them three times
def _parsed(name: str, text: str) -> tuple[Sequence[_Cell], Sequence[PackFault]]:
    features, problems = read_features(name, text)
    if problems:
        return (), tuple(problems)
    cells: list[_Cell] = []
    for line, feature in features:
        cell, faults = _read_cell(line, feature)
        cells.append(cell)
        problems += [PackFault(name, line, fault) for fault in faults]
    if not cells:
        problems.append(PackFault(name, None, "there are no cells"))
    return tuple(cells), tuple(problems)


def _read_cell(line: int, feature: object) -> tuple[_Cell, list[str]]:
    code = member(member(feature, "properties"), "code")
    faults = []
    if not (isinstance(code, str) and _CODE.fullmatch(code)):
        faults.append(f"the code {code!r} is not a text of 15 digits")
    try:
        return _Cell(line, str(code), _polygon(member(feature, "geometry"))), faults
    except (LookupError, TypeError, ValueError) as error:
        return _Cell(line, str(code), None), [*faults, f"the shape of {code}: {error}"]


def _polygon(geometry: object) -> Area:
    kind, coordinates = member(geometry, "type"), member(geometry, "coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"neither a Polygon nor a MultiPolygon but {kind!r}")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if any(ring[0] != ring[-1] for rings in parts for ring in rings):
        raise ValueError("a ring is not closed")
    polygons = [Polygon(rings[0], rings[1:]) for rings in parts]
    area = polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)
    if area.is_empty:
        raise ValueError("it has no part")
    if not area.is_valid:
        raise ValueError(f"not valid: {shapely.is_valid_reason(area)}")
    west, south, east, north = area.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValueError("not in longitude, latitude")
    return area


# --- checking ---------------------------------------------------------------------------------

_OVERLAP, _OVERLAP_SHARE = 1.0, 1e-4  # m2, and share of the smaller cell: rounding errors
_DEGREE = 111_195  # metres of one degree of latitude


def check_grid(path: Path, division: str, outline_tolerance: float = 0.01) -> Iterator[PackFault]:
    """Check the codes and polygons of the cells, and look for overlaps and gaps.

    All codes begin with `division` and differ. Two cells may overlap by 1 m2 or by 1/10,000 of
    the smaller one. A gap may have the share `outline_tolerance` of the median area of a cell.
    """
    cells, problems = _read(path)
    yield from problems
    first: dict[str, int] = {}
    for cell in cells:
        if cell.coded and not cell.code.startswith(division):
            message = f"the code {cell.code} is not in the division {division}"
            yield PackFault(path.name, cell.line, message)
        if cell.coded and cell.code in first:
            message = f"{cell.code} is already on line {first[cell.code]}"
            yield PackFault(path.name, cell.line, message)
        first.setdefault(cell.code, cell.line)
    sound = [cell for cell in cells if cell.polygon is not None]
    if not sound:
        return
    polygons = _in_metres([cell.polygon for cell in sound])
    for one, other, area in _overlaps(polygons):
        message = f"{sound[other].code} overlaps {sound[one].code} of line {sound[one].line}"
        yield PackFault(path.name, sound[other].line, f"{message} by {area:,.0f} m2")
    if len(sound) == len(cells):  # an unusable shape leaves a gap: not reported twice
        for beside, area in _gaps(polygons, outline_tolerance):
            message = f"beside {sound[beside].code} a gap of {area:,.0f} m2 belongs to no cell"
            yield PackFault(path.name, sound[beside].line, message)


def check_streets(path: Path, areas: Collection[str]) -> Iterator[PackFault]:
    """Check that every cell lies in a street of the pack, given their `areas` (9 digits).

    A street that is missing is reported once, on the line of its first cell.
    """
    unknown: dict[str, list[int]] = {}
    for cell in _read(path)[0]:
        if cell.coded and cell.code[:STREET] not in areas:
            unknown.setdefault(cell.code[:STREET], []).append(cell.line)
    for street, lines in unknown.items():
        message = f"no street has the area {street!r} (of {len(lines)} cells)"
        yield PackFault(path.name, lines[0], message)


def _in_metres(polygons: Sequence[Area | None]) -> list[Area]:
    west, south, _, north = shapely.total_bounds(polygons)
    scale = (_DEGREE * math.cos(math.radians((south + north) / 2)), _DEGREE)
    return list(shapely.transform(polygons, lambda at: (at - (west, south)) * scale))


def _overlaps(polygons: list[Area]) -> Iterator[tuple[int, int, float]]:
    """Yield the indices of two overlapping polygons, the lower first, and the area they share."""
    # Comparing edges is much faster than intersecting areas, and most cells are valid. Of two that
    # overlap, at least one has an invalid edge.
    edges = shapely.coverage_invalid_edges(polygons)
    tree = shapely.STRtree(polygons)
    pairs: set[tuple[int, int]] = set()
    for one in (~shapely.is_empty(edges)).nonzero()[0].tolist():
        value = tree.query(polygons[one], predicate="intersects").tolist()
        pairs |= {(min(one, other), max(one, other)) for other in value if other != one}
    for one, other in sorted(pairs):
        area = polygons[one].intersection(polygons[other]).area
        smaller = min(polygons[one].area, polygons[other].area)
        if area > max(_OVERLAP, _OVERLAP_SHARE * smaller):
            yield one, other, area


def _gaps(polygons: list[Area], tolerance: float) -> Iterator[tuple[int, float]]:
    """Yield each gap between the polygons: the index of the nearest one, and the gap's area."""
    usual = median(polygon.area for polygon in polygons)
    covered = shapely.union_all(polygons)
    # Growing and shrinking the area closes slits between cells that are open to the outside. Slits
    # wider than 1/50 of a cell are taken for part of the outline.
    reach = math.sqrt(usual) / 100
    closed = covered.buffer(reach, join_style="mitre").buffer(-reach, join_style="mitre")
    filled = shapely.union_all([Polygon(part.exterior) for part in _parts(closed)])
    tree = shapely.STRtree(polygons)
    for gap in _parts(filled.difference(covered)):
        if gap.area > tolerance * usual:
            yield int(tree.nearest(gap.point_on_surface())), gap.area


def _parts(area: shapely.Geometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
