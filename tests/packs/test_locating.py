"""Tests of the place of a complaint: by its point, by its words, and left to a person."""

from datetime import UTC, datetime
from typing import Any

import pytest
import shapely

from domain.pack.coordinates import from_wgs84
from domain.pack.gazetteer import KnownPlace, SiteKind
from domain.pack.pack import Pack
from domain.ticket.because import ReasonCode
from domain.ticket.complaint import Complaint, Crs, Place
from packs.bases import default_root
from packs.grids import Grid
from packs.locating import Located, locate
from packs.place_text import part_after, plain_name
from packs.registry import load_pack
from store.tickets.suggestions import place_doubt

BEIYUAN, YUQIAO, ZHONGCANG = "110112003", "110112004", "110112001"
PLACES = (
    KnownPlace(code="e1", name="天桂园小区", aliases=("天桂园一期",), parent=BEIYUAN),
    KnownPlace(code="e2", name="幸福家园", parent=BEIYUAN),
    KnownPlace(code="e3", name="幸福家园", parent=YUQIAO),
    KnownPlace(code="r1", name="新华大街", kind=SiteKind.ROAD, parent="110112"),
    KnownPlace(code="r2", name="玉桥中路", kind=SiteKind.ROAD, parent=YUQIAO),
    KnownPlace(code="m1", name="第十五中学", kind=SiteKind.LANDMARK, parent=ZHONGCANG),
    KnownPlace(code="l1", name="京杭大运河文化体育公园", kind=SiteKind.LANDMARK, parent=YUQIAO),
)


@pytest.fixture(scope="module")
def pack() -> Pack:
    whole = load_pack(default_root() / "tongzhou")
    return whole.model_copy(update={"known_places": PLACES})


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid.read(default_root() / "tongzhou" / "grids.geojson")


def said(text: str = "路灯不亮", **place: Any) -> Complaint:
    return Complaint(
        number="T1",
        city="tongzhou",
        text=text,
        place=Place(**place),
        filed_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def at(pack: Pack, address: str, **more: Any) -> tuple[str | None, str | None, str | None]:
    found = locate(pack, None, said(address=address, **more))
    return found.area, found.site, found.part


def code_of(found: Located) -> str | None:
    return found.doubt.code if found.doubt else None


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("北苑街道", (BEIYUAN, None, None)),
        ("北苑", (BEIYUAN, None, None)),
        ("北苑南路 12 号", (None, None, None)),  # a road, which is not known
        ("天桂园小区三号楼", (BEIYUAN, "e1", "3号楼")),
        ("通州区天桂園小區３號樓2单元", (BEIYUAN, "e1", "3号楼")),
        ("天桂园 3栋", (BEIYUAN, "e1", "3号楼")),
        ("天桂园一期", (BEIYUAN, "e1", None)),
        ("第15中学", (ZHONGCANG, "m1", None)),
        ("玉桥中路二十三号", (YUQIAO, "r2", "23号")),
        ("玉桥中路", (YUQIAO, None, None)),  # a whole road is no place
        ("新华大街十二号", (None, "r1", "12号")),
        ("京杭大运和文化体育公园", (YUQIAO, "l1", None)),  # one of many characters is wrong
    ],
)
def test_an_address_is_understood(
    pack: Pack, address: str, where: tuple[str | None, str | None, str | None]
) -> None:
    assert at(pack, address) == where


@pytest.mark.parametrize(
    "address", ["", "北", "？", "一", "路", "a", "号楼", "x" * 200, "😀" * 200]
)
def test_an_address_that_says_nothing_is_nowhere(pack: Pack, address: str) -> None:
    assert locate(pack, None, said(address=address)) == Located()


def test_a_name_of_two_places_is_left_to_a_person_with_both(pack: Pack) -> None:
    found = locate(pack, None, said(address="幸福家园5号楼"))
    assert (found.area, found.site, code_of(found)) == (None, None, ReasonCode.SEVERAL_PLACES)
    assert {one.area for one in found.candidates} == {BEIYUAN, YUQIAO}
    assert {one.words for one in found.candidates} == {("幸福家园",)}
    assert all(one.confidence < pack.gazetteer.clear_from for one in found.candidates)


@pytest.mark.parametrize(("street", "site"), [("北苑街道", "e2"), ("玉桥街道", "e3")])
def test_the_street_says_which_of_two_places_it_is(pack: Pack, street: str, site: str) -> None:
    assert at(pack, f"{street}幸福家园5号楼")[1:] == (site, "5号楼")


def test_a_misspelled_name_is_no_more_than_a_candidate(pack: Pack) -> None:
    found = locate(pack, None, said(address="天贵园小区"))
    assert (found.area, found.site, code_of(found)) == (None, None, ReasonCode.PLACE_UNSURE)
    assert [(one.site, one.words) for one in found.candidates] == [("e1", ("天贵园小区",))]


def test_two_addresses_in_one_text_are_none(pack: Pack) -> None:
    found = locate(pack, None, said(address="从天桂园小区到玉桥中路23号"))
    assert (found.area, found.site, code_of(found)) == (None, None, ReasonCode.SEVERAL_PLACES)
    assert {one.site for one in found.candidates} == {"e1", "r2"}


def test_the_text_counts_where_the_address_names_no_place(pack: Pack) -> None:
    assert at(pack, "家门口", text="天桂园小区的路灯不亮")[1] == "e1"
    assert at(pack, "玉桥中路23号", text="我是天桂园小区的居民，路过看到")[1] == "r2"


def test_a_long_text_is_read_to_its_end(pack: Pack) -> None:
    assert at(pack, "", text="路灯不亮" * 990 + "天桂园小区")[1] == "e1"


def test_words_that_fit_two_places_need_a_person_only_where_the_unit_depends(pack: Pack) -> None:
    complaint = said(address="幸福家园5号楼")
    found = locate(pack, None, complaint)
    by_category = {
        category.code: place_doubt(pack, category.code, found, complaint)
        for category in pack.categories
    }
    assert any(by_category.values())
    assert not all(by_category.values())


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("三号楼", "3号楼"),
        ("３號樓", "3号楼"),
        ("十二", "12"),
        ("二十", "20"),
        ("一百零五", "105"),
        ("一百二十", "120"),
        ("二〇二", "202"),
        ("百货", "百货"),
        ("十万", "十万"),
        ("北 苑\u200b街道", "北苑街道"),
    ],
)
def test_numerals_and_characters_are_made_plain(written: str, plain: str) -> None:
    assert plain_name(written) == plain


def test_a_number_is_of_a_building_or_of_a_house() -> None:
    assert part_after("3幢", 0) == part_after("3座", 0) == "3号楼"
    assert part_after("12号", 0) == part_after("12号院", 0) == "12号"
    assert part_after("3单元", 0) is None


# --- points -------------------------------------------------------------------------------------


def middle(grid: Grid, street: str) -> dict[str, Any]:
    cell = next(code for code in grid.codes if code.startswith(street))
    return point_in(grid, cell)


def point_in(grid: Grid, cell: str) -> dict[str, Any]:
    inside = grid.shape(cell).representative_point()
    return {"lat": inside.y, "lon": inside.x}


def border_of_streets(grid: Grid) -> tuple[dict[str, Any], str, str]:
    """Return a point on the border of cells of two streets."""
    shapes = [grid.shape(code) for code in grid.codes]
    tree = shapely.STRtree(shapes)
    for one, shape in zip(grid.codes, shapes, strict=True):
        for index in tree.query(shape, predicate="touches"):
            other, line = grid.codes[index], shape.intersection(shapes[index])
            if one[:9] < other[:9] and line.length > 0.001:
                at = shapely.line_merge(line).interpolate(0.5, normalized=True)
                return {"lat": at.y, "lon": at.x}, one, other
    raise AssertionError("no two streets meet")


@pytest.mark.parametrize("crs", list(Crs))
def test_a_point_without_words_gets_its_cell_in_any_datum(pack: Pack, grid: Grid, crs: Crs) -> None:
    point = middle(grid, BEIYUAN)
    lat, lon = from_wgs84(point["lat"], point["lon"], crs)
    found = locate(pack, grid, said(lat=lat, lon=lon, crs=crs))
    assert (found.area or "").startswith(BEIYUAN)
    assert len(found.area or "") == 15
    assert found.doubt is None


def test_a_point_on_the_border_of_two_streets_goes_to_a_person(pack: Pack, grid: Grid) -> None:
    point, one, other = border_of_streets(grid)
    found = locate(pack, grid, said(**point))
    assert (found.area, code_of(found), found.always) == (None, ReasonCode.ON_BORDER, True)
    assert {one, other} <= {candidate.area for candidate in found.candidates}
    assert found.doubt is not None
    assert set(found.doubt.parameters) == {"one", "other"}


def test_words_decide_on_a_border(pack: Pack, grid: Grid) -> None:
    point, one, _ = border_of_streets(grid)
    street = pack.street_of(one)
    assert street is not None
    found = locate(pack, grid, said(address=street.name, **point))
    assert (found.area, found.doubt) == (one, None)


def test_a_border_within_a_street_takes_what_both_cells_have(pack: Pack, grid: Grid) -> None:
    first, *others = [code for code in grid.codes if code.startswith(BEIYUAN)]
    line = next(
        line
        for other in others
        if (line := grid.shape(first).intersection(grid.shape(other))).length > 0.0001
    )
    at = shapely.line_merge(line).interpolate(0.5, normalized=True)
    found = locate(pack, grid, said(lat=at.y, lon=at.x))
    assert found.doubt is None
    assert found.area in (BEIYUAN, first[:12])


def test_a_point_outside_the_city_goes_to_a_person(pack: Pack, grid: Grid) -> None:
    found = locate(pack, grid, said(lat=31.2, lon=121.5))
    assert (found.area, code_of(found), found.always) == (None, ReasonCode.POINT_OUTSIDE, True)


def test_a_point_against_the_address_goes_to_a_person(pack: Pack, grid: Grid) -> None:
    found = locate(pack, grid, said(address="玉桥中路23号", **middle(grid, BEIYUAN)))
    assert (found.area, code_of(found)) == (None, ReasonCode.POINT_AGAINST_WORDS)
    assert found.doubt is not None
    assert found.doubt.parameters["named"] == YUQIAO


def test_another_street_in_the_text_does_not_contradict_a_point(pack: Pack, grid: Grid) -> None:
    found = locate(pack, grid, said(text="我住玉桥街道，路过看到", **middle(grid, BEIYUAN)))
    assert (found.area or "").startswith(BEIYUAN)
    assert found.doubt is None


def test_the_point_says_which_of_two_places_it_is(pack: Pack, grid: Grid) -> None:
    found = locate(pack, grid, said(address="幸福家园", **middle(grid, YUQIAO)))
    assert (found.site, found.doubt) == ("e3", None)


def test_what_a_person_chose_holds(pack: Pack, grid: Grid) -> None:
    complaint = said(address="幸福家园", **middle(grid, BEIYUAN))
    found = locate(pack, grid, complaint, given=YUQIAO)
    assert (found.area, found.site, found.doubt) == (YUQIAO, "e3", None)
