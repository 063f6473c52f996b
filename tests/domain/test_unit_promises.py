"""Tests of promises: what follows from their day and the clock, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.promise import checks
from domain.promise.promise import MOST_OF_TICKET, Promise, PromiseEnd, PromiseState
from domain.refusals import Refused

DAY = date(2026, 11, 30)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def promise(**changes: Any) -> Promise:
    values: dict[str, Any] = {
        "id": "p",
        "number": "2611010000000",
        "city": "demo",
        "n": 1,
        "unit": "water",
        "text": "十一月底前修好",
        "due": DAY,
        "asked_until": DAY + timedelta(days=3),
        "made_at": AT,
        "made_by": "a",
    }
    return Promise(**values | changes)


@pytest.mark.parametrize(
    ("days", "state", "unsaid"),
    [
        (-1, PromiseState.OPEN, False),
        (0, PromiseState.DUE, False),
        (3, PromiseState.DUE, False),
        (4, PromiseState.BROKEN, True),
        (400, PromiseState.BROKEN, True),
    ],
)
def test_silence_after_the_grace_is_a_broken_promise(
    days: int, state: PromiseState, unsaid: bool
) -> None:
    today = DAY + timedelta(days=days)
    assert promise().state(today) is state
    assert promise().unsaid(today) is unsaid


@pytest.mark.parametrize("end", PromiseEnd)
def test_what_was_recorded_of_its_end_stays(end: PromiseEnd) -> None:
    ended = promise(end=end)
    for days in (-30, 0, 400):
        assert ended.state(DAY + timedelta(days=days)) == end.value
        assert not ended.unsaid(DAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("due", "code"),
    [
        (None, "promise_undated"),
        (DAY - timedelta(days=1), "in_the_past"),
        (DAY, ""),
        (DAY + timedelta(days=366), ""),
        (DAY + timedelta(days=367), "too_far"),
        (date(9999, 12, 31), "too_far"),
    ],
)
def test_a_promise_has_a_day_that_is_near_enough(due: date | None, code: str) -> None:
    if not code:
        assert checks.check_day(due, DAY, 366) == due
        return
    with pytest.raises(Refused) as refused:
        checks.check_day(due, DAY, 366)
    assert refused.value.code == code


def test_a_ticket_has_so_many_promises_and_no_more() -> None:
    checks.check_count(MOST_OF_TICKET - 1)
    with pytest.raises(Refused):
        checks.check_count(MOST_OF_TICKET)
