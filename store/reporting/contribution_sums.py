"""The sums of kept contributions over a period, as of a moment, and the tickets to replay beside.

Whole months come from sums by month and day of change; the parts of months at the ends of a period,
and the changes since the last midnight, from rows. Marked tickets are left out everywhere: whoever
asks replays them. All is read from one state of the database.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select

from domain.pack.city_days import CityDays, micros
from domain.pack.periods import Period
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.figure_tables import LAST, contribution, earned_point, figure_mark, figure_sum
from store.db.snapshots import one_state
from store.reporting.contribution_keeping import KeptSet
from store.reporting.formulas import By
from store.reporting.judging import Point
from store.reporting.kept_rows import POINTS, point_of

_TICKET, _MARK = tables.ticket.c, figure_mark.c
_ROW, _POINT, _SUM = contribution.c, earned_point.c, figure_sum.c

Counted = Counter[tuple[str, str]]
"""The counts by unit and bits, or by unit and rule."""

Query = Select[tuple[str, str, int]]


@dataclass(frozen=True)
class Span:
    """A period as whole months, first to last, and ranges to add or, with a minus, to take away.

    `night`: the last midnight of the city up to `as_of`; `day`: the day that begins there.
    """

    as_of: int
    day: int
    night: int
    next_night: int
    months: tuple[int, int]
    parts: Sequence[tuple[int, int, int]]
    ends: tuple[int, int]

    @property
    def aligned(self) -> bool:
        """True if the day had just begun."""
        return self.as_of == self.night


def span_of(days: CityDays, period: Period, as_of: datetime) -> Span:
    """Return the months and parts of months of a period.

    A month that is more than half in the period is taken as a whole, less what is not in it.
    """
    since, until, at = micros(period.since), micros(period.until), micros(as_of)
    first, last = days.month(since), days.month(max(since, until - 1))
    parts = list[tuple[int, int, int]]()
    day = days.date_of(at).toordinal()
    months = (first, last)
    if first == last and 2 * (until - since) < days.first_of(last + 1) - days.first_of(first):
        parts, months = [(1, since, until)], (1, 0)
    else:
        begins, ends = days.first_of(first), days.first_of(last + 1)
        if since - begins > days.first_of(first + 1) - since and first != last:
            months = (first + 1, months[1])
            parts.append((1, since, days.first_of(first + 1)))
        else:
            parts.append((-1, begins, since))
        # What lies behind `as_of` is hardly known, so little is taken away of a month in progress.
        if until < at and ends - until > until - days.first_of(last):
            months = (months[0], last - 1)
            parts.append((1, days.first_of(last), until))
        else:
            parts.append((-1, until, ends))
    return Span(
        as_of=at,
        day=day,
        night=days.midnight(day),
        next_night=days.midnight(day + 1),
        months=months,
        parts=[part for part in parts if part[1] < part[2]],
        ends=(since, until),
    )


class _Sums:
    """The counting of rows of a table as of a moment, by unit and bits, or unit and rule."""

    def __init__(self, table: Table, kept: KeptSet, span: Span) -> None:
        self._table, self._span = table, span
        self._row, self._days = table.c, kept.formulas.days
        self._kept = kept.id
        self._named = table.c.bits if table is contribution else table.c.rule
        self._shown = [self._row.formulas == kept.id]
        if table is earned_point:
            self._shown.append(~self._row.left_out)

    def of(self, connection: Connection, what: str, moment: ColumnElement[int]) -> Counted:
        """Count what `moment` puts into the period; `what` names its sums."""
        counted = Counted()
        for sign, statement in self._statements(what, moment):
            rows: Sequence[ResultRow] = connection.execute(statement).all()
            for unit, named, many in rows:
                counted[unit, named] += sign * int(many)
        return counted

    def listed(self, connection: Connection, moment: ColumnElement[int]) -> Sequence[ResultRow]:
        """List the rows that `moment` puts into the period."""
        rows = (
            select(self._table)
            .where(*self._shown, self._valid(), self._between(moment, *self._span.ends))
            .where(self._row.number.not_in(select(_MARK.number)))
            .order_by(self._row.number)
        )
        return connection.execute(rows).all()

    def gaps(self, connection: Connection) -> set[str]:
        """Return the tickets of which nothing is kept as of the moment."""
        span, row = self._span, self._row
        if span.aligned:
            return set()
        over = select(row.number).where(
            row.formulas == self._kept,
            row.since > span.as_of,
            row.since <= span.next_night,
            row.gap <= span.as_of,
        )
        return set(connection.execute(over).scalars())

    def _statements(self, what: str, moment: ColumnElement[int]) -> Iterator[tuple[int, Query]]:
        span, row = self._span, self._row
        if span.months[0] <= span.months[1]:
            yield 1, self._kept_sums(what)
            if not span.aligned:
                whole = self._between(moment, *self._whole_months())
                began = row.since > span.night
                yield 1, self._counting(began, self._valid(), whole)
                ceased = row.until > span.night, row.until <= span.as_of, row.since <= span.night
                yield -1, self._counting(self._changed(), *ceased, whole)
        for sign, since, until in span.parts:
            yield sign, self._counting(self._valid(), self._between(moment, since, until))
        marked = self._row.number.in_(select(_MARK.number))
        yield -1, self._counting(marked, self._valid(), self._between(moment, *span.ends))

    def _kept_sums(self, what: str) -> Query:
        first, last = self._span.months
        sums = select(_SUM.unit, _SUM.bits, func.sum(_SUM.n)).where(
            _SUM.formulas == self._kept,
            _SUM.what == what,
            _SUM.month >= first,
            _SUM.month <= last,
            _SUM.known < self._span.day,
        )
        return sums.group_by(_SUM.unit, _SUM.bits)

    def _changed(self) -> ColumnElement[bool]:
        """Choose rows of tickets that changed since midnight, by an index."""
        if self._table is earned_point:
            return self._row.until < LAST
        other = self._table.alias().c
        changed = select(other.number).where(
            other.formulas == self._kept,
            other.since > self._span.night,
            other.since <= self._span.next_night,
        )
        return self._row.number.in_(changed)

    def _counting(self, *conditions: ColumnElement[bool]) -> Query:
        named = self._row.unit, self._named
        return select(*named, func.count()).where(*self._shown, *conditions).group_by(*named)

    def _whole_months(self) -> tuple[int, int]:
        first, last = self._span.months
        return self._days.first_of(first), self._days.first_of(last + 1)

    def _valid(self) -> ColumnElement[bool]:
        return and_(self._row.since <= self._span.as_of, self._row.until > self._span.as_of)

    def _between(self, moment: ColumnElement[int], since: int, until: int) -> ColumnElement[bool]:
        return and_(moment >= since, moment < until)


@dataclass
class Summed:
    """The sums by what puts a ticket into the period. `replayed`: the tickets that are in none.

    `rows`: those of the tickets themselves, if they were asked for.
    """

    replayed: set[str]
    counted: dict[By, Counted] = field(default_factory=dict)
    rows: dict[By, Sequence[ResultRow]] = field(default_factory=dict)


async def summed(
    store: Store, kept: KeptSet, period: Period, as_of: datetime, by: Collection[By], listed: bool
) -> Summed:
    """Return the sums of contributions; with `listed`, their rows instead."""
    sums = _Sums(contribution, kept, span_of(kept.formulas.days, period, as_of))

    def work(connection: Connection) -> Summed:
        with one_state(store, connection):
            found = Summed(_marked(connection, kept, period) | sums.gaps(connection))
            for one in sorted(by):
                if listed:
                    found.rows[one] = sums.listed(connection, _ROW[one])
                else:
                    found.counted[one] = sums.of(connection, one, _ROW[one])
            return found

    return await store.read(work)


@dataclass
class SummedPoints:
    """Points that count, by unit and rule, and the tickets whose points do not, by unit.

    `earned`: all of one unit; how many points a rule gives is the pack's to say. `replayed`: the
    tickets that are in none of them.
    """

    counted: Counted
    left_out: Sequence[tuple[str, str]]
    earned: Sequence[Point]
    replayed: set[str]


async def summed_points(
    store: Store, kept: KeptSet, period: Period, as_of: datetime, unit: str | None
) -> SummedPoints:
    """Return the sums of points, and the points of `unit`."""
    span = span_of(kept.formulas.days, period, as_of)
    sums = _Sums(earned_point, kept, span)
    since, until = span.ends
    shown = (
        _POINT.formulas == kept.id,
        _POINT.since <= span.as_of,
        _POINT.until > span.as_of,
        _POINT.counted >= since,
        _POINT.counted < until,
        _POINT.number.not_in(select(_MARK.number)),
    )
    left_out = select(_POINT.unit, _POINT.number).where(*shown, _POINT.left_out).distinct()
    of_unit = select(earned_point).where(*shown, _POINT.unit == unit)
    of_unit = of_unit.order_by(_POINT.number, _POINT.n)

    def work(connection: Connection) -> SummedPoints:
        with one_state(store, connection):
            out = connection.execute(left_out).all()
            of = [] if unit is None else connection.execute(of_unit).all()
            return SummedPoints(
                counted=sums.of(connection, POINTS, _POINT.counted),
                left_out=[(row.unit, row.number) for row in out],
                earned=[point_of(row) for row in of],
                replayed=_marked(connection, kept, period),
            )

    return await store.read(work)


def _marked(connection: Connection, kept: KeptSet, period: Period) -> set[str]:
    """Return the marked tickets of the city that may be in the period."""
    marked = (
        select(_MARK.number)
        .join(tables.ticket, _TICKET.number == _MARK.number)
        .where(_TICKET.city == kept.formulas.city, _TICKET.filed_at < period.until)
    )
    return set(connection.execute(marked).scalars())
