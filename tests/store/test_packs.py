"""Packs on disk: the shipped one is sound, and a broken one is told file and line."""

import shutil
import time
from datetime import date
from pathlib import Path

import pytest

from domain.calendar import CalendarNotPublished, is_working_day
from domain.catalogue import UnitKind
from store.packs import (
    PackError,
    PackShelf,
    Problem,
    UnknownCity,
    check_pack,
    default_root,
    load_pack,
    pack_version,
)

SHIPPED = default_root() / "tongzhou"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped pack, to be broken."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "tongzhou"))


def replace(path: Path, old: str, new: str) -> int:
    """Put `new` for the one `old` in a file; returns the line it stands on."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def append(path: Path, row: str) -> int:
    """Add a row at the end of a file; returns the line it stands on."""
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{row}\n", encoding="utf-8")
    return text.count("\n") + 1


@pytest.mark.parametrize("city", PackShelf(default_root()).ids())
def test_every_shipped_pack_is_sound(city: str) -> None:
    assert check_pack(default_root() / city) == []


def test_tongzhou_is_whole() -> None:
    pack = load_pack(SHIPPED)
    assert len(pack.streets) == 22
    assert len(pack.categories) >= 45
    assert {unit.kind for unit in pack.units} == set(UnitKind)
    assert sum(unit.kind is UnitKind.BUREAU for unit in pack.units) >= 15
    assert {category.tier for category in pack.categories} == set(pack.tiers)
    assert pack.city.clock_scale == 1


@pytest.mark.parametrize(
    "day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
)
def test_the_make_up_days_of_2026_are_worked(day: str) -> None:
    assert is_working_day(load_pack(SHIPPED).calendar, date.fromisoformat(day))


def test_the_holidays_of_2026_are_off_and_2027_is_not_published() -> None:
    calendar = load_pack(SHIPPED).calendar
    for day in (date(2026, 2, 20), date(2026, 5, 5), date(2026, 10, 7)):
        assert not is_working_day(calendar, day)
    with pytest.raises(CalendarNotPublished):
        is_working_day(calendar, date(2027, 1, 4))


def test_loading_takes_less_than_a_third_of_a_second() -> None:
    load_pack(SHIPPED)
    start = time.perf_counter()
    load_pack(SHIPPED)
    assert time.perf_counter() - start < 0.3


def test_a_version_is_of_names_and_bytes_alone(folder: Path) -> None:
    version = pack_version(SHIPPED)
    assert len(version) == 12
    assert load_pack(folder).version == load_pack(SHIPPED).version == version
    append(folder / "calendar.csv", "# a remark")
    changed = pack_version(folder)
    assert changed != version
    (folder / "calendar.csv").rename(folder / "calender.csv")
    assert pack_version(folder) != changed


def test_calendar_csv_has_the_last_word(folder: Path) -> None:
    before = load_pack(folder).calendar
    append(folder / "calendar.csv", "2026-03-03,no,flood")
    append(folder / "calendar.csv", "2026-02-20,yes,flood")
    append(folder / "calendar.csv", "2026-03-07,yes,instead")
    append(folder / "calendar.csv", "2026-01-04,no,")
    after = load_pack(folder).calendar
    days = [date(2026, 3, 3), date(2026, 2, 20), date(2026, 3, 7), date(2026, 1, 4)]
    assert [is_working_day(before, day) for day in days] == [True, False, False, True]
    assert [is_working_day(after, day) for day in days] == [False, True, True, False]
    assert before.version != after.version


def test_a_year_the_holiday_list_does_not_know_is_refused(folder: Path) -> None:
    line = replace(folder / "city.toml", "2025, 2026]", "2025, 2026, 2090]")
    assert check_pack(folder) == [
        Problem(
            "city.toml",
            line,
            "the days of 2090 are not in the holiday list: give them in calendar.csv",
        )
    ]
    append(folder / "calendar.csv", "2090-01-08,yes,make-up day")
    assert check_pack(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "city.toml",
            'fallback = "gov"',
            'fallback = "king"',
            "the fallback unit 'king' is unknown",
        ),
        (
            "city.toml",
            'id = "tongzhou"',
            'id = "heping"',
            "the id 'heping' is not the folder's name",
        ),
        ("city.toml", 'tier = "general"', 'tier = "usual"', "the tier 'usual' is unknown"),
        ("city.toml", 'zone = "Asia/Shanghai"', 'zone = "Asia/X"', "city.zone: 'Asia/X' is not a"),
        ("city.toml", 'handle = "15d"', 'handle = "15 d"', "tiers.complex.handle: '15 d' is not a"),
        ("city.toml", 'handle = "15d"', 'handel = "15d"', "tiers.complex.handel: Extra inputs"),
        ("city.toml", 'handle = "15d"', "", "complex has no limit to handle"),
        ("city.toml", 'sign = "10m"', 'sign = "3h"', "emergency: sign 3h is longer than handle 2h"),
        ("city.toml", 'contact = "24h"', 'contact = "8d"', "general: contact 8d is longer than"),
        ("city.toml", 'offset = "4d"', 'offset = "7d"', "rate 7d is over before the warning 7d"),
        ("city.toml", "reworks = 2", "reworks = -1", "caps.reworks: Input should be greater"),
        ("city.toml", "reworks = 2", "reworks = = 2", "Invalid value (at line"),
        ("city.toml", 'code = "119"', 'code = "110"', "110 stands already on line"),
        ("city.toml", 'country = "CN"', 'country = "XX"', "no holiday list for the country 'XX'"),
        ("units.csv", "market,区市场", "water,区市场", "water stands already on line"),
        (
            "units.csv",
            "station,district,water,,",
            "station,district,sea,,",
            "parent 'sea' is unknown",
        ),
        ("units.csv", "district,,110112,", "district,water,110112,", "'gov' is its own parent"),
        ("units.csv", "gov,110112004,", "gov,,", "the street '110112004' has no area"),
        ("units.csv", "gov,110112004,", "gov,110112003,", "is already that of '110112003'"),
        ("units.csv", "gov,110112004,", "gov,120101001,", "'120101001' is not in the division"),
        ("units.csv", "Yuqiao Subdistrict,street", "Yuqiao,road", "kind: Input should be"),
        ("units.csv", "Water Affairs Bureau,", "Water, Affairs,", "9 cells where the header has 8"),
        ("units.csv", "parent,area,queue", "parent,zone,queue", "unknown column 'zone'"),
        ("units.csv", "name_en,kind", "name_en,name", "the column 'kind' is missing"),
        ("categories.csv", "停电,Power supply,utility", "停电,P,x", "the tier 'x' is unknown"),
        ("categories.csv", "0402,停电", "7777,停电", "nobody answers for 7777 停电"),
        ("categories.csv", "0402,停电,", "0402,,", "name: Field required"),
        ("responsibilities.csv", "0402,*,power", "0402,*,sun", "the unit 'sun' is unknown"),
        ("responsibilities.csv", "0402,*,power", "0499,*,power", "no category is meant by '0499'"),
        ("responsibilities.csv", "0402,*,power", "0402,13*,power", "no area is meant by '13*'"),
        ("responsibilities.csv", "17*,*,@street", "17*,*", "2 cells where the header has 3"),
    ],
)
def test_a_broken_pack_is_told_file_and_line(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    line = replace(folder / file, old, new)
    told = [problem for problem in check_pack(folder) if message in problem.message]
    if "has no limit to handle" in message:  # what is not there is told where it should be
        line -= 4
    assert {(problem.file, problem.line) for problem in told} == {(file, line)}


def test_a_rung_written_as_a_table_is_told_by_its_line(folder: Path) -> None:
    path = folder / "city.toml"
    replace(path, 'decide = [\n  { kind = "due", tells = ["dispatcher", "supervisor"] },\n]\n', "")
    append(path, '[[ladder.decide]]\nkind = "due"\n[[ladder.decide]]\nkind = "notice"')
    line = append(path, 'offset = "soon"')
    assert [str(problem) for problem in check_pack(folder)] == [
        f"city.toml:{line}: ladder.decide.1.offset: 'soon' is not a limit: write a whole number"
        " from 1 to 99999 and a unit, s m h d for calendar time, wh wd for working time"
        " (30m, 7d, 5wd)"
    ]


def test_a_city_without_a_holiday_list_has_weekends_and_its_own_days(folder: Path) -> None:
    replace(folder / "city.toml", 'country = "CN"', "")
    append(folder / "calendar.csv", "2026-05-01,no,Labour Day")
    calendar = load_pack(folder).calendar
    days = [date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 9)]
    assert [is_working_day(calendar, day) for day in days] == [False, True, False]


def test_a_row_that_another_row_hides_is_told(folder: Path) -> None:
    line = append(folder / "responsibilities.csv", "0303,110112004,heating")
    problem = check_pack(folder)[0]
    assert (problem.file, problem.line) == ("responsibilities.csv", line)
    assert "never reached: line" in problem.message


def test_a_day_overridden_outside_the_published_years_is_told(folder: Path) -> None:
    line = append(folder / "calendar.csv", "2031-05-01,yes,")
    append(folder / "calendar.csv", "2026-05-01,perhaps,")
    assert [str(problem) for problem in check_pack(folder)] == [
        f"calendar.csv:{line}: 2031 is not one of the published years",
        f"calendar.csv:{line + 1}: working: Input should be a valid boolean,"
        " unable to interpret input, not 'perhaps'",
    ]


def test_all_problems_are_told_at_once(folder: Path) -> None:
    one = replace(folder / "units.csv", "station,district,water,,", "shed,district,water,,")
    two = replace(folder / "responsibilities.csv", "0402,*,power", "0402,*,sun")
    three = replace(folder / "city.toml", "reworks = 2", "reworks = -1")
    with pytest.raises(PackError) as refused:
        load_pack(folder)
    told = [(problem.file, problem.line) for problem in refused.value.problems]
    assert told == [("city.toml", three), ("responsibilities.csv", two), ("units.csv", one)]
    assert refused.value.code == "pack_invalid"
    assert f"responsibilities.csv:{two}: the unit 'sun' is unknown" in str(refused.value)


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "calendar.csv").unlink()
    (folder / "city.toml").unlink()
    assert [str(problem) for problem in check_pack(folder)] == [
        "calendar.csv: the file is missing",
        "city.toml: the file is missing",
    ]


def test_a_file_that_a_spreadsheet_saved_is_read_or_told(folder: Path) -> None:
    path = folder / "units.csv"
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert check_pack(folder) == []
    path.write_bytes(text.encode("gb18030"))
    problem = check_pack(folder)[0]
    assert str(problem) == "units.csv:1: not UTF-8: save the file as UTF-8"


def test_an_empty_file_has_no_header(folder: Path) -> None:
    (folder / "calendar.csv").write_text("# nothing yet\n")
    assert [str(p) for p in check_pack(folder)] == ["calendar.csv: the header is missing"]


def test_a_shelf_keeps_the_packs_it_has_loaded() -> None:
    shelf = PackShelf(default_root())
    assert "tongzhou" in shelf.ids()
    assert shelf.get("tongzhou") is shelf.get("tongzhou")


@pytest.mark.parametrize("city", ["atlantis", "", "..", "../cities/tongzhou", "tongzhou/"])
def test_an_unknown_city_is_refused_with_a_stable_code(city: str) -> None:
    with pytest.raises(UnknownCity) as refused:
        PackShelf(default_root()).get(city)
    assert refused.value.code == "unknown_city"
    assert str(refused.value).startswith(f"unknown city {city!r}; known: ")
