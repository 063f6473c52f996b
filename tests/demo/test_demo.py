"""Tests of `jiesu demo`: the whole system, run as a user runs it."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from cli.main import app
from demo.cast import Late, Wish, cast
from demo.complaints import TEXTS, own_filing
from demo.filing import Filing
from demo.pack import shortened_pack
from demo.source import SourceUnusable, read_source
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Kind
from domain.ticket.stages import Outcome
from packs.registry import default_root

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "hotline_tickets.csv"
HEADER = [
    *("id", "kind", "channel", "anonymous", "date", "title", "text", "first_reply"),
    *("transfers", "days_to_final_reply"),
]
GOOD = ["1", "投诉", "网站", "1", "2020-01-02", "河水发臭", "河水又黑又臭。", "已清淤。", "2", "9"]
KEYS = {
    "accepted",
    "ended",
    "outcomes",
    "rates",
    "cards",
    "replayed",
    "disagreements",
    "seconds",
    "skipped_rows",
}


class Demo(Protocol):
    def __call__(
        self, *arguments: str, timeout: float = 110, **settings: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="module")
def demo() -> Demo:
    """Provide a runner of the command in a process of its own, without this process's settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("JIESU_")}

    def run(
        *arguments: str, timeout: float = 110, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "demo", "--day", "0.3", *arguments],
            cwd=ROOT,
            env=env | settings,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the output of `--json`, which is only the figures."""
    payload: dict[str, Any] = json.loads(done.stdout)
    assert set(payload) == KEYS
    return payload


def assert_all_well(figures_shown: dict[str, Any], tickets: int) -> None:
    assert (
        figures_shown["accepted"] == figures_shown["ended"] == figures_shown["replayed"] == tickets
    )
    assert sum(figures_shown["outcomes"].values()) == tickets
    assert set(figures_shown["outcomes"]) == {outcome.value for outcome in Outcome}
    assert figures_shown["disagreements"] == 0
    assert set(figures_shown["rates"]) == {"response", "resolution", "satisfaction"}
    assert all(rate is None or 0 <= rate <= 1 for rate in figures_shown["rates"].values())


def written(folder: Path, rows: Sequence[Sequence[str]], name: str = "tickets.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def changed(**columns: str) -> list[str]:
    """Return the valid row with some columns changed."""
    return [columns.get(name, cell) for name, cell in zip(HEADER, GOOD, strict=True)]


# --- the whole demonstration --------------------------------------------------------------------


def test_own_complaints_all_end_and_agree_with_their_histories(demo: Demo) -> None:
    done = demo("--tickets", "15", "--json")
    assert done.returncode == 0, done.stderr
    values = figures(done)
    assert_all_well(values, 15)
    assert values["outcomes"]["closed"] > 0
    assert values["skipped_rows"] == []
    assert done.stderr == ""


def test_real_tickets_all_end_and_agree_with_their_histories(demo: Demo) -> None:
    if not REAL.exists():
        pytest.skip(f"the real tickets are not here: {REAL}")
    done = demo("--tickets", "10", "--json", "--source", str(REAL))
    values = figures(done)
    assert_all_well(values, 10)
    # In some of them a name is in the column of the flag.
    assert done.returncode == (1 if values["skipped_rows"] else 0)


def test_broken_rows_are_named_by_line_and_the_rest_is_loaded(demo: Demo, tmp_path: Path) -> None:
    path = written(tmp_path, [HEADER, GOOD, changed(text=""), GOOD[:-1]])
    with path.open("ab") as file:
        file.write("2,投诉,网站,1,2020-01-02,标题,".encode() + b"\xb0\xd9,x,1,1\n")
    done = demo("--tickets", "3", "--source", str(path))
    assert done.returncode == 1
    for line in (3, 4, 5):
        assert f"line {line}: " in done.stderr
    assert "line 2: " not in done.stderr
    assert "did not end" not in done.stderr
    assert "disagrees" not in done.stderr
    table = done.stdout.replace(" ", "")
    for row in ("accepted│3", "ended│3", "agreeing│3", "rowsleftout│3"):
        assert row in table


# --- a city's own story ---------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_a_citys_story_is_told_counted_and_replayed(demo: Demo) -> None:
    done = demo("--city", "tongzhou", "--story", "--day", "1", timeout=230)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    value = done.stdout.replace(" ", "")
    for happened in (
        "开门：北苑街道吹哨，召集其他单位→区城市管理委、区园林绿化局、区交通局",
        "旧车：办理时限红牌（中仓街道）",
        "路灯：已回访：无人接听",
        "催办：最终答复：",
    ):
        assert happened in value
    for row in ("响应率│91.7%│11/12", "解决率│100.0%│13/13", "满意率│92.3%│12/13"):
        assert row in value
    assert "表扬" in value.partition("考核，每一分都有出处")[2]
    assert "14ticketsreplayedfromhistory" in value
    assert "14agreewiththerecord:allagree" in value


def test_a_story_breaks_off_in_a_city_that_has_not_what_it_tells_of(
    demo: Demo, tmp_path: Path
) -> None:
    shutil.copytree(default_root() / "tongzhou", tmp_path / "tongzhou")
    for name in ("categories.csv", "responsibilities.csv"):
        file = tmp_path / "tongzhou" / name
        rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        street_lamps = "0204,"
        file.write_text(
            "".join(row for row in rows if not row.startswith(street_lamps)), encoding="utf-8"
        )
    city = tmp_path / "tongzhou" / "city.toml"
    whole = city.read_text(encoding="utf-8")  # clients of Open311 file by other categories
    city.write_text(whole.replace('code = "0204"', 'code = "0205"'), encoding="utf-8")
    (tmp_path / "tongzhou" / "phrases.toml").unlink()  # it names the category of lamps
    done = demo("--city", "tongzhou", "--story", "--json", JIESU_CITIES=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the story broke off: POST /complaints: 422 unknown_category\n"


# --- refusals before the start --------------------------------------------------------------------


def stopped(*arguments: str) -> str:
    """Return the error output of a command that ends before it begins."""
    done = CliRunner().invoke(app, ["demo", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--source", "/nowhere/tickets.csv"], "cannot read /nowhere/tickets.csv"),
        (["--source", "/"], "cannot read /"),
        (["--city", "atlantis"], "no city pack 'atlantis'"),
        (["--city", "atlantis", "--story"], "no story of 'atlantis'"),
        (["--story", "--tickets", "200", "--seed", "1"], "not go with --tickets, --seed"),
        (["--story", "--source", "tickets.csv"], "--story does not go with --source"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(arguments: list[str], says: str) -> None:
    value = stopped(*arguments)
    assert says in value
    assert len(value.splitlines()) == 1


def test_a_file_without_its_columns_is_told_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, [["id", "text"], ["1", "河水又黑又臭。"]])
    assert stopped("--source", str(path)).splitlines() == [
        f"jiesu: {path} has no column kind, channel, anonymous, title, first_reply, transfers, "
        "days_to_final_reply"
    ]


def test_a_file_of_broken_rows_alone_starts_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, [HEADER, changed(text="")])
    assert stopped("--source", str(path)).splitlines() == [
        "tickets.csv line 2: text: the text is empty",
        f"jiesu: {path} has no row that can be used",
    ]


# --- reading the file ---------------------------------------------------------------------------


def test_a_row_becomes_a_complaint_in_our_words(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, [HEADER, GOOD]))
    assert source.filings == [
        Filing(
            kind=Kind.COMPLAINT,
            channel=Channel.WEB,
            title="河水发臭",
            text="河水又黑又臭。",
            anonymous=True,
            reply="已清淤。",
            passed_on=2,
            days=9,
        )
    ]
    assert source.skipped == []


@pytest.mark.parametrize(
    ("word", "channel"),
    [("电话", Channel.HOTLINE), ("e福州app", Channel.APP), ("QQ", Channel.OTHER)],
)
def test_channels_are_named_in_our_words(tmp_path: Path, word: str, channel: Channel) -> None:
    source = read_source(written(tmp_path, [HEADER, changed(channel=word)]))
    assert [filing.channel for filing in source.filings] == [channel]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (changed(text="  "), "text: the text is empty"),
        (changed(text="水" * 4001), "text: String should have at most 4000 characters"),
        (changed(anonymous=""), "anonymous: neither 1 nor 0 nor a name"),
        (changed(kind="闲聊"), "kind: not one of 咨询 求助 投诉 举报 建议 表扬"),
        (changed(title="水" * 201), "title: String should have at most 200 characters"),
        (changed(transfers="many"), "transfers: not a whole number"),
        ([*GOOD, "more"], "11 columns instead of 10"),
        (GOOD[:3], "3 columns instead of 10"),
    ],
)
def test_a_broken_row_is_named_without_what_it_says(
    tmp_path: Path, row: list[str], problem: str
) -> None:
    source = read_source(written(tmp_path, [HEADER, GOOD, row, GOOD]))
    assert [(one.line, one.problem) for one in source.skipped] == [(3, problem)]
    assert len(source.filings) == 2


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    long = changed(text="第一行\n第二行\n\n第四行")
    source = read_source(written(tmp_path, [HEADER, long, [], changed(text=""), GOOD]))
    assert [one.line for one in source.skipped] == [7]
    assert len(source.filings) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = written(tmp_path, [HEADER[1:], GOOD[1:]])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_source(path).filings) == 1


@pytest.mark.parametrize("text", ["", ",".join(HEADER) + "\n"])
def test_an_empty_file_cannot_be_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceUnusable):
        read_source(path)


# --- the people ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    cities = tmp_path_factory.mktemp("cities")
    return shortened_pack(default_root() / "tongzhou", cities, 2.0)


def test_a_day_lasts_as_long_as_was_asked_and_no_limit_is_shorter(pack: Pack) -> None:
    assert pack.city.clock_scale * 86400 == pytest.approx(2.0, abs=1e-3)
    for tier in pack.tiers:
        for clock in ClockName:
            limit, _ = pack.limit(clock, tier)
            assert limit is None or limit.length.total_seconds() >= 86400
    assert str(pack.limit(ClockName.HANDLE, "complex")[0]) == "15d"


def test_every_text_comes_up_before_any_comes_up_again(pack: Pack) -> None:
    assert len(TEXTS) >= 40
    filings = [own_filing(pack, index, Random(index)) for index in range(len(TEXTS))]
    assert len({filing.text for filing in filings}) == len(TEXTS)
    assert not any("{" in filing.title + filing.text for filing in filings)


def test_the_same_seed_casts_the_same_people(pack: Pack) -> None:
    filing = own_filing(pack, 0, Random(7))
    assert cast(Random(7), filing, 0.5) == cast(Random(7), filing, 0.5)


def test_what_happened_to_a_real_ticket_happens_again() -> None:
    filing = Filing(Kind.COMPLAINT, Channel.WEB, "", "河水发臭", True, passed_on=20, days=40)
    script = cast(Random(1), filing, 0.0)
    assert script.returned is Wish.GRANTED
    assert script.late is Late.RED


@pytest.mark.parametrize(
    ("word", "anonymous"), [("1", True), ("0", False), ("匿名者", True), ("某女士", False)]
)
def test_what_citizens_called_themselves_only_says_whether_they_are_anonymous(
    tmp_path: Path, word: str, anonymous: bool
) -> None:
    source = read_source(written(tmp_path, [HEADER, changed(anonymous=word)]))
    assert [filing.anonymous for filing in source.filings] == [anonymous]
