"""Tests that contradictions between parts of a pack are reported with file and line."""

import re
import shutil
from pathlib import Path

import pytest

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from packs.checks.formulas import event_kinds
from packs.message_templates import TEMPLATE_NAMES
from packs.registry import PackFault, check_pack, default_root
from tests.packs.pack_folders import append, full_pack, plain_pack, replace

CITY, UNITS, CATEGORIES = "city.toml", "units.csv", "categories.csv"
OWNERS, FIGURES, SCORING = "responsibilities.csv", "indicators.toml", "scoring.csv"
PHRASES = "phrases.toml"
ZH, EN = "templates/zh.toml", "templates/en.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a valid full pack, to be changed."""
    return full_pack(tmp_path)


BROKEN = [
    # city.toml by itself
    (CITY, 'fallback = "gov" ', 'fallback = "king" ', "the fallback unit 'king' is unknown"),
    (CITY, 'id = "example"', 'id = "sample"', "the id 'sample' is not the folder's name"),
    (CITY, 'tier = "general"', 'tier = "usual"', "the tier 'usual' is unknown"),
    (CITY, 'zone = "Asia/Shanghai"', 'zone = "Asia/X"', "city.zone: 'Asia/X' is not a"),
    (CITY, 'handle = "10wd"', 'handle = "10 wd"', "tiers.general.handle: '10 wd' is not a"),
    (CITY, 'handle = "10wd"', 'handel = "10wd"', "tiers.general.handel: there is no such key"),
    (CITY, "reworks = 2 ", "reworks = -1 ", "caps.reworks: has to be 0 or more, not -1"),
    (CITY, "reworks = 2 ", 'reworks = "two" ', "caps.reworks: has to be a whole number, not 'two'"),
    (CITY, "reworks = 2 ", "reworks = 2.5 ", "caps.reworks: has to be a whole number, not 2.5"),
    (
        CITY,
        "raise_level = true",
        "raise_level = 7",
        "features.raise_level: has to be true or",
    ),
    (CITY, "years = [", "years = [] #", "calendar.years: has to have at least one entry"),
    (CITY, 'name = "示例市"', "name = 7", "city.name: has to be a text"),
    (CITY, "reworks = 2 ", "reworks = = 2 ", "Invalid value (at line"),
    (
        CITY,
        "raise_level = true",
        "raise_levels = true",
        "features.raise_levels: there is no such key",
    ),
    (CITY, "delegations = 1", "delegations = 3", "caps.delegations: has to be 2 or less, not 3"),
    (CITY, 'escalate = "supervise"', 'escalate = "shout"', "severity.escalate: has to be '"),
    (CITY, "[verify] ", "[verification] ", "verification: there is no such key"),
    (CITY, 'code = "119"', 'code = "110"', "110 is already on line"),
    (CITY, 'country = "CN"', 'country = "XX"', "no holiday list for the country 'XX'"),
    (CITY, "years = [", "years = [2019, ", "the years leave out 2020"),
    (CITY, 'unit = "gov" ', 'unit = "king" ', "the unit 'king' is unknown"),
    (CITY, 'unit = "@street" ', 'unit = "king" ', "the unit 'king' is unknown"),
    (CITY, 'unit = "@street" ', 'unit = "@nearest" ', "@nearest finds nobody"),
    (CITY, 'unit = "@street" ', 'unit = "@moon" ', "verify.unit: has to be of the form "),
    # limits that contradict
    (CITY, 'return_window = "1wd"', 'return_window = "11wd"', "general: return_window 11wd is lo"),
    (CITY, 'meet = "2h"     ', 'meet = "5h"     ', "urgent: meet 5h is longer than handle 4h"),
    (CITY, 'handle = "3wd"', 'rate = "3wd"', "co-handlers have no limit rate; they have sign,"),
    (CITY, 'offset = "3d"', 'offset = "7d"', "rate 7d is over before the warning 7d"),
    (CITY, 'offset = "3d", ', "", "every rung but due has an offset"),
    (CITY, 'aftercare = "45d"', 'aftercare = "30d"', "aftercare 30d is over before the last r"),
    (CITY, '["7d", "30d"]', '["30d", "7d"]', "the revisit after 7d comes no later than that"),
    (CITY, 'review = "30d"', 'review = "181d"', "review 181d is longer than the longest hold"),
    (CITY, 'offset = "100%"', 'offset = "10%"', "handle: notice 10% after due comes before sup"),
    # conditions in city.toml
    (CITY, "t.channel == 'grid'", "t.channel = 'grid'", "filing: '=' cannot be used"),
    (CITY, "t.repeats > 0", "t.repeat > 0", "closing: 't' has no field 'repeat'"),
    (CITY, "t.repeats > 0", "result.evidence > 0", "closing: unknown variable 'result'"),
    # units
    (UNITS, "water,水务局", "gov,水务局", "gov is already on line"),
    (UNITS, "Water Bureau,bureau,district,gov", "W,bureau,district,sea", "parent 'sea' is unk"),
    (UNITS, "Government,district,district,", "G,district,district,water", "'gov' is its own par"),
    (UNITS, "Water Bureau,bureau,district", "W,bureau,city", "'gov' is of a lower level (district"),
    (UNITS, "street,street,gov,990101001", "street,street,gov,", "'990101001' has no area"),
    (UNITS, "street,street,gov,990101001", "street,street,gov,120101001", "not in the division"),
    (UNITS, "First Street,street", "First Street,road", "kind: has to be 'district', "),
    (UNITS, "Water Bureau,", "Water, Bureau,", "11 cells where the header has 10"),
    (UNITS, "parent,area,queue", "parent,zone,queue", "unknown column 'zone'"),
    (UNITS, "name_en,kind", "name_en,name", "the column 'kind' is missing"),
    (UNITS, "Centre,centre,district,gov,990101,,,", "C,centre,district,gov,,,9,", "belong togethe"),
    (
        UNITS,
        "Centre,centre,district,gov,990101,,,",
        "C,centre,district,gov,,,99,9",
        "lat: has to be ",
    ),
    # categories
    (CATEGORIES, "没人清运,,,", "没人清运,,,,", "9 cells where the header has 8"),
    (CATEGORIES, "没人清运,,,", '没人清运,,"a"b,', "not CSV: "),
    (CATEGORIES, "Sewage overflow,urgent", "Sewage overflow,x", "the tier 'x' is unknown"),
    (CATEGORIES, "0202,污水外溢", "7777,污水外溢", "nobody answers for 7777 污水外溢"),
    (CATEGORIES, "0201,河道污染,", "0201,,", "name: is missing"),
    (CATEGORIES, ",stop=4wh|punish=7wd", ",stop=4wh|stop=7wd", "the step stop is already on line"),
    (CATEGORIES, ",stop=4wh|punish=7wd", ",stop|punish=7wd", "steps.0.limit: '' is not a limit"),
    (CATEGORIES, "result.evidence > 0", "result.evidence", "closing: the condition is a whole"),
    (CATEGORIES, ",,result.evidence > 0", ",result.evidence > 0,", "filing: unknown variable 're"),
    # responsibilities
    (OWNERS, "02*,*,water", "02*,*,sun", "the unit 'sun' is unknown"),
    (OWNERS, "0101,*,@street", "0199,*,@street", "no category matches '0199'"),
    (OWNERS, "02*,*,water", "02*,13*,water", "no area matches '13*'"),
    (OWNERS, "02*,*,water", "02*,990101002*,water", "no area matches '990101002*'"),
    (OWNERS, "0101,*,@street", "0101,*,@nearest", "@nearest finds nobody: there is no unit of k"),
    (OWNERS, "0101,*,@street", "0101,*", "2 cells where the header has 3"),
    # indicators and scoring
    (FIGURES, 'id = "resolution"', 'id = "response"', "response is already on line"),
    (FIGURES, 'over = "t.asked"', 'over = "t.asked &&"', "response: over: the condition breaks"),
    (FIGURES, 'counts = "t.resolved"', 'counts = "e.resolved"', "counts: unknown variable 'e'"),
    (FIGURES, 'by = "due"', 'by = "closed"', "indicators.3.by: has to be 'ended', "),
    (SCORING, "S02,办理红牌", "S01,办理红牌", "S01 is already on line"),
    (SCORING, "in time,signed", "in time,sign", "nothing that happens is called 'sign'"),
    (SCORING, "e.grade <= 2", "e.grades <= 2", "when: 'e' has no field 'grades'"),
    (SCORING, "e.grade <= 2", "t.grade <= 'two'", "when: <= compares a whole number with a text"),
    (SCORING, "-1,lead", "-1,boss", "to: has to be 'unit'"),
    # messages
    (ZH, "感谢您。", "感谢您。{name}", "closed: unknown placeholder {name}; known: {number},"),
    (ZH, "感谢您。", "感谢您。{number.real}", "unknown placeholder {number.real}"),
    (EN, "{number} is closed", "{number!r} is closed", "unknown placeholder {number!r}"),
    (EN, "{number} is closed", "{number is closed", "closed: expected '}' before end of string"),
    (EN, 'reopened = "', 'opened_again = "', "there is no message 'opened_again'"),
    (EN, 'closed = "', 'closed = "" #', "closed: has to have at least one character"),
    # phrases.toml
    (PHRASES, 'on = "call_back"', 'on = "later"', "scripts.1.on: has to be 'call' or"),
    (PHRASES, 'code = "call-back"', 'code = "opening"', "opening is already on line"),
    (PHRASES, '", "Is it solved?"', '"', "call-back: 3 lines in zh, 2 in en"),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), BROKEN)
def test_a_broken_pack_is_told_file_and_line(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    line = replace(folder / file, old, new)
    problems = check_pack(folder)
    pairs = {(one.file, one.line) for one in problems if message in one.message}
    assert pairs == {(file, line)}, problems


@pytest.mark.parametrize("part", ["version = 1\n", 'by = "due"\n', 'source = "illustrative"\n'])
def test_an_indicator_that_lacks_a_part_is_named(folder: Path, part: str) -> None:
    head, row = (folder / FIGURES).read_text(encoding="utf-8").rsplit("[[indicators]]\n", 1)
    assert part in row
    text = f"{head}[[indicators]]\n{row.replace(part, '')}"
    (folder / FIGURES).write_text(text, encoding="utf-8")
    line = head.count("\n") + 1
    message = f"on_time lacks {part.split()[0]}"
    assert check_pack(folder) == [PackFault(FIGURES, line, message)]


PYDANTICS = re.compile(
    r"Input should|Extra inputs|Field required|should have|should match|unable to|Tuple|validation"
)


@pytest.mark.parametrize(("file", "old", "new"), [(file, old, new) for file, old, new, _ in BROKEN])
def test_faults_are_told_in_our_own_words(folder: Path, file: str, old: str, new: str) -> None:
    replace(folder / file, old, new)
    assert [str(one) for one in check_pack(folder) if PYDANTICS.search(one.message)] == []


NEEDY = [
    # the edit, the message, and the first text on the line that it names
    ('handle = "4h"', 'handle = "20m"', "urgent: sign 30m is longer than handle", 'sign = "30m"'),
    ('handle = "4h"', 'handle = "20m"', "urgent: contact 1h is longer than", 'contact = "1h"'),
    ('handle = "3wd"', 'handle = "90m"', "joint, urgent: meet 2h is longer", 'meet = "2h"\nhandle'),
    ('handle = "10wd"', "", "general has no limit to handle", "[tiers.general]"),
    ('hold = "180d"', "", "holds need the longest one: caps.hold", "holds = 1"),
    ('review = "30d"', "", "holds need review dates: limits.review", "holds = 1"),
    ('aftercare = "45d"', "", "exclusions need a time after closing: limits.a", "exclude = true"),
    ('aftercare = "45d"', "", "revisits need a time after closing: limits.after", "revisits = ["),
    ('revisit = "5d"', "", "revisits need a limit: limits.revisit", "revisits = ["),
    ('citizen = "5d"', "", "questions to the citizen need a limit: limits", "ask_citizen = true"),
    ('appointment = "1d"', "", "appointments need a limit: limits.appointment", "appoint = true"),
    ('verify = "1wd"', "", "verifications need a limit: limits.verify", "[verify]"),
    (
        "raise_level = true",
        "",
        "raising a level is not on: features.raise_le",
        'escalate = "raise"',
    ),
    (
        "raise_level = true",
        "",
        "raising a level is not on: features.r",
        '{ kind = "notice", offset',
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "where"), NEEDY)
def test_what_is_on_and_lacks_something_is_told_where_it_is_on(
    folder: Path, old: str, new: str, message: str, where: str
) -> None:
    path = folder / CITY
    replace(path, 'escalate = "supervise"', 'escalate = "raise"')
    replace(path, '"100%", ', '"100%", raises = true, ')
    replace(path, old, new)
    text = path.read_text(encoding="utf-8")
    line = text[: text.index(where)].count("\n") + 1
    problems = check_pack(folder)
    pairs = {(one.file, one.line) for one in problems if message in one.message}
    assert (CITY, line) in pairs, problems


@pytest.mark.parametrize(
    ("reasons", "message", "where"),
    [
        ("hold", "holds need reasons: reasons.hold", "holds = 1"),
        ("whistle", "whistles need grounds: reasons.whistle", "co_handlers = 5"),
        ("returns", "returns need grounds: reasons.returns", "returns = 2"),
        ("exclude", "exclusions need reasons: reasons.exclude", "exclude = true"),
    ],
)
def test_what_takes_a_reason_needs_some(
    folder: Path, reasons: str, message: str, where: str
) -> None:
    path = folder / CITY
    text, count = re.subn(rf"(?ms)^{reasons} = \[.*?^\]\n", "", path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    line = text[: text.index(where)].count("\n") + 1
    assert check_pack(folder) == [PackFault(CITY, line, message)]


def test_what_is_off_needs_nothing(tmp_path: Path) -> None:
    folder = plain_pack(tmp_path)
    replace(folder / CITY, "returns = 2 ", "returns = 0 ")
    text = (folder / CITY).read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^returns = \[.*?^\]\n", "", text)
    (folder / CITY).write_text(text, encoding="utf-8")
    assert check_pack(folder) == []


def test_a_meeting_after_the_last_return_needs_returns(tmp_path: Path) -> None:
    folder = tmp_path / "heping"
    shutil.copytree(default_root() / "heping", folder)
    replace(folder / CITY, "[caps]", "[caps]\nreturns = 0")
    text = (folder / CITY).read_text(encoding="utf-8")
    line = text[: text.index('arbitrate = "2wd"')].count("\n") + 1
    why = "arbitration follows the last return, and there is none: caps.returns"
    problems = check_pack(folder)
    assert PackFault(CITY, line, f"nothing uses arbitrate: {why}") in problems
    assert all("nothing uses" in one.message for one in problems)


def test_steps_may_take_longer_than_the_handling(folder: Path) -> None:
    replace(folder / CATEGORIES, ",stop=4wh|punish=7wd", ",stop=4wh|punish=90wd")
    assert check_pack(folder) == []


def test_nothing_is_raised_or_delegated_where_nobody_is_above(folder: Path) -> None:
    path = folder / UNITS
    text = path.read_text(encoding="utf-8")
    text = text.replace(",district,gov,", ",district,,").replace(",street,gov,", ",street,,")
    path.write_text(text.replace("community,990101001,", "community,,"), encoding="utf-8")
    assert [problem.message for problem in check_pack(folder)] == [
        "no unit has a parent: nothing can be raised",
        "no unit has a parent: nothing can be delegated",
    ]


def test_a_row_that_another_row_hides_is_told(folder: Path) -> None:
    first = replace(folder / OWNERS, "0101,*,@street", "0101,990101001*,@street\n0101,*,@street")
    assert check_pack(folder) == []
    line = append(folder / OWNERS, "0101,990101001,@street")
    messages = [str(problem) for problem in check_pack(folder)]
    assert f"{OWNERS}:{line}: never reached: line {first} covers it" in messages
    other = append(folder / OWNERS, "0202,*,gov")
    messages = [str(problem) for problem in check_pack(folder)]
    assert f"{OWNERS}:{other}: never reached: line {line - 1} covers it" in messages


def test_a_row_for_a_part_of_a_street_means_something(folder: Path) -> None:
    replace(folder / OWNERS, "0101,*,@street", "0101,990101001901*,water\n0101,*,@street")
    assert check_pack(folder) == []


def test_scoring_may_wait_for_everything_that_happens() -> None:
    assert {"accepted", "signed", "rung_climbed", "withdrawn"} <= event_kinds()


def test_every_message_is_about_something_that_happens() -> None:
    values = {f"{clock}_{level}" for clock in ClockName for level in LevelKind}
    assert set(TEMPLATE_NAMES) <= event_kinds() | values


def test_a_pack_without_a_unit_for_reports_is_refused(folder: Path) -> None:
    line = replace(folder / CITY, 'unit = "gov" ', '# unit = "gov" ') - 1
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == (CITY, line)
    assert fault.message.startswith("no unit for reports of wrongdoing (举报)")
