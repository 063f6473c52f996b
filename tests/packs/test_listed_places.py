"""Tests of the places of a pack and of files to import: what is taken, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pack.directory import MOST_OF_PACK, Places, bounds_around, metres_between
from domain.pack.gcj02 import to_gcj02
from packs.differences import differences
from packs.listed_places import checked_places, rules_of
from packs.parsed_pack import PLACES
from packs.place_files import LARGEST, MOST, PlaceFile, parse_place_file, read_place_file
from packs.problems import PackFault
from packs.registry import PackRegistry, check_pack, default_root, load_pack
from tests.packs.pack_folders import append, plain_pack, replace
from tests.support.cities import SHIPPED

CITY = "city.toml"
HEAD = "code,kind,name,area,lat,lon,crs,hours,features,unit,services,phone"
GATE = (23.1005, 113.4530)
"""A point in Huangpu."""

# --- the pack ---------------------------------------------------------------------------------


def test_every_city_is_sound_and_huangpu_begins_with_places() -> None:
    places = SHIPPED.places("huangpu")
    assert 15 <= len(places) <= 25
    assert {place.kind for place in places} == {"centre", "toilet", "clinic", "waste", "stop"}
    pack, grid = SHIPPED.get("huangpu"), SHIPPED.grid("huangpu")
    assert grid is not None
    for place in places:
        assert place.source == "illustrative"
        assert "示例" in place.name and "illustrative" in place.name_en
        assert place.area in grid.codes
        assert place.unit is None or pack.has_unit(place.unit)
    assert SHIPPED.places("langfang") == ()
    assert SHIPPED.get("langfang").places.kinds == ()


def test_a_centre_is_where_its_unit_is() -> None:
    pack = SHIPPED.get("huangpu")
    centres = [place for place in SHIPPED.places("huangpu") if place.unit]
    assert len(centres) == len(pack.centres)
    for place in centres:
        unit = pack.unit(place.unit or "")
        assert (place.lat, place.lon) == (unit.lat, unit.lon)


BROKEN = [
    (CITY, 'features = ["step_free"] }', 'features = ["pool"] }', "the feature 'pool' is unknown"),
    (CITY, 'code = "toilet"', 'code = "centre"', "centre is there more than once"),
    (
        CITY,
        'code = "nursing", name',
        'code = "step_free", name',
        "step_free is there more than once",
    ),
    (CITY, "kinds = [\n", 'kinds = [\n  { code = "x" },\n', "places.kinds.0.name: is missing"),
    (PLACES, ",centre,第", ",palace,第", "the kind 'palace' is unknown"),
    (PLACES, "nursing,", "pool,", "the feature 'pool' is unknown"),
    (PLACES, ",gov,", ",king,", "the unit 'king' is unknown"),
    (PLACES, ",01*,", ",77*,", "the service '77*' is no category"),
    (PLACES, ",gov,", ",,", "services need the unit that answers for them"),
    (PLACES, ",990101001,,,", ",,30.2,120.1,", "without grid cells the area cannot be found"),
    (PLACES, ",990101001,", ",,", "it has neither a point"),
    (PLACES, ",990101001,", ",110101001,", "the area '110101001' is not in the division"),
    (PLACES, ",990101001,", ",990101009,", "the city has no area '990101009'"),
    (PLACES, ",990101001,,,", ",990101001,30.2,,", "lat and lon belong together"),
    (PLACES, ",990101001,,,", ",990101001,91,120.1,", "lat: has to be 90.0 or less"),
    (PLACES, ",990101001,,,", ",990101001,nan,120.1,", "lat: has to be"),
    (PLACES, "08:30-12:00", "12:00-08:30", "it ends before it begins"),
    (PLACES, "08:30-12:00", "half past eight", "hours:"),
    (PLACES, "step_free|nursing", "nursing|nursing", "something is said twice: nursing|nursing"),
    (PLACES, ",第一街道服务中心,", ",=1+1,", "it is a formula"),
    (PLACES, ",第一街道服务中心,", ",\u200b,", "name"),
    (PLACES, ",12345,", ",call us,", "phone: has to be of the form"),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), BROKEN)
def test_what_is_wrong_is_told_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = plain_pack(tmp_path)
    line = replace(folder / file, old, new)
    found = check_pack(folder)
    assert found
    assert any(message in problem.message for problem in found), found
    near = [one.line for one in found if one.file == file and message in one.message]
    assert any(one is not None and line <= one <= line + 1 for one in near), (line, found)


def test_a_code_that_is_there_twice_is_told(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    last = (folder / PLACES).read_text(encoding="utf-8").splitlines()[-1]
    line = append(folder / PLACES, last)
    assert PackFault(PLACES, line, "centre-1 is already on line 2") in check_pack(folder)


def test_a_pack_has_no_more_places_than_a_table_to_read(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    with (folder / PLACES).open("a", encoding="utf-8") as file:
        file.writelines(f"u{n},toilet,公厕,,,990101001,,,,,,,,\n" for n in range(MOST_OF_PACK))
    (problem,) = check_pack(folder)
    assert "jiesu places import" in problem.message


def test_a_point_outside_the_cells_is_refused(tmp_path: Path) -> None:
    for name in ("_base", "huangpu"):
        shutil.copytree(default_root() / name, tmp_path / name)
    places = tmp_path / "huangpu" / PLACES
    rows = {
        "x1,toilet,公厕,,,,30.0,113.4530,,,,,,": "the point is outside the city",
        "x2,toilet,公厕,,,,113.4530,23.1005,,,,,,": "lat: has to be 90.0 or less",
        "x3,toilet,公厕,,,440112003,23.1005,113.4530,,,,,,": "and the point lies in 440112018",
    }
    lines = {append(places, row): message for row, message in rows.items()}
    found = {problem.line: problem.message for problem in check_pack(tmp_path / "huangpu")}
    for line, message in lines.items():
        assert message in found[line]


def test_versions_of_a_pack_are_compared_place_by_place(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    before = load_pack(folder)
    replace(folder / PLACES, ",12345,", ",12346,")
    append(folder / PLACES, "t1,toilet,公厕,,,990101001,,,24/7,,,,,")
    replace(folder / CITY, 'name_en = "Public toilet"', 'name_en = "Toilet"')
    found = {(one.file, one.row, one.change) for one in differences(before, load_pack(folder))}
    assert found == {
        (PLACES, "centre-1", "changed"),
        (PLACES, "t1", "added"),
        (CITY, "places.kinds.toilet.name_en", "changed"),
    }


def test_a_city_takes_kinds_of_the_base_by_their_code() -> None:
    kinds = SHIPPED.get("jinan").places.kinds
    assert [kind.code for kind in kinds] == ["centre", "toilet"]
    assert all(kind.name and kind.name_en and kind.features for kind in kinds)


def test_an_older_pack_without_places_is_read_as_ever(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    (folder / PLACES).unlink()
    text = (folder / CITY).read_text(encoding="utf-8")
    (folder / CITY).write_text(text[: text.index("[places]")], encoding="utf-8")
    pack = load_pack(folder)
    assert pack.places == Places() and pack.directory == ()
    assert PackRegistry(tmp_path).places("example") == ()


# --- files to import --------------------------------------------------------------------------


def imported(content: str | bytes, name: str = "places.csv", **more: Any) -> tuple[Any, list[str]]:
    """Return the places of a file for Huangpu, and its faults as `line: message`."""
    raw = content.encode() if isinstance(content, str) else content
    file: PlaceFile = parse_place_file(name, raw, **more)
    rules = rules_of(SHIPPED.get("huangpu"), SHIPPED.grid("huangpu"))
    places, problems = checked_places(file.rows, rules)
    return places, [f"{one.line}: {one.message}" for one in (*file.problems, *problems)]


def table(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows, ""])


ROW = f"t1,toilet,一号公厕,,{GATE[0]},{GATE[1]},,24/7,step_free,,,"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_table_is_read_as_spreadsheets_write_it(encoding: str, line_end: str) -> None:
    content = table(ROW).replace("\n", line_end).encode(encoding)
    places, problems = imported(content)
    assert problems == []
    assert [(one.name, one.area) for one in places] == [("一号公厕", "440112018906002")]


def test_the_encoding_may_be_said() -> None:
    content = table(ROW).encode("gb18030")
    assert imported(content, encoding="gb18030")[1] == []
    assert imported(content, encoding="utf-8")[1] == ["2: not UTF-8: save the file as UTF-8"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"code,kind,name\nt1,toilet,\xff\xff\xff\n", "2: not UTF-8 or GB18030"),
        (table(ROW).encode("utf-16"), "1: written in UTF-16"),
        (b"", "None: the header is missing"),
        (HEAD.encode(), "None: there are no places"),
        (b"code;kind;name\n", "1: semicolons between the columns"),
        (b"code,kind,name,colour\n", "1: unknown column 'colour'"),
        (b"code,kind\n", "1: the column 'name' is missing"),
        (table('t1,toilet,"half').encode(), "2: not CSV"),
        (b"code,kind,name\nt1,toilet,a\x00b\n", ""),
        (b"{", "1: not JSON"),
        (b'{"type": "FeatureCollection"}', "1: not a GeoJSON FeatureCollection"),
        (b'{"features": [1], "type": "FeatureCollection", "features": []}', "more than once"),
        (b'{"type": "FeatureCollection", "features": []}', "there are no places"),
        (b'{"a":' * 3000, ""),
        (b"[1]", ""),
    ],
)
def test_what_is_no_table_and_no_map_is_refused(content: bytes, message: str) -> None:
    places, problems = imported(content)
    assert places == [] and problems
    assert message in problems[0], problems


BAD_ROWS = [
    ("t1,toilet,公厕,,,,,,,,,", "it has neither a point (lat, lon) nor an area"),
    ("t1,toilet,公厕,,40.0,116.4,,,,,,", "the point is outside the city"),
    ("t1,toilet,公厕,,23.1,,,,,,,", "lat and lon belong together"),
    ("t1,palace,公厕,440112003,,,,,,,,", "the kind 'palace' is unknown"),
    ("t1,toilet,公厕,440112003,,,,,pool,,,", "the feature 'pool' is unknown"),
    ("t1,toilet,公厕,440112003,,,,,parking,,,", "'toilet' has no feature 'parking'"),
    ("t1,centre,中心,440112003,,,,,,king,,", "the unit 'king' is unknown"),
    ("t1,centre,中心,440112003,,,,,,gov,7777,", "the service '7777' is no category"),
    ("t1,toilet,公厕,440199,,,,,,,,", "not in the division"),
    ("t1,toilet,公厕,440112999,,,,,,,,", "the city has no area '440112999'"),
    ("t1,toilet,公厕,440112003,,,,Mo 18:00-08:00,,,,", "it ends before it begins"),
    ("t1,toilet,公厕,440112003,,,,Mo-Fr,,,,", "has no hours"),
    ('t1,toilet,"=HYPERLINK(""x"")",440112003,,,,,,,,', "it is a formula"),
    ("t1,toilet,＝1+1,440112003,,,,,,,,", "it is a formula"),
    ("t1,toilet,公厕,440112003,,,,,,,,=1+1", "phone: has to be"),
    ("=t1,toilet,公厕,440112003,,,,,,,,", "code: has to be"),
    ("t1,toilet,公厕,440112003,,,utm,,,,,", "crs: has to be"),
    ("t1,toilet,,440112003,,,,,,,,", "name: is missing"),
    (f"t1,toilet,{'厕' * 101},440112003,,,,,,,,", "at most 100 characters"),
    ("t1,toilet,公厕,440112003,inf,1,,,,,,", "lat: has to be"),
    ("t1,toilet,公厕", "3 cells where the header has 12"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_a_bad_row_is_told_with_its_line(row: str, message: str) -> None:
    places, problems = imported(table(ROW.replace("t1", "t0"), row))
    assert [place.code for place in places] == ["t0"]
    assert len(problems) == 1
    assert problems[0].startswith("3: ") and message in problems[0]


def test_a_code_twice_is_told_with_both_lines() -> None:
    assert imported(table(ROW, ROW))[1] == ["3: t1 is already on line 2"]


def test_what_only_looks_like_a_formula_stays_text() -> None:
    places, problems = imported(
        table(ROW.replace("一号公厕", "-1 层公厕").replace(",,,", ",,,", 1))
    )
    assert problems == [] and places[0].name == "-1 层公厕"
    places, _ = imported(table(ROW + "+86 20 12345"))
    assert places[0].phone == "+86 20 12345"


def test_points_of_map_services_are_moved_back() -> None:
    lat, lon = to_gcj02(*GATE)
    row = f"t1,toilet,公厕,,{lat!r},{lon!r},gcj02,,,,,"
    places, problems = imported(table(row))
    assert problems == []
    assert metres_between((places[0].lat, places[0].lon), GATE) < 0.5
    shifted, _ = imported(table(row.replace("gcj02", "wgs84")))
    assert metres_between((shifted[0].lat, shifted[0].lon), GATE) > 300


def test_exchanged_coordinates_are_refused() -> None:
    features = feature({"code": "t1", "kind": "toilet", "name": "公厕"}, "Point", [*GATE])
    assert imported(features, "a.geojson")[1] == ["1: lat: has to be 90.0 or less, not 113.453"]


def feature(properties: dict[str, Any], kind: str, coordinates: Any) -> str:
    geometry = {"type": kind, "coordinates": coordinates}
    one = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [one]})


PARK = {"code": "t1", "kind": "toilet", "name": "公厕", "features": ["step_free"], "phone": 12345}


def test_a_map_is_read_with_points_and_areas() -> None:
    lat, lon = GATE
    places, problems = imported(feature(PARK, "Point", [lon, lat, 12.0]))
    assert problems == []
    assert (places[0].lat, places[0].lon, places[0].phone) == (lat, lon, "12345")
    ring = [[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat]]
    for kind, shape in (("Polygon", [ring]), ("MultiPolygon", [[ring]])):
        places, problems = imported(feature(PARK | {"features": "step_free"}, kind, shape))
        assert problems == [] and places[0].features == ("step_free",)
        assert lat < places[0].lat < lat + 0.001 and lon < places[0].lon < lon + 0.001


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (feature(PARK, "LineString", [[113.4, 23.1], [113.5, 23.1]]), "not a Point"),
        (feature(PARK, "Point", ["a", "b"]), "a longitude and a latitude"),
        (feature(PARK, "Point", [True, False]), "a longitude and a latitude"),
        (feature(PARK, "Point", []), "1: "),
        (feature(PARK, "Point", None), "1: "),
        (feature(PARK, "Polygon", [[[113.4, 23.1]]]), "the shape"),
        (feature(PARK, "Polygon", []), "the shape is not valid"),
        (feature(PARK, "Polygon", [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]), "not valid"),
        (feature(PARK | {"lat": 23.1}, "Point", [113.4, 23.1]), "the point is the geometry's"),
        (feature(PARK | {"colour": "red"}, "Point", [113.453, 23.1]), "colour: there is no such"),
        (feature(PARK | {"name": {"zh": 1}}, "Point", [113.453, 23.1]), "name: has to be a text"),
        (feature(PARK | {"services": [1]}, "Point", [113.453, 23.1]), "services"),
        (json.dumps({"type": "FeatureCollection", "features": [7]}), "has no properties"),
        (json.dumps({"type": "FeatureCollection", "features": [{"properties": PARK}]}),
         "it has neither a point"),
    ],
)  # fmt: skip
def test_a_bad_feature_is_told_with_its_line(content: str, message: str) -> None:
    places, problems = imported(content, "places.geojson")
    assert places == [] and len(problems) == 1
    assert problems[0].startswith("1: ") and message in problems[0], problems


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    assert "larger than" in str(read_place_file(path).problems[0])
    many = table(*(ROW.replace("t1", f"t{n}") for n in range(MOST + 1)))
    assert f"more than {MOST} places" in imported(many)[1][0]


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    assert "missing" in str(read_place_file(tmp_path / "none.csv").problems[0])
    assert "no regular file" in str(read_place_file(tmp_path).problems[0])


# --- distances --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "metres", "off"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111_195, 1),
        ((0.0, 0.0), (1.0, 0.0), 111_195, 1),
        ((90.0, 0.0), (-90.0, 0.0), 20_015_115, 2),
        ((0.0, 179.5), (0.0, -179.5), 111_195, 1),
        ((39.9042, 116.4074), (31.2304, 121.4737), 1_067_000, 2_000),  # Beijing to Shanghai
        ((23.1291, 113.2644), (22.5431, 114.0579), 104_000, 1_000),  # Guangzhou to Shenzhen
        ((23.1, 113.45), (23.1, 113.45), 0, 0),
    ],
)
def test_known_distances(
    one: tuple[float, float], other: tuple[float, float], metres: float, off: float
) -> None:
    assert abs(metres_between(one, other) - metres) <= off
    assert metres_between(one, other) == metres_between(other, one)


_POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(centre=_POINTS, other=_POINTS, metres=st.floats(1, 50_000), near=st.booleans())
def test_whatever_is_near_lies_in_the_box(
    centre: tuple[float, float], other: tuple[float, float], metres: float, near: bool
) -> None:
    if near:  # the whole earth seldom gives a point that is near
        lat = max(-90.0, min(90.0, centre[0] + other[0] / 200))
        lon = (centre[1] + other[1] / 200 + 180) % 360 - 180
        other = (lat, lon)
    bounds = bounds_around(*centre, metres)
    if metres_between(centre, other) <= metres:
        assert bounds.south <= other[0] <= bounds.north
        assert bounds.west <= other[1] <= bounds.east
