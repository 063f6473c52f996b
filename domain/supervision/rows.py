"""A row of a supervision list (督导清单), and how it changes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.deadlines.calendar import WorkCalendar, add_limit
from domain.deadlines.limits import Limit
from domain.model import Instant, Recorded
from domain.refusals import Refused

LONGEST = timedelta(days=366)
"""The longest time until a deadline."""


class RowState(StrEnum):
    OPEN = "open"  # 整改中: it has to be rectified
    REVISIT = "revisit"  # 待回访: it is said to be rectified
    SETTLED = "settled"  # 销号: it held at every revisit


class StepKind(StrEnum):
    PUT = "put"
    RECTIFIED = "rectified"
    HOLDS = "holds"
    CAME_BACK = "came_back"
    SETTLE_ALL = "settle_all"


class ListRow(Recorded):
    """A problem on a leader's list.

    `rule`: the pack's that put it there; "" by hand. `due`: the last day in time, in the city.
    `revisits`: the intervals as of the day on which it was put. `held`: revisits since the result
    at which it held. `back`: how often it came back. `result`: what was done, as of the last time.
    """

    id: str
    city: str
    number: str
    leader: str
    unit: str
    rule: str = ""
    text: str
    state: RowState = RowState.OPEN
    due: date
    revisits: list[Limit] = Field(default_factory=list)
    held: int = 0
    back: int = 0
    revisit_due: date | None = None
    result: str = ""
    put_at: Instant
    result_at: Instant | None = None
    settled_at: Instant | None = None

    @property
    def next_day(self) -> date | None:
        """The day until which something has to happen; None once it is settled."""
        return {
            RowState.OPEN: self.due,
            RowState.REVISIT: self.revisit_due,
            RowState.SETTLED: None,
        }[self.state]

    def late(self, today: date) -> bool:
        """Return whether the rectification, or the next revisit, is past its day."""
        return self.next_day is not None and self.next_day < today


class ListStep(Recorded):
    """Something that happened to a row. `due`: the deadline that it set."""

    n: int
    at: Instant
    kind: StepKind
    role: str
    actor: str
    text: str
    due: date | None = None


def day_of(calendar: WorkCalendar, at: datetime) -> date:
    """Return the city's day at a moment."""
    return at.astimezone(calendar.tz).date()


def deadline(calendar: WorkCalendar, at: datetime, limit: Limit, asked: date | None) -> date:
    """Return the last day in time: the one that is asked for, or by the pack's limit.

    Raises:
        Refused: in_the_past, too_far
    """
    today = day_of(calendar, at)
    if asked is None:
        return day_of(calendar, add_limit(calendar, at, limit))
    if asked < today:
        raise Refused("in_the_past", "The deadline is in the past.")
    if asked - today > LONGEST:
        raise Refused("too_far", "The deadline is too far away.")
    return asked


def rectified(row: ListRow, calendar: WorkCalendar, text: str, at: datetime) -> ListRow:
    """Return the row with its result; the revisits follow.

    Raises:
        Refused: row_not_now
    """
    if row.state is not RowState.OPEN:
        raise _not_now()
    first = _revisit_day(calendar, at, row.revisits, 0)
    return row.model_copy(
        update={
            "state": RowState.REVISIT,
            "result": text,
            "result_at": at,
            "held": 0,
            "revisit_due": first,
        }
    )


def held(row: ListRow, calendar: WorkCalendar, at: datetime) -> ListRow:
    """Return the row after a revisit at which it held; after the last one it is settled.

    Raises:
        Refused: row_not_now, revisit_too_early
    """
    if row.state is not RowState.REVISIT or row.result_at is None:
        raise _not_now()
    if row.revisit_due is not None and day_of(calendar, at) < row.revisit_due:
        raise Refused("revisit_too_early", "The next revisit is not due yet.")
    if row.held + 1 >= len(row.revisits):
        done = {"state": RowState.SETTLED, "revisit_due": None, "settled_at": at}
        return row.model_copy(update={"held": row.held + 1, **done})
    # Counted from the result, but never on a day that a late revisit has overtaken.
    planned = _revisit_day(calendar, row.result_at, row.revisits, row.held + 1)
    tomorrow = day_of(calendar, at) + timedelta(days=1)
    return row.model_copy(
        update={"held": row.held + 1, "revisit_due": max(planned, tomorrow)},
    )


def came_back(row: ListRow, due: date) -> ListRow:
    """Return the row after a revisit at which the problem was back: it is open, with a new day.

    Raises:
        Refused: row_not_now
    """
    if row.state is not RowState.REVISIT:
        raise _not_now()
    return row.model_copy(
        update={
            "state": RowState.OPEN,
            "due": due,
            "held": 0,
            "back": row.back + 1,
            "revisit_due": None,
            "result": "",
            "result_at": None,
        }
    )


def _revisit_day(
    calendar: WorkCalendar, since: datetime, revisits: Sequence[Limit], n: int
) -> date:
    return day_of(calendar, add_limit(calendar, since, revisits[n]))


def _not_now() -> Refused:
    return Refused("row_not_now", "Not possible in the state that the row is in.")
