"""Tests of packs on disk: the shipped ones are valid, and a loaded pack has its files' values."""

import json
import time
from calendar import monthrange
from datetime import date, datetime
from pathlib import Path

import pytest

from domain.deadlines.calendar import is_working_day, working_days
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.planning import plan_clock
from domain.ticket.rules_snapshot import Escalation
from packs.registry import (
    PackError,
    PackRegistry,
    UnknownCity,
    check_pack,
    default_root,
    load_pack,
    pack_version,
    reload_pack,
)
from tests.packs.pack_folders import append, full_pack, plain_pack, replace

SHIPPED = default_root() / "tongzhou"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a full pack, to be changed."""
    return full_pack(tmp_path)


@pytest.mark.parametrize("city", PackRegistry(default_root()).ids())
def test_every_shipped_pack_is_sound(city: str) -> None:
    assert check_pack(default_root() / city) == []


def test_tongzhou_is_whole() -> None:
    pack = load_pack(SHIPPED)
    assert len(pack.streets) == 22
    assert len(pack.categories) >= 45
    assert {category.tier for category in pack.categories} <= set(pack.tiers)
    assert pack.city.clock_scale == 1


@pytest.mark.parametrize(
    "day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
)
def test_the_make_up_days_of_2026_are_worked(day: str) -> None:
    assert is_working_day(load_pack(SHIPPED).calendar, date.fromisoformat(day))


def test_the_holidays_of_2026_are_off_and_later_years_have_their_festivals() -> None:
    calendar = load_pack(SHIPPED).calendar
    for day in (date(2026, 2, 20), date(2026, 5, 5), date(2026, 10, 7)):
        assert not is_working_day(calendar, day)
    assert calendar.yearly == ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
    later = max(calendar.years) + 8
    assert not is_working_day(calendar, date(later, 10, 1))
    assert 246 <= len(calendar.year(later).days) <= 250
    # The lunar festivals of that year are known as well.
    assert sum(day.year == later for day in calendar.days_off) >= 8


def given_years(folder: Path, years: str, *rows: str) -> None:
    """Write these published years, and these rows in calendar.csv, into the pack."""
    text = (folder / "city.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("years = "))
    replace(folder / "city.toml", line, f"years = {years}")
    for row in rows:
        append(folder / "calendar.csv", row)


BEYOND = 2061
"""A year whose notice no holiday list has."""

NOTICE = [
    # A possible notice of 2061: beside its festivals, two days after the Spring Festival and two
    # after National Day are off, and as many weekend days are working days.
    *(f"2061-01-{day},no,春节," for day in (20, 21, 24, 25, 26, 27)),
    *("2061-01-16,yes,春节调休,", "2061-01-29,yes,春节调休,"),
    *("2061-10-06,no,国庆节,", "2061-10-07,no,国庆节,"),
    *("2061-10-08,yes,国庆节调休,", "2061-09-24,yes,国庆节调休,"),
]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "the days of 2061 are not in the holiday list: give them in calendar.csv"),
        (["2061-01-03,no,元旦,"], "the days of 2061 are not in the holiday list"),
        (["2061-01-04,yes,一天,09:00-12:00"], "the days of 2061 are not in the holiday list"),
        (NOTICE[6:7], "calendar.csv does not give the whole notice of 2061: 1 make-up days and"),
        (NOTICE[6:8] + NOTICE[10:], "4 make-up days and 2"),
        (NOTICE, None),
    ],
)
def test_a_single_row_does_not_make_a_year_published(
    folder: Path, rows: list[str], problem: str | None
) -> None:
    given_years(folder, f"[{BEYOND}]", *rows)
    problems = [str(one) for one in check_pack(folder)]
    assert [problem in one for one in problems] == [True] if problem else problems == []


def test_a_row_for_a_year_that_is_not_named_is_planned_with_and_publishes_nothing(
    folder: Path,
) -> None:
    given_years(folder, "[2025, 2026]", "2027-01-04,no,暴雪,", "2027-01-09,yes,补班,09:00-12:00")
    assert check_pack(folder) == []
    calendar = load_pack(folder).calendar
    assert calendar.years == (2025, 2026)
    assert not is_working_day(calendar, date(2027, 1, 4))
    assert is_working_day(calendar, date(2027, 1, 9))
    assert str(calendar.hours_of(date(2027, 1, 9))[0]) == "09:00-12:00"


@pytest.mark.parametrize(
    ("years", "row", "problem"),
    [
        ("[2024, 2026]", None, "city.toml:{line}: the years leave out 2025"),
        ("[2025, 2026, 2026]", None, "city.toml:{line}: the years name 2026 more than once"),
        ("[2025, 20266]", None, "city.toml:{line}: calendar.years.1"),
        ('[2025, "2026"]', None, "city.toml:{line}: calendar.years.1"),
        ("[2025, 2026]", "2206-01-03,yes,补班,", "calendar.csv:{row}: 2206 is not near the"),
        ("[2025, 2026]", "2022-01-30,yes,补班,", "calendar.csv:{row}: 2022 is not near the"),
    ],
)
def test_years_that_make_no_sense_are_told_with_their_place(
    folder: Path, years: str, row: str | None, problem: str
) -> None:
    given_years(folder, years, *[row] if row else [])
    lines = (folder / "city.toml").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith("years = "))
    last = len((folder / "calendar.csv").read_text(encoding="utf-8").splitlines())
    [value] = [str(one) for one in check_pack(folder)]
    assert value.startswith(problem.format(line=line, row=last))


@pytest.mark.parametrize("rest", [[6], [6, 7], list(range(1, 13))])
def test_a_published_year_with_a_month_in_which_nobody_works_is_refused(
    folder: Path, rest: list[int]
) -> None:
    days = [
        f"2026-{month:02}-{day:02}"
        for month in rest
        for day in range(1, monthrange(2026, month)[1] + 1)
    ]
    given_years(folder, "[2025, 2026]", *(f"{day},no,停工," for day in days))
    assert any(f"2026-{rest[0]:02} has no working day" in str(one) for one in check_pack(folder))


@pytest.mark.parametrize(
    ("hours", "closes"),
    [('["09:00-24:00"]', "24:00"), ('["00:00-23:59"]', "23:59"), ('["00:00-24:00"]', "24:00")],
)
def test_office_hours_may_last_until_midnight(folder: Path, hours: str, closes: str) -> None:
    given_hours(folder, hours)
    assert check_pack(folder) == []
    assert str(load_pack(folder).calendar.hours[-1]).endswith(f"-{closes}")


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        ('["14:00-00:00"]', 'the midnight that ends a day is written "24:00"'),
        ('["14:00-24:01"]', "calendar.hours.0"),
        ('["14:00-14:00"]', "office hours open at 14:00:00 and close at 14:00:00"),
    ],
)
def test_office_hours_that_make_no_sense_are_told_with_their_place(
    folder: Path, hours: str, problem: str
) -> None:
    line = given_hours(folder, hours)
    messages = [str(one) for one in check_pack(folder)]
    assert messages[0].startswith(f"city.toml:{line}: ")
    assert problem in messages[0]


def given_hours(folder: Path, hours: str) -> int:
    """Write these office hours into the pack; return their line number."""
    lines = (folder / "city.toml").read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("hours = "))
    replace(folder / "city.toml", lines[at], f"hours = {hours}")
    return at + 1


@pytest.mark.parametrize("limit", ["0d", "0wd", "0", "-1d", "100000wd", "1.5d"])
def test_a_limit_that_is_none_is_told_with_its_place(folder: Path, limit: str) -> None:
    lines = (folder / "city.toml").read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("handle = "))
    replace(folder / "city.toml", lines[at], f'handle = "{limit}"')
    messages = [str(one) for one in check_pack(folder)]
    assert messages[0].startswith(f"city.toml:{at + 1}: ")
    assert f"{limit!r} is not a limit" in messages[0]


def test_a_limit_of_two_thousand_working_days_is_sound_and_has_an_end(folder: Path) -> None:
    text = (folder / "city.toml").read_text(encoding="utf-8")
    handle = next(line for line in text.splitlines() if line.startswith("handle = "))
    replace(folder / "city.toml", handle, 'handle = "2000wd"')
    assert check_pack(folder) == []
    pack = load_pack(folder)
    tier = next(
        name for name, one in pack.tiers.items() if str(one.of(ClockName.HANDLE)) == "2000wd"
    )
    start = datetime(max(pack.calendar.years), 12, 30, 10, tzinfo=pack.calendar.tz)
    clock = plan_clock(pack, ClockName.HANDLE, tier, start)
    assert clock is not None
    assert clock.provisional
    assert working_days(pack.calendar, start, clock.due_at) == 2000
    assert clock.due_at.year - start.year in (8, 9)


def test_a_pack_without_a_holiday_list_has_weekends_in_every_year(folder: Path) -> None:
    replace(folder / "city.toml", 'country = "CN"', "")
    calendar = load_pack(folder).calendar
    assert calendar.yearly == ()
    assert is_working_day(calendar, date(2031, 10, 1))
    assert not is_working_day(calendar, date(2031, 10, 4))


def test_a_pack_with_three_thousand_cells_loads_in_less_than_a_second(folder: Path) -> None:
    cells = [_square(index) for index in range(3000)]
    content = {"type": "FeatureCollection", "features": cells}
    (folder / "grids.geojson").write_text(json.dumps(content))
    load_pack(folder)
    start = time.process_time()
    load_pack(folder)
    assert time.process_time() - start < 1


def _square(index: int) -> dict[str, object]:
    """Return a cell of a town of fifty by sixty squares."""
    west, south = 116 + index % 50 / 500, 39 + index // 50 / 500
    east, north = 116 + (index % 50 + 1) / 500, 39 + (index // 50 + 1) / 500
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    code = f"990101001{index // 900 + 1:03d}{index % 900 + 1:03d}"
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_the_cells_of_a_pack_are_found_by_a_point_and_checked(folder: Path) -> None:
    path = folder / "grids.geojson"
    registry = PackRegistry(folder.parent)
    assert registry.grid("example") is None
    content = {"type": "FeatureCollection", "features": [_square(0), _square(1)]}
    path.write_text(json.dumps(content))
    grid = PackRegistry(folder.parent).grid("example")
    assert grid is not None
    assert list(grid.codes) == ["990101001001001", "990101001001002"]
    replace(path, "990101001001002", "990101007001002")
    assert ["no street has the area '990101007'" in str(one) for one in check_pack(folder)] == [
        True
    ]
    with pytest.raises(PackError, match="no street has the area"):
        PackRegistry(folder.parent).grid("example")


def test_everything_that_the_skeleton_leaves_off_can_be_turned_on(folder: Path) -> None:
    assert check_pack(folder) == []
    pack = load_pack(folder)
    off = [name for name, is_on in pack.features.model_dump().items() if not is_on]
    assert off == []
    assert (pack.caps.holds, pack.caps.hold) == (1, Limit.parse("180d"))
    assert pack.severity.escalate is Escalation.SUPERVISE
    assert pack.severity.repeats_within == Limit.parse("90d")
    assert pack.aftercare.revisits == (Limit.parse("7d"), Limit.parse("30d"))
    assert pack.joint.of(ClockName.MEET) == Limit.parse("2h")
    assert pack.verify.closing == "t.repeats > 0"
    assert pack.reports.unit == "gov"
    assert [kind.value for kind in pack.desk.answers] == ["consultation", "praise", "suggestion"]
    assert pack.reason_codes("whistle") == ["cannot_alone"]


def test_what_a_city_does_not_mention_is_off(tmp_path: Path) -> None:
    pack = load_pack(plain_pack(tmp_path))
    assert not any(pack.features.model_dump().values())
    assert (pack.caps.holds, pack.caps.co_handlers, pack.caps.delegations) == (0, 0, 0)
    assert pack.severity.escalate_at == 0
    assert pack.verify.filing is pack.verify.closing is None


def test_the_columns_of_units_and_categories_arrive(folder: Path) -> None:
    replace(
        folder / "units.csv", "centre,district,gov,990101,,,", "centre,district,gov,,own,39.9,116.4"
    )
    pack = load_pack(folder)
    centre = pack.unit("centre")
    assert (centre.lat, centre.lon, pack.queue_of(centre)) == (39.9, 116.4, "unit.centre")
    building = pack.category("0102")
    assert [(step.code, str(step.limit)) for step in building.steps] == [
        ("stop", "4wh"),
        ("punish", "7wd"),
    ]
    assert building.closing == "result.evidence > 0"
    assert building.filing is None
    assert building.keywords == ("违建", "违法建设", "私搭乱建")


def test_indicators_scoring_and_messages_arrive(folder: Path) -> None:
    pack = load_pack(folder)
    assert [figure.id for figure in pack.indicators][:2] == ["response", "resolution"]
    assert [(rule.code, rule.on, rule.points) for rule in pack.scoring][:2] == [
        ("S01", "signed", 0.5),
        ("S02", "rung_climbed", -1),
    ]
    append(folder / "scoring.csv", "S04,办结,Closed,closed,,1,,")
    rule = load_pack(folder).scoring[-1]
    assert (rule.when, rule.to) == ("true", "unit")
    assert pack.messages["en"]["closed"] == "{number} is closed. Thank you."
    assert pack.messages["zh"].keys() == pack.messages["en"].keys()


def test_the_optional_files_may_be_missing(folder: Path) -> None:
    for name in ("indicators.toml", "scoring.csv", "templates/zh.toml", "templates/en.toml"):
        (folder / name).unlink()
    pack = load_pack(folder)
    assert (pack.indicators, pack.scoring, pack.messages) == ((), (), {})


def test_responsibilities_name_the_unit_of_the_place(folder: Path) -> None:
    replace(folder / "units.csv", "centre,district,gov,990101,,,", "centre,district,gov,,,39.9,116")
    replace(folder / "responsibilities.csv", "0101,*,@street", "0101,*,@community\n0101,*,@nearest")
    targets = [row.unit for row in load_pack(folder).responsibilities]
    assert targets == ["@community", "@nearest", "city-management", "water"]


def test_a_version_is_of_names_and_bytes_alone(tmp_path: Path) -> None:
    one, other = plain_pack(tmp_path / "a"), plain_pack(tmp_path / "b")
    version = pack_version(one)
    assert len(version) == 12
    assert load_pack(one).version == load_pack(other).version == version
    append(other / "calendar.csv", "# a remark")
    changed = pack_version(other)
    assert changed != version
    (other / "calendar.csv").rename(other / "calender.csv")
    assert pack_version(other) not in (version, changed)


def test_a_version_knows_every_file_but_those_that_begin_with_a_dot(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    version = pack_version(folder)
    (folder / ".city.toml.swp").write_text("an editor's")
    (folder / "templates" / ".DS_Store").write_text("a file manager's")
    assert pack_version(folder) == version
    (folder / "README").write_text("for people")
    assert pack_version(folder) != version


def test_calendar_csv_has_the_last_word(folder: Path) -> None:
    before = load_pack(folder).calendar
    append(folder / "calendar.csv", "2026-03-03,no,flood,")
    append(folder / "calendar.csv", "2026-02-20,yes,flood,")
    append(folder / "calendar.csv", "2026-03-07,yes,instead,")
    append(folder / "calendar.csv", "2026-01-04,no,,")
    after = load_pack(folder).calendar
    days = [date(2026, 3, 3), date(2026, 2, 20), date(2026, 3, 7), date(2026, 1, 4)]
    assert [is_working_day(before, day) for day in days] == [True, False, False, True]
    assert [is_working_day(after, day) for day in days] == [False, True, True, False]
    assert before.version != after.version


def test_a_short_day_has_office_hours_of_its_own(folder: Path) -> None:
    before = load_pack(folder).calendar
    append(folder / "calendar.csv", "2026-02-16,yes,half a day,09:00-12:00|13:00-14:30")
    after = load_pack(folder).calendar
    hours = [
        (f"{span.opens:%H:%M}", f"{span.closes:%H:%M}")
        for span in after.hours_of(date(2026, 2, 16))
    ]
    assert hours == [("09:00", "12:00"), ("13:00", "14:30")]
    assert after.hours_of(date(2026, 2, 24)) == after.hours
    assert before.version != after.version


def test_a_city_without_a_holiday_list_has_weekends_and_its_own_days(folder: Path) -> None:
    replace(folder / "city.toml", 'country = "CN"', "")
    append(folder / "calendar.csv", "2026-05-01,no,Labour Day,")
    calendar = load_pack(folder).calendar
    days = [date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 9)]
    assert [is_working_day(calendar, day) for day in days] == [False, True, False]


def test_a_file_that_a_spreadsheet_saved_is_read_or_told(folder: Path) -> None:
    path = folder / "units.csv"
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert check_pack(folder) == []
    path.write_bytes(text.encode("gb18030"))
    problem = check_pack(folder)[0]
    assert str(problem) == "units.csv:1: not UTF-8: save the file as UTF-8"


def test_a_pack_that_was_good_enough_once_is_read_again(folder: Path) -> None:
    replace(folder / "responsibilities.csv", "02*,*,water", "")
    with pytest.raises(PackError, match="nobody answers for 0201"):
        load_pack(folder)
    assert reload_pack(folder).city.id == "example"
    replace(folder / "units.csv", "water,水务局", "water,")
    with pytest.raises(PackError):
        reload_pack(folder)


def test_a_shelf_keeps_the_packs_it_has_loaded(tmp_path: Path) -> None:
    registry = PackRegistry(plain_pack(tmp_path).parent)
    assert registry.ids() == ["example"]
    assert registry.get("example") is registry.get("example")


@pytest.mark.parametrize("city", ["atlantis", "", "..", "../cities/tongzhou", "tongzhou/"])
def test_an_unknown_city_is_refused_with_a_stable_code(city: str) -> None:
    for ask in (PackRegistry.get, PackRegistry.grid, PackRegistry.folder):
        with pytest.raises(UnknownCity) as refused:
            ask(PackRegistry(default_root()), city)
        assert refused.value.code == "unknown_city"
        assert str(refused.value).startswith(f"unknown city {city!r}; known: ")
