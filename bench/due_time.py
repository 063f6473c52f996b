"""The cost of a due time, compared with adding to a bare datetime.

Microseconds, the best of several rounds: of the due time alone, and of a whole clock with its
escalation policy. "special" is the same calendar with special hours on a hundred days.
"""

import timeit
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from domain.deadlines.calendar import OfficeSpan, WorkCalendar, add_limit
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock
from domain.pack.policies import LevelRule
from packs.registry import default_root, load_pack

LIMITS = ("2h", "4wh", "5wd")
TARGET = 50.0
"""Microseconds that a due time may cost."""

_CALLS, _ROUNDS = 1000, 9
_POLICY = (
    {"kind": "warn", "offset": "20%", "tells": ["officer"]},
    {"kind": "due", "offset": "1wh", "tells": ["officer", "supervisor"]},
    {"kind": "supervise", "offset": "1wd", "tells": ["supervisor"]},
    {"kind": "notice", "offset": "100%", "tells": ["officer", "dispatcher", "supervisor"]},
)


def microseconds(call: Callable[[], Any]) -> float:
    """Measure the cost of one call."""
    return min(timeit.repeat(call, number=_CALLS, repeat=_ROUNDS)) / _CALLS * 1e6


def special(calendar: WorkCalendar) -> WorkCalendar:
    """Return `calendar` with a hundred half days."""
    morning = (OfficeSpan.model_validate({"opens": "09:00", "closes": "12:00"}),)
    first = date(max(calendar.years), 1, 1)
    half_days = {first + timedelta(days=3 * n): morning for n in range(100)}
    return calendar.model_copy(update={"hours_on": half_days})


def full_policy(pack: Pack) -> Pack:
    """Return `pack` with four escalation levels for handling, in working time and percent."""
    rules = tuple(LevelRule.model_validate(level) for level in _POLICY)
    return pack.model_copy(update={"ladder": {ClockName.HANDLE: rules}})


def show(out: Console) -> None:
    """Measure, and print a table."""
    pack = full_policy(load_pack(default_root() / "tongzhou"))
    calendars = {"usual": pack.calendar, "special": special(pack.calendar)}
    start = datetime(max(pack.calendar.years), 3, 2, 10, 17, tzinfo=pack.calendar.tz)
    bare = microseconds(partial(start.__add__, timedelta(hours=2)))

    table = Table(title=f"due times; a bare addition costs {bare:.3f} µs")
    for heading in ("hours", "limit", "due time µs", "× bare", "clock with ladder µs", "× bare"):
        table.add_column(heading, justify="right")
    slowest = 0.0
    for hours, calendar in calendars.items():
        city = pack.model_copy(update={"calendar": calendar})
        for text in LIMITS:
            limit = Limit.parse(text)
            due = microseconds(partial(add_limit, calendar, start, limit))
            clock = microseconds(
                partial(plan_clock, city, ClockName.HANDLE, None, start, limit=limit)
            )
            slowest = max(slowest, due)
            cells = (f"{due:.1f}", f"{due / bare:.0f}", f"{clock:.1f}", f"{clock / bare:.0f}")
            table.add_row(hours, text, *cells)
    out.print(table)
    verdict = "within" if slowest < TARGET else "ABOVE"
    out.print(f"slowest due time {slowest:.1f} µs: {verdict} the target of {TARGET:g} µs")
