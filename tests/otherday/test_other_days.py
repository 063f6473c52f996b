"""Tests that the test suite can run on any day, with the clocks of all its processes moved."""

import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from domain.deadlines.calendar import is_working_day
from scripts.test_dates import (
    CHINA,
    DAYS,
    LEFT_OUT,
    LEFT_OUT_OF_FEW,
    ROOT,
    WITH_AN_INSTALLATION,
    can_set_the_engine,
    environment,
    main,
    moment,
    selected,
)
from tests.otherday.sitecustomize import AHEAD, NotHere
from tests.support.cities import SHIPPED

LONG_AGO, FAR_AHEAD = (datetime(year, 2, 28, 23, 59, tzinfo=CHINA) for year in (1999, 2037))
TELL = """
import ctypes, datetime, json, os, sqlite3, subprocess, sys, time
now = sqlite3.connect(":memory:").execute("SELECT unixepoch()").fetchone()[0]
told = {"python": time.time(), "date": datetime.datetime.now().timestamp(), "sqlite": now}
told["c"] = ctypes.CDLL(None).time(None)
told["spans"] = time.monotonic()
told["file"] = os.stat(sys.executable).st_mtime
if len(sys.argv) < 2:
    child = subprocess.run([sys.executable, "-c", sys.stdin.read(), "child"], capture_output=True)
    told["child"] = json.loads(child.stdout)["python"]
print(json.dumps(told))
"""


@pytest.fixture(scope="module", autouse=True)
def engine() -> bool:
    """Return whether the engine can be given another day; skip where no process can."""
    try:
        return can_set_the_engine()
    except NotHere as why:
        pytest.skip(str(why))


def test_the_days_are_those_on_which_something_happens() -> None:
    days = {name: moment(name).date() for name in DAYS}
    assert days["mid-december"] == date(2026, 12, 15)
    assert (days["last-of-the-year"], days["new-year"]) == (date(2026, 12, 31), date(2027, 1, 1))
    assert (days["last-of-february"], days["leap-day"]) == (date(2027, 2, 28), date(2028, 2, 29))
    midnight = moment("before-midnight") + timedelta(minutes=1)
    assert (midnight.hour, midnight.minute, midnight.day) == (0, 0, 1)
    calendar = SHIPPED.get("tongzhou").calendar
    festival, made_up = days["spring-festival"], days["make-up-saturday"]
    assert not is_working_day(calendar, festival)
    assert (made_up.weekday(), is_working_day(calendar, made_up)) == (5, True)


def test_a_new_test_is_not_left_out_in_silence() -> None:
    left_out = {*LEFT_OUT, *LEFT_OUT_OF_FEW, *WITH_AN_INSTALLATION}
    assert [path for path in left_out if not (ROOT / path).exists()] == []
    for few in (False, True):
        lines: list[str] = selected([], few=few)
        assert lines[0] == "tests"
        ignored = {
            one.removeprefix("--ignore=") for one in lines[1:] if one.startswith("--ignore=")
        }
        assert ignored == {*LEFT_OUT, *(LEFT_OUT_OF_FEW if few else ())}
    assert selected(["tests/api", "-k", "board"]) == ["tests/api", "-k", "board"]
    assert selected(["-x"])[-1] == "-x"


@pytest.mark.parametrize("begins", [LONG_AGO, FAR_AHEAD], ids=["long ago", "far ahead"])
@pytest.mark.parametrize("launched", [False, True], ids=["python", "another program"])
def test_every_wall_clock_of_a_process_goes_there_and_nothing_else(
    begins: datetime, launched: bool, engine: bool
) -> None:
    env = environment(begins)
    command = [sys.executable, "-c", TELL]
    if launched:
        if not engine:
            pytest.skip("only Python can be given another day here")
        # The interpreter ignores this module here: it stands for a program that is not Python.
        launcher = str(ROOT / "tests/otherday/sitecustomize.py")
        command = [sys.executable, launcher, env[AHEAD], *command, "alone"]
        env = dict.fromkeys(env, "")
    usual = {name: value for name, value in os.environ.items() if name not in environment(begins)}
    done = subprocess.run(
        command, env=usual | {k: v for k, v in env.items() if v}, input=TELL,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    payload = json.loads(done.stdout)
    spans = subprocess.run(
        [sys.executable, "-c", "import time; print(time.monotonic())"],
        env=usual, capture_output=True, text=True,
    )  # fmt: skip
    assert 0 <= float(spans.stdout) - payload.pop("spans") < 60
    assert payload.pop("file") == Path(sys.executable).stat().st_mtime
    assert {name: at for name, at in payload.items() if not 0 <= at - begins.timestamp() < 60} == {}
    assert len(payload) == (4 if launched else 5)


def test_each_day_is_run_and_told_whatever_became_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = tmp_path / "test_a_leap_day.py"
    test.write_text(
        "from datetime import datetime\n\n"
        "def test_it_is_a_leap_day():\n    assert datetime.now().day == 29\n"
    )
    values = ["--jobs", "0", str(test)]
    assert main(["--days", "new-year,2028-02-29T12:00", *values]) == 1
    lines = capsys.readouterr().out.splitlines()
    days = [line.split()[:2] for line in lines if line.startswith(("  passed", "  FAILED"))]
    assert days == [["FAILED", "new-year"], ["passed", "2028-02-29T12:00"]]
    assert lines[-1].startswith("  new-year: ")
    assert lines[-1].endswith("::test_it_is_a_leap_day")
    assert main(["--days", "leap-day", *values]) == 0


def test_a_day_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--days", "new-year,someday"])
    assert ended.value.code == 2
    assert "someday" in capsys.readouterr().err


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_engine_goes_there_whoever_starts_it(tmp_path: Path, loop: str, engine: bool) -> None:
    if not engine:
        pytest.skip("only Python can be given another day here")
    program = tmp_path / "temporal"
    program.symlink_to(sys.executable)
    code = (
        "import asyncio\nfrom cli.terminal import run\n"
        "async def start():\n"
        f"    command = {[str(program), '-I', '-c', _CLOCK]!r}\n"
        "    p = await asyncio.create_subprocess_exec(*command, stdout=-1)\n"
        "    print((await p.communicate())[0].decode())\n"
        f"{'asyncio.run' if loop == 'asyncio' else 'run'}(start())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment(FAR_AHEAD), cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 0 <= float(done.stdout) - FAR_AHEAD.timestamp() < 60


_CLOCK = "import time; print(time.time())"
