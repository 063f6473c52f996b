"""Tests of patrols in a pack: what a city may say, and what is refused with file and line."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.pack.patrols import Rank, Told
from packs.differences import differences
from packs.registry import check_pack, default_root, load_pack
from tests.packs.pack_folders import plain_pack, replace

PATROLS = "patrols.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return plain_pack(tmp_path)


def test_routes_and_reaches_arrive(folder: Path) -> None:
    pack = load_pack(folder)
    route = pack.patrols.route("R1")
    assert route is not None
    assert (route.unit, route.stay, len(route.points)) == ("water", timedelta(minutes=1), 2)
    assert [rung.delay for rung in route.missed] == [timedelta(), timedelta(days=1)]
    assert route.missed[1].tells == (Told.DISTRICT_CHIEF, Told.SUPERVISOR)
    assert pack.patrols.reaches_of("gov") == ("upper",)
    assert pack.patrols.reaches_of("water") == ()
    starts, ends = route.window(date(2026, 3, 2), pack.calendar.tz)
    assert (ends - starts, starts.utcoffset()) == (timedelta(hours=10), timedelta(hours=8))


def test_jinan_patrols_its_rivers_and_the_other_cities_do_not() -> None:
    root = default_root()
    patrolling = {
        path.name
        for path in root.iterdir()
        if (path / "city.toml").exists()
        and not path.name.startswith("_")
        and load_pack(path).patrols.routes
    }
    assert patrolling == {"jinan"}
    patrols = load_pack(root / "jinan").patrols
    assert {reach.river for reach in patrols.reaches} == {"小清河", "护城河", "锦绣川"}
    assert all(set(reach.chiefs) == set(Rank) for reach in patrols.reaches)


def test_due_days_are_counted_or_named(folder: Path) -> None:
    route = load_pack(folder).patrols.routes[0]
    monday = date(2026, 3, 2)
    week = [monday + timedelta(days=n) for n in range(7)]
    third = route.model_copy(update={"every": 3, "since": monday})
    assert [third.is_due(day) for day in week] == [True, False, False] * 2 + [True]
    assert not third.is_due(monday - timedelta(days=3))
    named = route.model_copy(update={"every": None, "weekdays": ("mon", "sun")})
    assert [named.is_due(day) for day in week] == [True] + [False] * 5 + [True]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit = "water"', 'unit = "sun"', "the unit 'sun' is unknown"),
        ('unit = "centre"', 'unit = "sun"', "the unit 'sun' is unknown"),
        ('district = "gov"', 'district = "sun"', "the unit 'sun' is unknown"),
        ('district = "gov"', 'street = "gov"', "gov is no unit of the level street"),
        ('reach = "upper"', 'reach = "lower"', "the reach 'lower' is unknown"),
        ('area = "990101"', 'area = "110101"', "no unit of this city answers for the area"),
        ('"district_chief"', '"street_chief"', "tells street_chief, and the route's reach has"),
        ("every = 1", "every = 0", "every: has to be 1 or more"),
        ("every = 1", 'weekdays = ["someday"]', "weekdays"),
        ("every = 1", 'every = 1\nweekdays = ["mon"]', "either how many days"),
        ('end = "18:00"', 'end = "08:00"', "the window has to end after it starts"),
        ('start = "08:00"', 'start = "8"', "start"),
        ('code = "B"', 'code = "A"', "two points have the same code"),
        ("lat = 39.905", "lat = 99", "lat"),
        ('{ tells = ["unit"] }', '{ after = "1d", tells = ["unit"] }', "each rung comes later"),
        ('after = "1d"', 'after = "1wd"', "counted in calendar time"),
        ('tells = ["unit"]', 'tells = ["nobody"]', "tells"),
        ("tolerance = 40", "tollerance = 40", "there is no such key"),
        ("accuracy = 80", "accuracy = 2", "accuracy: has to be 5 or more"),
        ('code = "sign"', 'code = "clean"', "clean is there more than once"),
    ],
)
def test_a_bad_one_is_refused_with_its_file(folder: Path, old: str, new: str, said: str) -> None:
    replace(folder / PATROLS, old, new)
    faults = check_pack(folder)
    assert [one for one in faults if said in one.message and one.file == PATROLS], faults
    assert all(one.line for one in faults)


def test_a_city_without_patrols_needs_nothing(folder: Path) -> None:
    (folder / PATROLS).unlink()
    assert load_pack(folder).patrols.routes == ()


@pytest.mark.parametrize(
    ("old", "new", "row", "fields"),
    [
        ("tolerance = 40", "tolerance = 60", "R1", {"tolerance": (40, 60)}),
        ("accuracy = 80", "accuracy = 90", "proof.accuracy", {"": (80, 90)}),
        ('river = "示例河"', 'river = "大河"', "upper", {"river": ("示例河", "大河")}),
        ('after = "1d"', 'after = "2d"', "R1", {"missed.2.after": ("1d", "2d")}),
    ],
)
def test_what_differs_is_told(
    tmp_path: Path, folder: Path, old: str, new: str, row: str, fields: dict[str, object]
) -> None:
    before = load_pack(folder)
    replace(folder / PATROLS, old, new)
    (one,) = differences(before, load_pack(folder))
    assert (one.file, one.row, dict(one.fields)) == (PATROLS, row, fields)
