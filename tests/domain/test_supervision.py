"""Tests of the rows of supervision lists: deadlines by the calendar, revisits until it holds."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.deadlines.limits import Limit
from domain.refusals import Refused
from domain.supervision.rows import (
    ListRow,
    RowState,
    came_back,
    day_of,
    deadline,
    held,
    rectified,
)
from packs.registry import default_root, load_pack

CALENDAR = load_pack(default_root() / "jinan").calendar
FRIDAY = datetime(2026, 3, 6, 2, tzinfo=UTC)
"""A working Friday, ten o'clock in the city."""


def a_row(**changes: object) -> ListRow:
    values: dict[str, object] = {
        "id": "a1",
        "city": "jinan",
        "number": "2603020000001",
        "leader": "west",
        "unit": "street",
        "text": "拆除地锁",
        "due": date(2026, 3, 11),
        "revisits": [Limit.parse(one) for one in ("7d", "30d", "90d")],
        "put_at": FRIDAY,
    }
    return ListRow.model_validate(values | changes)


def on(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def refusal(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_a_deadline_counts_working_days_of_the_city() -> None:
    three = Limit.parse("3wd")
    assert deadline(CALENDAR, FRIDAY, three, None) == date(2026, 3, 11), "the weekend is left out"
    # The day in the city counts: at 18:00 in London it is already Saturday there.
    late = datetime(2026, 3, 6, 18, tzinfo=UTC)
    assert day_of(CALENDAR, late) == date(2026, 3, 7)
    assert refusal(lambda: deadline(CALENDAR, late, three, date(2026, 3, 6))) == "in_the_past"


def test_today_is_in_time_and_yesterday_is_past() -> None:
    five = Limit.parse("5wd")
    assert deadline(CALENDAR, FRIDAY, five, date(2026, 3, 6)) == date(2026, 3, 6)
    assert refusal(lambda: deadline(CALENDAR, FRIDAY, five, date(2026, 3, 5))) == "in_the_past"
    assert refusal(lambda: deadline(CALENDAR, FRIDAY, five, date(2028, 3, 5))) == "too_far"


def test_a_row_is_late_the_day_after() -> None:
    row = a_row()
    assert not row.late(row.due)
    assert row.late(row.due + timedelta(days=1))


def test_it_is_settled_after_the_last_revisit_at_which_it_holds() -> None:
    row = rectified(a_row(), CALENDAR, "已拆除", FRIDAY)
    assert (row.state, row.revisit_due) == (RowState.REVISIT, date(2026, 3, 13))
    for days, following in ((7, date(2026, 4, 5)), (30, date(2026, 6, 4)), (90, None)):
        at = on(FRIDAY.date() + timedelta(days=days))
        assert refusal(lambda at=at, row=row: held(row, CALENDAR, at - timedelta(days=1))) == (
            "revisit_too_early"
        )
        row = held(row, CALENDAR, at)
        assert row.revisit_due == following
    assert (row.state, row.held, row.late(date(2999, 1, 1))) == (RowState.SETTLED, 3, False)
    assert refusal(lambda: held(row, CALENDAR, on(date(2027, 1, 4)))) == "row_not_now"
    assert refusal(lambda: came_back(row, date(2027, 1, 4))) == "row_not_now"


def test_revisits_that_were_late_are_not_made_up_for_on_one_day() -> None:
    row = rectified(a_row(), CALENDAR, "已拆除", FRIDAY)
    far = on(date(2026, 12, 1))
    row = held(row, CALENDAR, far)
    assert row.revisit_due == date(2026, 12, 2)
    assert refusal(lambda: held(row, CALENDAR, far)) == "revisit_too_early"


def test_what_came_back_is_open_again_and_begins_its_revisits_anew() -> None:
    row = rectified(a_row(), CALENDAR, "已拆除", FRIDAY)
    row = held(row, CALENDAR, on(date(2026, 3, 13)))
    row = came_back(row, date(2026, 3, 20))
    assert (row.state, row.due, row.back, row.held) == (RowState.OPEN, date(2026, 3, 20), 1, 0)
    assert (row.result, row.revisit_due) == ("", None)
    assert refusal(lambda: came_back(row, date(2026, 3, 21))) == "row_not_now"
    again = rectified(row, CALENDAR, "再次拆除", on(date(2026, 3, 20)))
    assert again.revisit_due == date(2026, 3, 27)
