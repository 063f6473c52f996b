"""Draw the illustrative grid cells of a shipped city: `draw_grids.py DATA CITY`.

DATA is a folder with `districts.geojson` (outlines) and `streets.csv` (9-digit codes). The result
is `cities/CITY/grids.geojson`, the same bytes every time. Only the outlines and the street codes
are real; see docs/how-to/grids.md.
"""

import argparse
import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry import shape

ROOT = Path(__file__).resolve().parent.parent

NOTE = (
    "Illustrative: cells, communities and street boundaries are drawn by scripts/draw_grids.py;"
    " only the district outline and the street codes are real."
)
STEP = 1e-6  # degrees, about 0.1 m: every vertex lies on this raster
FIRST_COMMUNITY = 901  # real community codes are far lower and cannot be confused with ours
TOWN = 4  # relative area of a town; a subdistrict (codes 001 to 099) has 1
ANGLES, OFFSETS = 6, 14  # directions and positions of a cut that are tried

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AreaPlan:
    """The division of a city: all its cells, and the fewest and most communities of a street."""

    division: str
    cells: int
    communities: tuple[int, int]


PLANS = {
    "tongzhou": AreaPlan("110112", 2634, (12, 20)),  # as many cells as the city reports
    "heping": AreaPlan("120101", 120, (4, 6)),
    "langfang": AreaPlan("1310", 600, (2, 3)),
    "huangpu": AreaPlan("440112", 600, (5, 8)),
    "jinan": AreaPlan("3701", 660, (2, 2)),
}


@dataclass(frozen=True, slots=True)
class AreaPiece:
    """A polygon without holes: its corners in order, the first one not repeated."""

    corners: tuple[Point, ...]

    @property
    def area(self) -> float:
        return abs(_doubled_area(self.corners)) / 2

    @property
    def centre(self) -> Point:
        point = shapely.Polygon(self.corners).centroid
        return point.x, point.y


def _doubled_area(corners: Sequence[Point]) -> float:
    return sum(
        ax * by - bx * ay
        for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True)
    )


# --- cutting ----------------------------------------------------------------------------------


def split(piece: AreaPiece, weights: Sequence[float]) -> list[AreaPiece]:
    """Cut into one part per weight, areas about in proportion, the first ones in the north-west."""
    if len(weights) == 1:
        return [piece]
    half = len(weights) // 2
    share = sum(weights[:half]) / sum(weights)
    first, second = _best_cut(piece, share)
    return split(first, weights[:half]) + split(second, weights[half:])


def _best_cut(piece: AreaPiece, share: float) -> tuple[AreaPiece, AreaPiece]:
    """Return the short cut that gives about `share` of the area to the north-western part."""
    best: tuple[float, tuple[AreaPiece, AreaPiece]] | None = None
    for length, one, other in _cuts(piece):
        (x1, y1), (x2, y2) = one.centre, other.centre
        first, second = (one, other) if y1 - x1 > y2 - x2 else (other, one)
        unfair = abs(first.area / (first.area + second.area) - share)
        cost = length / math.sqrt(piece.area) + 8 * unfair
        if best is None or cost < best[0]:
            best = cost, (first, second)
    if best is None:
        raise ValueError("a piece that no line cuts in two")
    return best[1]


def _cuts(piece: AreaPiece) -> Iterator[tuple[float, AreaPiece, AreaPiece]]:
    """Yield straight cuts in several directions and positions: length and the two parts."""
    shrink = math.cos(math.radians(piece.corners[0][1]))  # a degree east is shorter than one north
    for turn in range(ANGLES):
        angle = math.pi * turn / ANGLES
        across = (math.cos(angle) * shrink, math.sin(angle))
        heights = [x * across[0] + y * across[1] for x, y in piece.corners]
        low, high = min(heights), max(heights)
        for place in range(1, OFFSETS):
            offset = low + (high - low) * place / OFFSETS
            above = [height - offset for height in heights]
            for a, b in _chords(piece.corners, above, along=(-across[1], across[0])):
                length = math.hypot((b[1][0] - a[1][0]) * shrink, b[1][1] - a[1][1])
                yield length, *_parts(piece.corners, a, b)


Crossing = tuple[int, Point]  # the edge that begins at this corner, and where it is crossed


def _chords(
    corners: Sequence[Point], heights: Sequence[float], along: Point
) -> Iterator[tuple[Crossing, Crossing]]:
    """Yield the segments inside the polygon of a line in the direction `along`.

    `heights` are those of the corners above the line.
    """
    crossings: list[Crossing] = []
    for index, (x, y) in enumerate(corners):
        after = (index + 1) % len(corners)
        here, height = heights[index], heights[after]
        if (here < 0) != (height < 0):
            at = here / (here - height)
            to_x, to_y = corners[after]
            crossings.append((index, (x + (to_x - x) * at, y + (to_y - y) * at)))
    # Along the line, inside and outside alternate.
    crossings.sort(key=lambda crossing: crossing[1][0] * along[0] + crossing[1][1] * along[1])
    yield from zip(crossings[::2], crossings[1::2], strict=True)


def _parts(corners: tuple[Point, ...], a: Crossing, b: Crossing) -> tuple[AreaPiece, AreaPiece]:
    (first, start), (last, end) = sorted((a, b))
    inner = (start, *corners[first + 1 : last + 1], end)
    outer = (*corners[: first + 1], start, end, *corners[last + 1 :])
    return AreaPiece(inner), AreaPiece(outer)


# --- codes ------------------------------------------------------------------------------------


def shares(total: int, parts: int) -> list[int]:
    """Split `total` into `parts` numbers that differ by one at most."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


def in_reading_order(pieces: Sequence[AreaPiece]) -> list[AreaPiece]:
    """Sort by rows from north to south, each row from west to east."""
    centres = [piece.centre for piece in pieces]
    west, east = min(x for x, _ in centres), max(x for x, _ in centres)
    south, north = min(y for _, y in centres), max(y for _, y in centres)
    rows = max(1, round(math.sqrt(len(pieces) * (north - south) / max(east - west, STEP))))
    height = (north - south) / rows or STEP

    def place(index: int) -> tuple[int, float]:
        x, y = centres[index]
        return min(rows - 1, int((north - y) / height)), x

    return [pieces[index] for index in sorted(range(len(pieces)), key=place)]


def cells_of(
    street: str, territory: AreaPiece, count: int, plan: AreaPlan
) -> Iterator[tuple[str, AreaPiece]]:
    """Yield the cells of one street with their 15-digit codes."""
    fewest, most = plan.communities
    communities = min(count, fewest + int(street) % (most - fewest + 1))
    sizes = shares(count, communities)  # nearly equal, so their order does not matter
    for number, community in enumerate(in_reading_order(split(territory, sizes))):
        cells = in_reading_order(split(community, [1] * sizes[number]))
        for serial, cell in enumerate(cells, 1):
            yield f"{street}{FIRST_COMMUNITY + number}{serial:03}", cell


def draw(data: Path, plan: AreaPlan) -> dict[str, shapely.Polygon]:
    """Return the cells of a city by code; they tile the outlines of its districts exactly."""
    outlines = _outlines(data, plan.division)
    with (data / "streets.csv").open(encoding="utf-8", newline="") as file:
        codes = sorted(row["code"] for row in csv.DictReader(file))
    streets = [code for code in codes if code[:6] in outlines]
    counts = dict(zip(streets, shares(plan.cells, len(streets)), strict=True))
    cells: dict[str, AreaPiece] = {}
    for district, outline in sorted(outlines.items()):
        own = [code for code in streets if code.startswith(district)]
        weights = [TOWN if code[6] != "0" else 1 for code in own]
        for street, territory in zip(own, split(outline, weights), strict=True):
            cells.update(cells_of(street, territory, counts[street], plan))
    return _on_raster(cells)


def _outlines(data: Path, division: str) -> dict[str, AreaPiece]:
    districts = json.loads((data / "districts.geojson").read_text(encoding="utf-8"))["features"]
    outlines: dict[str, AreaPiece] = {}
    for district in districts:
        if district["properties"]["code"].startswith(division):
            (polygon,) = shapely.get_parts(shape(district["geometry"]))
            ring = shapely.get_exterior_ring(polygon)
            outlines[district["properties"]["code"]] = AreaPiece(tuple(ring.coords[:-1]))
    return outlines


def _on_raster(cells: dict[str, AreaPiece]) -> dict[str, shapely.Polygon]:
    """Round all vertices of the cells without creating a gap or an overlap.

    Rounding each cell by itself would leave slivers where a corner of one lies on an edge of
    another. So all edges are rounded together into one network, whose meshes are the cells.
    """
    rings = [shapely.LinearRing(cell.corners) for cell in cells.values()]
    network = shapely.union_all(rings, grid_size=STEP)
    meshes = shapely.get_parts(shapely.polygonize(shapely.get_parts(network)))
    inside = shapely.point_on_surface([shapely.Polygon(ring) for ring in rings])
    indexes = shapely.STRtree(meshes).query(inside, predicate="within")
    if sorted(indexes[0]) != list(range(len(cells))) or len(set(indexes[1])) != len(meshes):
        raise ValueError(f"{len(meshes)} meshes for {len(cells)} cells")
    codes = list(cells)
    return {codes[cell]: meshes[mesh] for cell, mesh in indexes.T}


# --- the file ---------------------------------------------------------------------------------


def geojson(cells: dict[str, shapely.Polygon]) -> str:
    """Write a feature per line, so that a problem has a line and a change has a small diff."""
    lines = [_feature(code, cell) for code, cell in sorted(cells.items())]
    head = f'{{"type":"FeatureCollection","illustrative":true,"note":{json.dumps(NOTE)},'
    return head + '"features":[\n' + ",\n".join(lines) + "\n]}\n"


def _feature(code: str, cell: shapely.Polygon) -> str:
    ring = shapely.orient_polygons(shapely.normalize(cell)).exterior.coords
    corners = [[round(x, 6), round(y, 6)] for x, y in ring]
    feature = {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    }
    return json.dumps(feature, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of districts.geojson and streets.csv")
    parser.add_argument("city", choices=PLANS)
    namespace = parser.parse_args()
    path = ROOT / "cities" / namespace.city / "grids.geojson"
    path.write_text(geojson(draw(namespace.data, PLANS[namespace.city])), encoding="utf-8")


if __name__ == "__main__":
    main()
