"""Tests of a city's file over that of its base: what is merged, what replaced, what taken out."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from packs.overlays import overlaid
from packs.problems import Location, PackFault, Place
from packs.registry import check_pack, load_pack
from packs.toml_tables import TomlText, toml_lines
from tests.packs.pack_folders import append, replace
from tests.packs.test_bases import halved

BASE = "../_b/city.toml"

COMMON = """\
[limits]
sign = "4wh"
rate = "7d"

[ladder]
sign = [
  { kind = "warn", offset = "25%" },
  { kind = "due" },
]

[reasons]
refer = [
  { code = "110", en = "police" },
  { code = "119", en = "fire" },
  { code = "120", en = "ambulance", offer = true },
]

[[scripts]]
code = "lamp"
category = "02*"
zh = ["一盏？"]

[[scripts]]
code = "gas"
offer = true
category = "03*"
zh = ["开窗"]
"""


def laid(own: str, base: str = COMMON) -> tuple[dict[str, Any], dict[Location, Place], list[str]]:
    """Return what comes of `own` over `base`: the content, the places and the problems."""
    problems: list[PackFault] = []
    texts = [
        TomlText(file, tomllib.loads(text), toml_lines(text))
        for file, text in ((BASE, base), ("city.toml", own))
    ]
    content, places = overlaid(texts[0], texts[1], problems)
    return content, places, [str(one) for one in problems]


def test_what_a_city_says_nothing_about_is_as_in_the_base() -> None:
    content, places, problems = laid("")
    assert problems == []
    assert content["limits"] == {"sign": "4wh", "rate": "7d"}
    assert places["limits", "sign"] == (BASE, 2)


def test_tables_are_merged_key_by_key() -> None:
    content, places, _ = laid('[limits]\nrate = "5d"\nmeet = "1h"\n')
    assert content["limits"] == {"sign": "4wh", "rate": "5d", "meet": "1h"}
    assert places["limits", "sign"] == (BASE, 2)
    assert places["limits", "rate"] == ("city.toml", 2)


def test_lists_are_replaced_and_nothing_of_the_older_one_is_left() -> None:
    content, places, problems = laid('[ladder]\nsign = [{ kind = "due" }]\n')
    assert content["ladder"] == {"sign": [{"kind": "due"}]}
    assert places["ladder", "sign"] == ("city.toml", 2)
    assert ("ladder", "sign", 0) not in places
    assert problems == []


def test_entries_with_a_code_are_merged_one_by_one_and_new_ones_follow() -> None:
    own = (
        '[reasons]\nrefer = [\n  { code = "x", en = "X" },\n  { code = "110", en = "Police" },\n]\n'
    )
    content, places, _ = laid(own)
    assert [one["en"] for one in content["reasons"]["refer"]] == ["Police", "fire", "X"]
    assert places["reasons", "refer", 0] == ("city.toml", 4)
    assert places["reasons", "refer", 1] == (BASE, 14)
    assert places["reasons", "refer", 2] == ("city.toml", 3)


def test_what_is_on_offer_is_only_in_cities_that_name_it() -> None:
    assert [one["code"] for one in laid("")[0]["scripts"]] == ["lamp"]
    content, places, _ = laid('[[scripts]]\ncode = "gas"\ncategory = "0804"\n')
    assert content["scripts"][1] == {"code": "gas", "category": "0804", "zh": ["开窗"]}
    assert places["scripts", 1, "category"] == ("city.toml", 3)
    assert places["scripts", 1, "zh"] == (BASE, 27)


def test_an_empty_list_says_that_there_are_none() -> None:
    assert laid("scripts = []\n")[0]["scripts"] == []


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("limits.rate", {"limits": {"sign": "4wh"}}),
        ("ladder", {"ladder": None}),
        ("reasons.refer.119", {"reasons": {"refer": [{"code": "110", "en": "police"}]}}),
        ("scripts.lamp", {"scripts": []}),
    ],
)
def test_what_a_city_is_without_is_taken_out_first(path: str, left: dict[str, object]) -> None:
    content, _, problems = laid(f'without = ["{path}"]\n')
    assert problems == []
    assert "without" not in content
    for table, value in left.items():
        assert content.get(table) == value


def test_what_is_taken_out_can_be_said_anew() -> None:
    own = 'without = ["limits"]\n\n[limits]\nmeet = "1h"\n'
    assert laid(own)[0]["limits"] == {"meet": "1h"}


def test_a_code_with_a_dot_can_be_taken_out() -> None:
    content, _, problems = laid('without = ["tiers.a.b"]\n', '[tiers."a.b"]\nname = "x"\n')
    assert (content, problems) == ({"tiers": {}}, [])


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ('limits = "4wh"\n', "city.toml:1: limits: a text, where the base has a table"),
        ("[limits]\nsign = 4\n", "city.toml:2: limits.sign: a number, where the base has a text"),
        (
            '[limits.sign]\nlong = "4wh"\n',
            "city.toml:1: limits.sign: a table, where the base has a text",
        ),
        (
            "[ladder]\nsign = true\n",
            "city.toml:2: ladder.sign: true or false, where the base has a list",
        ),
        (
            '[scripts]\ncode = "lamp"\n',
            "city.toml:1: scripts: a table, where the base has a list",
        ),
        (
            '[[scripts]]\ncode = "lamp"\nzh = "一盏？"\n',
            "city.toml:3: scripts.lamp.zh: a text, where the base has a list",
        ),
        ('without = ["limits.meet"]\n', "city.toml:1: without: the base has no 'limits.meet'"),
        ('without = [""]\n', "city.toml:1: without: the base has no ''"),
        (
            "# first\nwithout = 'limits'\n",
            "city.toml:2: without: a list of keys, such as 'ladder.hold'",
        ),
    ],
)
def test_what_contradicts_the_base_is_told_with_its_line(own: str, problem: str) -> None:
    assert laid(own)[2] == [problem]


def test_a_whole_number_may_take_the_place_of_a_decimal_one() -> None:
    content, _, problems = laid("[city]\nclock_scale = 1\n", "[city]\nclock_scale = 0.5\n")
    assert (content, problems) == ({"city": {"clock_scale": 1}}, [])


def test_a_base_is_without_nothing() -> None:
    assert laid("", "without = ['limits']\n")[2] == [f"{BASE}:1: without: a base extends nothing"]


# --- in packs -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a pack that has everything but its [city] from the base `_common`."""
    return halved(tmp_path) / "example"


def test_one_message_can_be_said_otherwise(folder: Path) -> None:
    common = load_pack(folder).messages["zh"]
    (folder / "templates").mkdir()
    (folder / "templates" / "zh.toml").write_text('closed = "办好了 {number}"\n', encoding="utf-8")
    messages = load_pack(folder).messages["zh"]
    assert messages == common | {"closed": "办好了 {number}"}


def test_a_message_that_nobody_sends_is_refused(folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "zh.toml").write_text('\nclose = "办好了"\n', encoding="utf-8")
    assert [str(one) for one in check_pack(folder)] == [
        "templates/zh.toml:2: there is no message 'close'"
    ]


def test_a_phrase_whose_code_the_base_has_not_must_be_whole(folder: Path) -> None:
    (folder / "phrases.toml").write_text('[[scripts]]\ncode = "lampp"\n', encoding="utf-8")
    assert [str(one) for one in check_pack(folder)] == [
        "phrases.toml:1: scripts.2.zh: is missing",
        "phrases.toml:1: scripts.2.en: is missing",
    ]


def test_a_code_that_a_city_has_twice_is_told(folder: Path) -> None:
    twice = '[[answers]]\ncode = "follow"\nname = "甲"\n'
    (folder / "phrases.toml").write_text(f"{twice}\n{twice}", encoding="utf-8")
    assert "phrases.toml:5: answers.1.zh: is missing" in map(str, check_pack(folder))


def test_other_csv_files_are_replaced_as_a_whole(folder: Path) -> None:
    header = "code,name,name_en,on,when,points,to,source"
    row = "X1,重办,Again,reworked,true,-1,lead,illustrative"
    (folder / "scoring.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert [rule.code for rule in load_pack(folder).scoring] == ["X1"]


def test_days_of_the_calendar_are_merged_day_by_day(folder: Path) -> None:
    base = folder.parent / "_common" / "calendar.csv"
    append(base, "2026-03-03,no,flood,")
    append(base, "2026-03-04,no,flood,")
    own = "date,working,note,hours\n2026-03-04,yes,open,09:00-12:00\n2026-03-05,no,feast,\n"
    (folder / "calendar.csv").write_text(own, encoding="utf-8")
    assert check_pack(folder) == []
    calendar = load_pack(folder).calendar
    assert [f"{day:%m-%d}" for day in calendar.days_off if (day.year, day.month) == (2026, 3)] == [
        "03-03", "03-05",
    ]  # fmt: skip
    assert [f"{day:%m-%d}" for day in calendar.hours_on] == ["03-04"]


def test_a_day_twice_in_one_file_is_told_where_it_stands(folder: Path) -> None:
    base = folder.parent / "_common" / "calendar.csv"
    first = append(base, "2026-03-03,no,flood,")
    second = append(base, "2026-03-03,no,flood,")
    assert [str(one) for one in check_pack(folder)] == [
        f"../_common/calendar.csv:{second}: 2026-03-03 is already on line {first}"
    ]


def test_without_a_base_nothing_can_be_taken_out(tmp_path: Path) -> None:
    folder = halved(tmp_path) / "example"
    replace(folder / "city.toml", 'extends = "_common"', 'without = ["limits"]')
    assert "city.toml:1: without: there is no base to take it from: extends is missing" in [
        str(fault) for fault in check_pack(folder)
    ]
