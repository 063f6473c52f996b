"""Waiting times as they are told, checked by what came after, and the load of units.

What is told is the closest statement that enough tickets stand behind.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from domain.insight.waiting import LEVELS, STEPS, Coverage, WaitedFor, coverage
from domain.insight.waiting_statements import WaitingCase, cells_of
from domain.pack.pack import Pack
from domain.pack.periods import month_at, month_of
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.waiting_tables import waiting
from store.reporting.waiting_making import cases_since

_SHARE, _WAITING = tables.assignment.c, waiting.c


@dataclass(frozen=True)
class WaitingStatement:
    """A statement. `steps`: the hours of `STEPS`, None if unknown. `over`: tickets that ended."""

    city: str
    month: str
    what: WaitedFor
    category: str
    unit: str
    made_at: datetime
    tickets: int
    over: int
    steps: tuple[float | None, ...]

    def hours(self, level: float) -> float | None:
        """Return the hours within which this share was over."""
        return self.steps[STEPS.index(level)]


async def told(
    store: Store, pack: Pack, category: str, units: Sequence[str], what: WaitedFor, now: datetime
) -> dict[str, WaitingStatement]:
    """Return the closest statement of this month for each of these units; "" for any unit."""
    wanted = {unit: cells_of(category, unit) for unit in units}
    codes = {cell[0] for cells in wanted.values() for cell in cells}
    rows = await store.rows(
        select(waiting).where(
            _WAITING.city == pack.city.id,
            _WAITING.month == month_at(pack, now),
            _WAITING.what == what.value,
            _WAITING.category.in_(sorted(codes)),
            _WAITING.unit.in_(sorted({*units, ""})),
        )
    )
    known = {(row.category, row.unit): _statement(row) for row in rows}
    found = {
        unit: next((known[c] for c in cells if c in known), None) for unit, cells in wanted.items()
    }
    return {unit: one for unit, one in found.items() if one is not None}


async def by_subject(
    store: Store, pack: Pack, what: WaitedFor, now: datetime
) -> list[WaitingStatement]:
    """Return this month's statements of subjects, whichever unit has them."""
    rows = await store.rows(
        select(waiting)
        .where(
            _WAITING.city == pack.city.id,
            _WAITING.month == month_at(pack, now),
            _WAITING.what == what.value,
            _WAITING.unit == "",
        )
        .order_by(_WAITING.category)
    )
    return [_statement(row) for row in rows]


def _statement(row: ResultRow) -> WaitingStatement:
    values = {k: v for k, v in row._mapping.items() if k != "usual"}
    values |= {"what": WaitedFor(row.what), "steps": tuple(json.loads(row.steps))}
    return WaitingStatement(**values)


@dataclass(frozen=True)
class CheckedStatement:
    """The outcome of a month's statements: for each share, of what, how many kept to it."""

    what: WaitedFor
    category: str
    unit: str
    level: float
    found: Coverage


async def check(store: Store, pack: Pack, month: str, now: datetime) -> list[CheckedStatement]:
    """Compare the statements of a month with the tickets that were filed in it.

    A ticket is compared once the stated time is over for it, or before, if it came to its end.
    Those that were withdrawn meanwhile are left out. Lines without a subject are of all.
    """
    period = month_of(pack, month)
    rows = await store.rows(
        select(waiting).where(
            _WAITING.city == pack.city.id, _WAITING.month == month, _WAITING.what != "load"
        )
    )
    known = {(one.what, one.category, one.unit): one for one in map(_statement, rows)}
    cases = await cases_since(store, pack, period.since, now, period.until)
    kept = defaultdict[tuple[WaitedFor, str, str, float], list[bool]](list)
    for case in cases:
        for what in WaitedFor:
            cells = cells_of(case.category, case.unit)
            said = next((known[what, *c] for c in cells if (what, *c) in known), None)
            if said is not None:
                _compare(case, said, now, kept)
    return [
        CheckedStatement(what, category, unit, level, coverage(level, some))
        for (what, category, unit, level), some in sorted(kept.items())
    ]


def _compare(
    case: WaitingCase,
    said: WaitingStatement,
    now: datetime,
    kept: dict[tuple[WaitedFor, str, str, float], list[bool]],
) -> None:
    waited = case.waited[said.what]
    for level in LEVELS:
        hours = said.hours(level)
        if hours is None or case.filed_at + timedelta(hours=hours) > now:
            continue  # its time is not over: nor may the quick ones be counted alone
        if not waited.over and waited.hours < hours:
            continue  # it was withdrawn before that
        in_time = waited.over and waited.hours <= hours
        kept[said.what, said.category, said.unit, level].append(in_time)
        kept[said.what, "", "", level].append(in_time)


# --- the load of units --------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenWork:
    """The open work of a unit, how much of it is overdue, and how much is usual."""

    unit: str
    open: int
    overdue: int
    usual: float | None


async def loads(
    store: Store, pack: Pack, units: Sequence[str], now: datetime
) -> dict[str, OpenWork]:
    """Return the load of these units, by one query of an index and one of the month's statement."""
    rows = await store.rows(
        select(
            _SHARE.unit,
            func.count().label("open"),
            func.count().filter(_SHARE.burns_at < now).label("overdue"),
        )
        .where(_SHARE.city == pack.city.id, _SHARE.unit.in_(units), _SHARE.ended_at.is_(None))
        .group_by(_SHARE.unit)
    )
    usual = await store.rows(
        select(_WAITING.unit, _WAITING.usual).where(
            _WAITING.city == pack.city.id,
            _WAITING.month == month_at(pack, now),
            _WAITING.what == "load",
            _WAITING.category == "",
            _WAITING.unit.in_(units),
        )
    )
    known = {row.unit: row.usual for row in usual}
    counted = {row.unit: row for row in rows}
    return {
        unit: OpenWork(
            unit,
            counted[unit].open if unit in counted else 0,
            counted[unit].overdue if unit in counted else 0,
            known.get(unit),
        )
        for unit in units
    }
