"""Run all tests that depend on dates on other days than today: `make test-dates`.

Each run is pytest with a clock that is ahead or behind: in Python, in the libraries it uses, in
SQLite, PostgreSQL and the engine, also in the server that skips time; see `tests/otherday`. Every
day is run even if an earlier one failed; then the result of each is printed on a line, and the exit
code is 1 if any failed.

    python -m scripts.test_dates                          every day of DAYS
    python -m scripts.test_dates --days new-year,today    some of them
    python -m scripts.test_dates --days 2029-03-01T08:00  any other
    python -m scripts.test_dates --few                    three days, a quarter of the tests each
    python -m scripts.test_dates tests/api -k board       a part of the tests
"""

import argparse
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.otherday.sitecustomize import AHEAD, ALONE, NotHere
from tests.support.shares import SHARE, shares

ROOT = Path(__file__).parent.parent
OTHER_DAY = ROOT / "tests/otherday"
CHINA = ZoneInfo("Asia/Shanghai")

DAYS: dict[str, str | None] = {
    # The city's local time when the run begins; the clock runs on from there.
    "today": None,
    "mid-december": "2026-12-15T10:00",
    "last-of-the-year": "2026-12-31T16:45",
    "new-year": "2027-01-01T00:20",
    "last-of-february": "2027-02-28T10:00",
    "leap-day": "2028-02-29T10:00",
    "spring-festival": "2026-02-17T10:00",
    "make-up-saturday": "2026-10-10T10:00",
    "before-midnight": "2026-11-30T23:59",
}
FEW = ("last-of-the-year", "new-year", "leap-day")
"""The days of a run with --few. Each takes another quarter of the tests, other ones tomorrow, on
SQLite only and without `LEFT_OUT_OF_FEW`."""
_PARTS = 4

LEFT_OUT: dict[str, str] = {
    # Everything else is run, including new tests outside these paths.
    "tests/bench": "counts and compares; its data has dates of its own",
    "tests/browser": "a browser has a clock of its own, and the API says all dates on pages",
    "tests/golden": "replays recorded histories, which have their dates in them",
    "tests/api/test_contract.py": "random bodies for every route; no rule of a date is looked at",
    "tests/api/test_hostile_files.py": "looks at the content of files",
    "tests/media": "looks at the content of files",
    "tests/domain/test_random_commands.py": "lives with dates of their own, by a clock they carry",
    "tests/domain/test_random_histories.py": "lives with dates of their own, by a clock they carry",
    "tests/proof/test_engine_power_cut.py": "compares files; the engine is traced already",
    "tests/workers/test_killed.py": "kills processes of what other tests run on that day",
}
LEFT_OUT_OF_FEW: dict[str, str] = {
    # Slow tests with few dates, or with dates of their own; a run of all days includes them.
    "tests/api/test_interrupted_upload.py": "uploads that break off",
    "tests/api/test_oidc_forged.py": "forged ID tokens, by the dozen",
    "tests/api/test_sending.py": "by the engine's clock, whatever this machine shows",
    "tests/api/test_stalls.py": "workers that stand still for seconds",
    "tests/api/test_walk_of_names.py": "thousands of requests that are refused",
    "tests/audit/test_runs.py": "histories of thousands of events",
    "tests/kit": "installs a package, and knows no date",
    "tests/otherday": "is about other days itself",
    "tests/proof": "its filings are in winter, whenever it runs",
    "tests/upgrade": "ends tickets that were begun on a recorded day",
    "tests/workers": "processes that are started, killed and ended",
    "tests/workflows/test_random_commands.py": "a hundred lives, a quarter of a run",
}
WITH_AN_INSTALLATION = ("tests/cli", "tests/demo", "tests/kit", "tests/workers")
"""Tests that start an engine in a separate process."""

_PROBED = datetime(2031, 5, 6, tzinfo=CHINA)
_TELL = "import datetime; print(datetime.datetime.now().year)"


@dataclass(frozen=True)
class DayResult:
    """The result of one day."""

    day: str
    begins: datetime
    code: int
    counts: str
    failed: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        verdict = "passed" if self.code == 0 else "FAILED"
        when = f"{self.begins:%Y-%m-%d %H:%M %a}"
        return f"{verdict}  {self.day:17}  {when}  {self.counts}  ({self.seconds:.0f} s)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every day passed, 1 if any failed, 2 if this machine cannot shift the clock."""
    namespace, rest = _parser().parse_known_args(arguments)
    begins = {day: moment(day) for day in namespace.days or (FEW if namespace.few else DAYS)}
    try:
        engine = can_set_the_engine()
    except NotHere as why:
        sys.stderr.write(f"No other day can be had on this machine: {why}\n")
        return 2
    if not engine:
        print("The engine cannot be given another day here: what needs it is left out.")
    tests = selected(rest, few=namespace.few, engine=engine)
    parts: list[str] | list[None] = [None] * len(begins)
    if namespace.few:
        parts = shares(_PARTS, datetime.now(CHINA).date())[: len(begins)]
    results = [
        _run(day, at, tests, namespace.jobs, engine, part)
        for (day, at), part in zip(begins.items(), parts, strict=True)
    ]
    print("\nEverything that knows a date, on", *(f"{result}" for result in results), sep="\n  ")
    for result in results:
        for test in result.failed:
            print(f"  {result.day}: {test}")
    return int(any(result.code for result in results))


def moment(day: str) -> datetime:
    """Return the start of a run on `day`: a name of DAYS, or a local date and time."""
    text = DAYS.get(day, day)
    if text is None:
        return datetime.now(CHINA)
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def selected(requested: Sequence[str], *, few: bool = False, engine: bool = True) -> list[str]:
    """Return pytest's arguments: the requested tests, else all that are not left out."""
    if any(Path(one.partition("::")[0]).exists() for one in requested):
        return list(requested)
    left_out = {*LEFT_OUT, *(() if engine else WITH_AN_INSTALLATION)}
    if few:
        left_out |= set(LEFT_OUT_OF_FEW)
    few_only = ["-m", "not postgres"] if few else []
    return ["tests", *(f"--ignore={path}" for path in sorted(left_out)), *few_only, *requested]


def environment(begins: datetime, *, engine: bool = True) -> dict[str, str]:
    """Return the environment of a process whose clock begins at `begins`."""
    already = timedelta(seconds=int(os.environ.get(AHEAD, "0")))
    ahead = math.ceil((begins - (datetime.now(CHINA) - already)).total_seconds())
    path = os.pathsep.join([str(OTHER_DAY), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {AHEAD: str(ahead), "PYTHONPATH": path} | ({} if engine else {ALONE: "yes"})


def can_set_the_engine() -> bool:
    """Return whether programs other than Python can have a shifted clock here, too.

    Raises:
        NotHere: not even Python can.
    """
    python = _year_of([sys.executable, "-c", _TELL], environment(_PROBED))
    if python != str(_PROBED.year):
        raise NotHere(python)
    launched = [sys.executable, str(OTHER_DAY / "sitecustomize.py"), environment(_PROBED)[AHEAD]]
    return _year_of([*launched, sys.executable, "-c", _TELL], {}) == str(_PROBED.year)


def _year_of(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip()


def _run(
    day: str, begins: datetime, arguments: list[str], jobs: int, engine: bool, share: str | None
) -> DayResult:
    print(f"\n=== {day}: {begins:%Y-%m-%d %H:%M} ===", flush=True)
    command = [
        sys.executable, "-m", "pytest", "-q", "-rfE", "-n", str(jobs), "--dist", "worksteal",
        "-p", "no:cacheprovider",
        *arguments,
    ]  # fmt: skip
    shifted = {} if day == "today" else environment(begins, engine=engine)
    env = os.environ | shifted | ({SHARE: share} if share else {})
    started = time.monotonic()
    texts: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None  # noqa: S101
        for line in running.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            texts.append(line)
    failed = tuple(_failed(texts))
    return DayResult(
        day, begins, running.returncode, _counts(texts), failed, time.monotonic() - started
    )


def _failed(texts: Sequence[str]) -> Iterator[str]:
    for line in texts:
        if match := re.match(r"(?:FAILED|ERROR) (\S+)", line):
            yield match[1]


def _counts(texts: Sequence[str]) -> str:
    for line in reversed(texts):
        if match := re.match(r"=*\s*(\d+ \w+.*?) in [\d.]+s", line):
            return match[1]
    return "no result"


def _days(text: str) -> list[str]:
    for day in (part := text.split(",")):
        moment(day)  # a ValueError is a usage error
    return part


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Run everything that knows a date on other days than today. "
        "Everything else that is given goes to pytest."
    )
    parser.add_argument("--days", type=_days, help=f"some of {', '.join(DAYS)}; or any other")
    parser.add_argument("--few", action="store_true", help=f"on SQLite only: {', '.join(FEW)}")
    parser.add_argument("--jobs", type=int, default=2, help="so many processes of pytest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
