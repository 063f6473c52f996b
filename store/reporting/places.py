"""The counts of each part of a city: of its districts, streets, communities and grid cells.

Division codes nest: a cell's begins with its community's, and that with its street's. Rates are as
in `store.reporting.indicators`: of what ended in the period, by the last rating, before exclusion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal_column, select

from domain.pack.periods import Period
from store.db import tables
from store.db.engine import ResultRow, Store
from store.reporting.indicators import Ratio
from store.tickets import rating_checks
from store.tickets.states import State, counted, in_state

LEVELS = (6, 9, 12, 15)
"""The digits of a district's, a street's, a community's and a cell's code."""

_TICKET = tables.ticket.c


@dataclass(frozen=True)
class PlaceCounts:
    """The tickets open and late now; filed and ended in the period, and its three rates."""

    open: int
    late: int
    filed: int
    ended: int
    response: Ratio
    resolution: Ratio
    satisfaction: Ratio


Counts = Mapping[str, PlaceCounts]
"""The counts by division code; "" stands for tickets in no known part of the whole."""


async def places(
    store: Store, city: str, within: str, digits: int, period: Period, now: datetime
) -> Counts:
    """Count the tickets in each part, by codes of so many `digits`, of the place `within`.

    `within` "" is the whole city, including tickets without a place.
    """
    query = _PlacesQuery(city, within, digits)
    rows = await store.rows(query.of(_now(now), in_state(State.OPEN, now)))
    filed = await store.rows(
        query.of(
            [func.count().label("filed")],
            _TICKET.filed_at >= period.since,
            _TICKET.filed_at < period.until,
        )
    )
    ended = await store.rows(
        query.of(
            _ended(),
            _TICKET.ended_at.is_not(None),
            _TICKET.ended_at >= period.since,
            _TICKET.ended_at < period.until,
        )
    )
    values: dict[str, dict[str, int]] = {}
    for row in (*rows, *filed, *ended):
        part = values.setdefault(query.part(row), {})
        for name, count in row._mapping.items():
            if name != "part":
                part[name] = part.get(name, 0) + count
    return {code: _counts(part) for code, part in sorted(values.items())}


@dataclass(frozen=True)
class _PlacesQuery:
    city: str
    within: str
    digits: int

    def of(self, columns: Sequence[Any], *conditions: Any) -> Select[Any]:
        """Select these columns for each part."""
        # Literals, because PostgreSQL does not see that two parameters are the same.
        length: Any = literal_column(str(int(self.digits)))
        part = func.substr(_TICKET.area, literal_column("1"), length)
        statement = select(part.label("part"), *columns).where(
            _TICKET.city == self.city, *conditions
        )
        if self.within:
            statement = statement.where(_TICKET.area.startswith(self.within, autoescape=True))
        return statement.group_by(part)

    def part(self, row: ResultRow) -> str:
        """Return the code of a row's part; "" if the ticket's code is shorter."""
        code = row.part or ""
        return code if len(code) == self.digits else ""


def _now(now: datetime) -> Sequence[Any]:
    return func.count().label("open"), counted(State.OVERDUE, now).label("late")


def _ended() -> Sequence[Any]:
    return (
        func.count().label("ended"),
        func.count().filter(_TICKET.rated, rating_checks.counts()).label("rated"),
        func.count().filter(_TICKET.contacted.is_not(None), rating_checks.counts()).label("asked"),
        func.count().filter(_TICKET.contacted, rating_checks.counts()).label("contacted"),
        func.count().filter(_TICKET.resolved, rating_checks.counts()).label("resolved"),
        func.count().filter(_TICKET.satisfied, rating_checks.counts()).label("satisfied"),
    )


def _counts(part: Mapping[str, int]) -> PlaceCounts:
    def count(name: str) -> int:
        return part.get(name, 0)

    return PlaceCounts(
        count("open"),
        count("late"),
        count("filed"),
        count("ended"),
        Ratio(count("contacted"), count("asked")),
        Ratio(count("resolved"), count("rated")),
        Ratio(count("satisfied"), count("rated")),
    )
