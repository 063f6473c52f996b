"""A test with five years of real requests of a city: what is told of a month comes true."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.insight.waiting import LEVELS, STEPS, WaitedFor, WaitSoFar, coverage
from domain.insight.waiting_statements import (
    Stated,
    WaitingCase,
    cells_of,
    hours_of,
    statements,
)

REQUESTS = Path(__file__).parents[2] / ".." / "shared" / "data" / "requests_311.csv"
LEAST = 50
YEAR, RECENT = timedelta(days=365), timedelta(days=60)


class Request(NamedTuple):
    kind: str
    agency: str
    filed: datetime
    closed: datetime | None


def _moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: DTZ007


def _requests() -> list[Request]:
    for path in (REQUESTS, Path("../shared/data/requests_311.csv")):
        if path.exists():
            with path.open(encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            agencies = {
                name: f"{n:02}" for n, name in enumerate(sorted({r["Agency"] for r in rows}))
            }
            kinds = {name: f"{n:04}" for n, name in enumerate(sorted({r["SRType"] for r in rows}))}
            found = [(row, _moment(row["CreatedDate"]), _moment(row["CloseDate"])) for row in rows]
            return [
                Request(agencies[row["Agency"]] + kinds[row["SRType"]], "", filed, closed)
                for row, filed, closed in found
                if filed is not None and (closed is None or closed >= filed)
            ]
    pytest.skip("the real requests are not here: ../shared/data/requests_311.csv")


def _case(one: Request, at: datetime) -> WaitingCase:
    over = one.closed is not None and one.closed < at
    until = one.closed if over and one.closed is not None else at
    waited = WaitSoFar(hours_of(until - one.filed), over)
    return WaitingCase(one.kind, one.agency, one.filed, dict.fromkeys(WaitedFor, waited))


def _stated(requests: list[Request], at: datetime) -> dict[tuple[str, str], Stated]:
    cases = [_case(one, at) for one in requests if at - YEAR <= one.filed < at]
    made = statements(cases, at - RECENT, LEAST)
    return {(s.category, s.unit): s for s in made if s.what is WaitedFor.CLOSURE}


def test_what_is_told_of_a_month_comes_true() -> None:
    requests = _requests()
    last = max(one.closed or one.filed for one in requests)
    kept: dict[float, list[bool]] = {level: [] for level in LEVELS}
    for n in range(48):
        begins = datetime(2015 + n // 12, n % 12 + 1, 1)  # noqa: DTZ001 - a city's own clock
        told = _stated(requests, begins)
        month = [one for one in requests if begins <= one.filed < begins + timedelta(days=30)]
        for one in month:
            said = next((told[c] for c in cells_of(one.kind, one.agency) if c in told), None)
            if said is not None:
                _compare(one, said, last, kept)
    found = {level: coverage(level, some) for level, some in kept.items()}
    shares = {level: round(one.kept / one.tickets, 4) for level, one in found.items()}
    assert min(one.tickets for one in found.values()) > 3000
    for level in LEVELS:
        assert shares[level] == pytest.approx(level, abs=0.05), shares


def _compare(one: Request, said: Stated, last: datetime, kept: dict[float, list[bool]]) -> None:
    for level in LEVELS:
        hours = said.steps[STEPS.index(level)]
        if hours is not None and one.filed + timedelta(hours=hours) <= last:
            took = None if one.closed is None else hours_of(one.closed - one.filed)
            kept[level].append(took is not None and took <= hours)
