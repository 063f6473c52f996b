"""Tests of rewards in a pack: what a city may say, and what is refused with file and line."""

from pathlib import Path

import pytest

from domain.pack.rewards import RewardPolicy
from domain.ticket.complaint import Channel, Kind
from packs.differences import differences
from packs.registry import check_pack, default_root, load_pack
from tests.packs.pack_folders import append, plain_pack, replace

RULES, PRIZES, CITY = "rewards.csv", "prizes.csv", "city.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return plain_pack(tmp_path)


def test_rules_and_prizes_arrive(folder: Path) -> None:
    pack = load_pack(folder)
    assert [(rule.code, rule.points) for rule in pack.reward_rules] == [("R01", 30), ("R02", 10)]
    salt = pack.prize("salt")
    assert salt is not None
    assert (salt.points, salt.stock, salt.unit, salt.until.year) == (10, 500, "water", 2099)
    assert pack.prize("gold") is None
    assert pack.rewards.channels == (Channel.SNAPSHOT,)


@pytest.mark.must_work("jinan", "reward-rules")
def test_jinan_rewards_and_the_other_cities_do_not() -> None:
    root = default_root()
    rewarding = {
        path.name
        for path in root.iterdir()
        if (path / CITY).exists() and not path.name.startswith("_") and load_pack(path).reward_rules
    }
    assert rewarding == {"jinan"}
    jinan = load_pack(root / "jinan")
    assert all(rule.source == "illustrative" for rule in jinan.reward_rules)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (RULES, "R02,问题", "R01,问题", "R01 is already on line"),
        (RULES, "t.handled && !t.merged", "t.handeld", "when: 't' has no field 'handeld'"),
        (RULES, "t.handled && !t.merged", "e.grade > 2", "when: unknown variable 'e'"),
        (RULES, "t.handled && !t.merged,10", "t.handled,0", "points: has to be 1 or more"),
        (RULES, "t.handled && !t.merged,10", "t.handled,-5", "points: has to be 1 or more"),
        (RULES, "t.handled && !t.merged,10", "t.handled,1.5", "points: has to be a whole number"),
        (RULES, "t.merged,10,illustrative", "t.merged,10,", "source: is missing"),
        (PRIZES, "card,公交卡", "salt,公交卡", "salt is already on line"),
        (PRIZES, "500,water", "500,sun", "the unit 'sun' is unknown"),
        (PRIZES, "10,500,water", "10,-1,water", "stock: has to be 0 or more"),
        (PRIZES, "10,500,water", "0,500,water", "points: has to be 1 or more"),
        (PRIZES, "500,water,2099-12-31", "500,water,soon", "until: has to be a day such as"),
        (CITY, '["complaint", "help"]', '["complaint", "report"]', "is never rewarded"),
        (CITY, '["snapshot"]', '["pigeon"]', "rewards.channels.0: has to be "),
        (CITY, "per_place = 1", "per_place = 0", "rewards.per_place: has to be 1 or more"),
        (CITY, "per_place = 1", 'valid = "5wd"', "counted in calendar time"),
        (CITY, "per_place = 1", "per_week = 3", "rewards.per_week: there is no such key"),
    ],
)
def test_a_bad_one_is_refused_with_file_and_line(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    line = replace(folder / file, old, new)
    assert [(one.file, one.line) for one in check_pack(folder) if said in one.message] == [
        (file, line)
    ]


def test_rules_that_no_report_can_reach_are_refused(folder: Path) -> None:
    replace(folder / CITY, 'channels = ["snapshot"]\n', "")
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == (RULES, 3)
    assert "[rewards] names no channels" in fault.message


def test_prizes_that_nobody_can_earn_are_refused(folder: Path) -> None:
    (folder / RULES).unlink()
    said = [str(fault) for fault in check_pack(folder)]
    assert [one for one in said if one.startswith("prizes.csv:3: nobody can earn salt")]
    assert [one for one in said if "channels: rewards.csv has no rule" in one]


def test_a_city_without_rewards_needs_nothing(folder: Path) -> None:
    (folder / RULES).unlink()
    (folder / PRIZES).unlink()
    lines = (
        "[rewards]                            # 有奖随手拍: what can earn points of rewards.csv\n"
    )
    replace(folder / CITY, lines, "")
    for line in ('channels = ["snapshot"]\n', 'kinds = ["complaint", "help"]\n', "per_place = 1\n"):
        replace(folder / CITY, line, "")
    assert check_pack(folder) == []
    pack = load_pack(folder)
    assert (pack.reward_rules, pack.prizes) == ((), ())
    assert not pack.rewards.counts(Channel.SNAPSHOT, Kind.COMPLAINT)


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "fields"),
    [
        (RULES, "t.merged,10", "t.merged,15", "R02", {"points": (10, 15)}),
        (PRIZES, "10,500,water", "20,400,water", "salt", {"points": (10, 20), "stock": (500, 400)}),
        (CITY, "per_place = 1", "per_place = 5", "rewards.per_place", {"": (1, 5)}),
    ],
)
def test_changes_between_versions_are_told(
    tmp_path: Path, folder: Path, file: str, old: str, new: str, row: str, fields: object
) -> None:
    before = load_pack(plain_pack(tmp_path / "before"))
    replace(folder / file, old, new)
    found = [
        (one.file, one.row, dict(one.fields)) for one in differences(before, load_pack(folder))
    ]
    assert found == [(file, row, fields)]


def test_an_added_prize_is_told(tmp_path: Path, folder: Path) -> None:
    before = load_pack(plain_pack(tmp_path / "before"))
    append(folder / PRIZES, "tea,茶叶,Tea,20,5,water,2099-12-31")
    (one,) = differences(before, load_pack(folder))
    assert (one.file, one.row, one.change) == (PRIZES, "tea", "added")


def test_a_report_of_wrongdoing_never_counts() -> None:
    policy = RewardPolicy(channels=(Channel.SNAPSHOT,), kinds=tuple(Kind))
    assert policy.counts(Channel.SNAPSHOT, Kind.COMPLAINT)
    assert not policy.counts(Channel.SNAPSHOT, Kind.REPORT)
    assert not policy.counts(Channel.SNAPSHOT, Kind.REPORT, Kind.COMPLAINT)
    assert not policy.counts(Channel.HOTLINE, Kind.COMPLAINT)
