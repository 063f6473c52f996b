"""Tests of grid cells: shipped ones tile their districts; faults are reported by file and line."""

import json
import math
import re
import time
import timeit
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from domain.pack.gcj02 import to_gcj02, to_wgs84
from domain.ticket.complaint import Crs
from packs.grids import Grid, check_grid, check_streets
from packs.problems import PackFault
from packs.registry import default_root
from scripts.draw_grids import PLANS, draw, geojson

GRIDS = "grids.geojson"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"

needs_real_outlines = pytest.mark.skipif(
    not (REAL / "districts.geojson").exists(), reason=f"the real outlines are not in {REAL}"
)
each_city = pytest.mark.parametrize("city", sorted(PLANS))


def shipped(city: str) -> Path:
    return default_root() / city / GRIDS


def polygons(city: str) -> dict[str, BaseGeometry]:
    content = json.loads(shipped(city).read_text(encoding="utf-8"))
    return {
        feature["properties"]["code"]: shape(feature["geometry"]) for feature in content["features"]
    }


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    shrink = math.cos(math.radians(one[0]))
    return 111_195 * math.hypot(one[0] - other[0], (one[1] - other[1]) * shrink)


@each_city
def test_every_shipped_grid_is_sound(city: str) -> None:
    assert list(check_grid(shipped(city), PLANS[city].division)) == []


@each_city
def test_a_point_finds_its_cell_on_both_datums(city: str) -> None:
    grid = Grid.read(shipped(city))
    cells = polygons(city)
    assert list(grid.codes) == sorted(cells)
    for code, cell in cells.items():
        point = cell.point_on_surface()
        assert grid.cell_at(point.y, point.x, Crs.WGS84) == code
        assert grid.cell_at(*to_gcj02(point.y, point.x), Crs.GCJ02) == code


@each_city
def test_cells_are_numbered_north_to_south_and_west_to_east(city: str) -> None:
    communities: dict[str, list[BaseGeometry]] = defaultdict(list)
    streets: dict[str, list[BaseGeometry]] = defaultdict(list)
    for code, cell in sorted(polygons(city).items()):
        communities[code[:12]].append(cell)
        assert int(code[12:]) == len(communities[code[:12]]), "serials begin at 1, none left out"
    for code, cells in communities.items():
        streets[code[:9]].append(shapely.union_all(cells))
    for areas in (*communities.values(), *streets.values()):
        centres = [area.centroid for area in areas]
        for index, later in enumerate(centres):
            for earlier in centres[:index]:
                # The raster moves corners by 0.1 m, which does not change the order.
                assert earlier.y > later.y - 1e-5 or earlier.x < later.x + 1e-5


def test_tongzhou_has_as_many_cells_as_it_reports() -> None:
    codes = list(polygons("tongzhou"))
    communities: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        communities[code[:9]].add(code[9:12])
    assert len(codes) == 2634
    assert len(communities) == 22
    assert all(12 <= len(found) <= 20 for found in communities.values())


@each_city
def test_the_file_says_what_is_not_real(city: str) -> None:
    text = shipped(city).read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["illustrative"] is True
    assert "only the district outline and the street codes are real" in content["note"]
    assert text.count("\n") == len(content["features"]) + 2, "one line for each feature"


@needs_real_outlines
@each_city
def test_the_cells_fill_the_real_outlines_and_lie_in_real_streets(city: str) -> None:
    districts = json.loads((REAL / "districts.geojson").read_text(encoding="utf-8"))["features"]
    streets = (REAL / "streets.csv").read_text(encoding="utf-8").splitlines()
    cells = polygons(city)
    assert {code[:9] for code in cells} <= {row[:9] for row in streets}
    for district in districts:
        code, outline = district["properties"]["code"], shape(district["geometry"])
        if code.startswith(PLANS[city].division):
            own = [cell for name, cell in cells.items() if name.startswith(code)]
            assert shapely.coverage_is_valid(own), "neighbours share their edges exactly"
            wrong = shapely.union_all(own).symmetric_difference(outline)
            assert wrong.area < outline.area * 1e-4
            assert sum(cell.area for cell in own) == pytest.approx(outline.area, rel=1e-4)


@needs_real_outlines
def test_drawing_again_gives_the_same_file() -> None:
    assert geojson(draw(REAL, PLANS["heping"])) == shipped("heping").read_text(encoding="utf-8")


def test_a_check_does_not_compare_all_cells_with_all(tmp_path: Path) -> None:
    """Four times as many cells take four times as long; comparing all with all takes sixteen."""
    whole = json.loads(shipped("tongzhou").read_text(encoding="utf-8"))
    part = tmp_path / "part.geojson"
    quarter = whole["features"][: len(whole["features"]) // 4]
    part.write_text(json.dumps(whole | {"features": quarter}), encoding="utf-8")

    def seconds(path: Path) -> float:
        # The best of several: other load only makes it slower.
        return min(
            timeit.repeat(
                lambda: list(check_grid(path, "110112")),
                timer=time.process_time,
                repeat=4,
                number=1,
            )
        )

    assert seconds(shipped("tongzhou")) < 8 * seconds(part)


def test_tiananmen_is_where_chinese_maps_draw_it() -> None:
    real, drawn = (39.90872, 116.39747), (39.91012, 116.40371)
    assert metres(to_gcj02(*real), drawn) < 2
    assert metres(to_wgs84(*drawn), real) < 2


@pytest.mark.parametrize("lat", [19.9, 23.1, 30.3, 36.6, 39.9, 45.8])
@pytest.mark.parametrize("lon", [87.6, 105.0, 113.4, 121.5])
def test_a_point_moved_there_and_back_is_the_same_point(lat: float, lon: float) -> None:
    shifted = to_gcj02(lat, lon)
    assert 50 < metres(shifted, (lat, lon)) < 1000
    assert metres(to_wgs84(*shifted), (lat, lon)) < 0.01


@pytest.mark.parametrize("crs", list(Crs))
def test_a_point_outside_the_city_has_no_cell(crs: Crs) -> None:
    grid = Grid.read(shipped("heping"))
    for point in ((39.90872, 116.39747), (48.8566, 2.3522), (90.0, 0.0), (-90.0, 180.0)):
        assert grid.cell_at(*point, crs) is None


SIDE = 0.001  # degrees; a cell has about 9,500 m2
Feature = dict[str, Any]


def cell(serial: int, west: float, south: float, width: float = 1, height: float = 1) -> Feature:
    """Return a rectangle; position and size are in sides of a usual cell."""
    box = shapely.box(west, south, west + width, south + height)
    corners = [[116.6 + x * SIDE, 39.9 + y * SIDE] for x, y in box.exterior.coords]
    return {
        "type": "Feature",
        "properties": {"code": f"110112001901{serial:03}"},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    }


@pytest.fixture
def features() -> list[Feature]:
    """Return nine cells in three rows, to be changed: number n is on line n + 1."""
    return [cell(row * 3 + column + 1, column, 2 - row) for row in range(3) for column in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / GRIDS


def problems(path: Path, features: list[Feature]) -> list[PackFault]:
    """Return the faults of a file with these features, one on each line."""
    lines = ",\n".join(json.dumps(feature) for feature in features)
    path.write_text(f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}', "utf-8")
    return list(check_grid(path, "110112"))


def only(faults: list[PackFault]) -> tuple[int | None, str]:
    assert len(faults) == 1, faults
    assert faults[0].file == GRIDS
    return faults[0].line, faults[0].message


def square_metres(message: str) -> int:
    match = re.search(r"([0-9,]+) m2", message)
    assert match, message
    return int(match[1].replace(",", ""))


def test_squares_side_by_side_are_sound(path: Path, features: list[Feature]) -> None:
    assert problems(path, features) == []
    assert problems(path, [*features, cell(10, 2.99999, 2)]) == [], "an overlap of a millimetre"


def test_a_point_on_a_border_belongs_to_the_lower_code(path: Path, features: list[Feature]) -> None:
    problems(path, features[::-1])
    grid = Grid.read(path)
    assert grid.cell_at(39.9025, 116.601, Crs.WGS84) == "110112001901001"
    assert grid.cell_at(39.9, 116.603, Crs.WGS84) == "110112001901009"


def test_all_cells_that_a_point_may_be_in_are_told(path: Path, features: list[Feature]) -> None:
    problems(path, features)
    grid = Grid.read(path)
    assert len(grid.cells_at(39.9025, 116.601, Crs.WGS84)) == 2
    inside = grid.shape(grid.codes[0]).representative_point()
    assert grid.cells_at(inside.y, inside.x, Crs.WGS84) == [grid.codes[0]]
    beside = grid.cells_at(39.9025, 116.601 + 3e-5, Crs.WGS84)  # three metres from the border
    assert len(beside) == 1
    assert len(grid.cells_at(39.9025, 116.601 + 3e-5, Crs.WGS84, border=5)) == 2
    assert grid.cells_at(31.2, 121.5, Crs.WGS84, border=100) == []


def test_a_cell_may_have_several_parts(path: Path, features: list[Feature]) -> None:
    for feature in features:
        shape = feature["geometry"]
        shape |= {"type": "MultiPolygon", "coordinates": [shape["coordinates"]]}
    assert problems(path, features) == []
    assert len(Grid.read(path).codes) == len(features)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('{"type":\n"FeatureCollection",\n"features" []}', 3, "not JSON: Expecting ':'"),
        (None, None, "the file is missing"),
        ("[]", 1, "not a GeoJSON FeatureCollection"),
        ('{"type": "Polygon", "features": []}', 1, "not a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection"}', 1, "not a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', None, "there are no cells"),
    ],
)
def test_a_file_that_is_no_grid_is_told(
    path: Path, text: str | None, line: int | None, expected: str
) -> None:
    if text is not None:
        path.write_text(text, "utf-8")
    assert only(list(check_grid(path, "110112")))[0] == line
    with pytest.raises(ValueError, match=expected):
        Grid.read(path)


NO_CODE = "the code None is not a text of 15 digits"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (None, NO_CODE),
        ([], NO_CODE),
        ({"name": "one"}, NO_CODE),
        ({"code": 110112001901005}, "the code 110112001901005 is not a text of 15 digits"),
        ({"code": "11011200190100a"}, "the code '11011200190100a' is not a text of 15 digits"),
        ({"code": "1101120019010055"}, "the code '1101120019010055' is not a text of 15 digits"),
        ({"code": "110113001901005"}, "the code 110113001901005 is not in the division 110112"),
        ({"code": "110112001901003"}, "110112001901003 is already on line 4"),
    ],
)
def test_a_code_that_cannot_be_is_told(
    path: Path, features: list[Feature], properties: object, expected: str
) -> None:
    features[4]["properties"] = properties
    assert only(problems(path, features)) == (6, expected)


A, B, C = [116.601, 39.901], [116.602, 39.902], [116.602, 39.901]


@pytest.mark.parametrize(
    ("kind", "coordinates", "expected"),
    [
        ("Point", A, "neither a Polygon nor a MultiPolygon but 'Point'"),
        ("MultiPolygon", [], "it has no part"),
        ("MultiPolygon", [[[A, B, C]]], "a ring is not closed"),
        (None, None, "neither a Polygon nor a MultiPolygon but None"),
        ("Polygon", [[A, B, C, [116.601, 39.902], A]], "not valid: Self-intersection"),
        ("Polygon", [[A, B, A]], "not valid: Too few points"),
        ("Polygon", [[A, B, C]], "a ring is not closed"),
        ("Polygon", [[[*reversed(at)] for at in (A, B, C, A)]], "not in longitude, latitude"),
        ("Polygon", None, ""),
        ("Polygon", [], ""),
        ("Polygon", [[]], ""),
        ("Polygon", [[["a", "b"]] * 4], ""),
    ],
)
def test_a_shape_that_cannot_be_used_is_told_and_not_the_gap_it_leaves(
    path: Path, features: list[Feature], kind: object, coordinates: object, expected: str
) -> None:
    features[4]["geometry"] = kind and {"type": kind, "coordinates": coordinates}
    line, message = only(problems(path, features))
    assert line == 6
    assert message.startswith(f"the shape of 110112001901005: {expected}")
    with pytest.raises(ValueError, match="the shape of 110112001901005"):
        Grid.read(path)


@pytest.mark.parametrize(
    ("extra", "area"),
    [
        (cell(10, 2.5, 2), 4743),
        (cell(10, 2.25, 2.25, 0.5, 0.5), 2371),  # inside
        (cell(10, 2, 2), 9486),  # the same
        (cell(10, 2.999, 2), 9),  # shifted by 9 cm
    ],
)
def test_cells_that_overlap_are_told_both(
    path: Path, features: list[Feature], extra: Feature, area: int
) -> None:
    line, message = only(problems(path, [*features, extra]))
    assert line == 11
    assert message.startswith("110112001901010 overlaps 110112001901003 of line 4 by ")
    assert square_metres(message) == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize(
    ("number", "instead", "neighbours", "area"),
    [
        (5, [], {2, 4, 6, 8}, 9486),  # the centre cell is missing
        (3, [cell(3, 2.012, 2, 0.988)], {2, 3}, 114),  # a gap of one metre, open to the north
    ],
)
def test_a_gap_is_told_with_a_cell_beside_it(
    path: Path,
    features: list[Feature],
    number: int,
    instead: list[Feature],
    neighbours: set[int],
    area: int,
) -> None:
    features[number - 1 : number] = instead
    line, message = only(problems(path, features))
    assert line is not None
    code = features[line - 2]["properties"]["code"]
    assert int(code[12:]) in neighbours
    assert message.startswith(f"beside {code} a gap of ")
    assert square_metres(message) == pytest.approx(area, rel=0.01)


def test_a_hole_smaller_than_the_tolerance_is_let_be(path: Path, features: list[Feature]) -> None:
    features[4] = cell(5, 1.003, 1.003, 0.997, 0.997)
    assert problems(path, features) == []
    assert list(check_grid(path, "110112", outline_tolerance=0.001)) != []


def test_lines_are_right_however_the_file_is_written(path: Path, features: list[Feature]) -> None:
    features[4]["properties"]["code"] = "?"
    content = {"about": {"features": [1, "]}"]}, "features": features, "type": "FeatureCollection"}
    text = json.dumps(content, indent=2)
    path.write_text(text, "utf-8")
    line, _ = only(list(check_grid(path, "110112")))
    assert line is not None
    lines = text.splitlines()
    assert lines[line - 1].strip() == "{"
    assert '"?"' in "".join(lines[line - 1 : line + 5])


def test_a_street_the_pack_does_not_have_is_told_once(path: Path, features: list[Feature]) -> None:
    for feature in features[3:5]:
        code = feature["properties"]["code"]
        feature["properties"]["code"] = code.replace("110112001", "110112005")
    assert problems(path, features) == []
    assert only(list(check_streets(path, {"110112001", "110112002"}))) == (
        5,
        "no street has the area '110112005' (of 2 cells)",
    )
    assert list(check_streets(path, {"110112001", "110112005"})) == []


@each_city
def test_every_street_has_an_outline_of_few_points_that_covers_its_cells(city: str) -> None:
    outlines = Grid.read(shipped(city)).outlines()
    cells = polygons(city)
    assert set(outlines) == {code[:9] for code in cells}
    drawn = shapely.union_all(list(outlines.values()))
    whole = shapely.union_all(list(cells.values()))
    assert drawn.symmetric_difference(whole).area < 0.02 * whole.area
    points = sum(shapely.get_num_coordinates(list(outlines.values())))
    assert points < sum(shapely.get_num_coordinates(list(cells.values()))) / 2
