"""The satisfaction of a period with its error: what is set apart, and what a sample corrects."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.rating import Apart
from domain.uncertainty import Estimate, Interval, Stratum, combined, interval
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.satisfaction_tables import rating_check, satisfaction_answer, satisfaction_draw
from store.reporting.indicators import Ratio

_TICKET, _CHECK = tables.ticket.c, rating_check.c
_DRAW, _ANSWER = satisfaction_draw.c, satisfaction_answer.c


@dataclass(frozen=True)
class UsedDraw:
    """A draw whose answers correct the rate: whoever has its seed can repeat it."""

    id: str
    algorithm: str
    seed: str
    size: int
    population: int


@dataclass(frozen=True)
class FairSatisfaction:
    """The satisfaction of the tickets that ended in a period.

    `counted`: the ratings that count. `error`: its bounds at 95 %, if those who rated stand for
    all. `apart`: the ratings set apart, by their reason; `lifted`: those that count again. `drawn`:
    tickets whose citizens are to be asked again; `asked`: of these the ones who answered.
    `corrected`: the share of all who rated, by what they said when they were asked again; None as
    long as too few did.
    """

    counted: Ratio
    error: Interval | None
    apart: Mapping[Apart, int]
    lifted: int
    drawn: int
    asked: int
    corrected: Estimate | None
    draws: tuple[UsedDraw, ...]

    @property
    def set_apart(self) -> int:
        """The number of ratings that are set apart."""
        return sum(self.apart.values())


async def fair_satisfaction(
    store: Store, pack: Pack, period: Period, as_of: datetime | None = None
) -> FairSatisfaction:
    """Return the satisfaction of a period as it was known before `as_of`, by default its end.

    What citizens say when they are asked again is taken whenever they say it: they can only be
    asked after the period has ended.
    """
    until = as_of or period.until
    rated = await _rated(store, pack.city.id, period)
    draws = await _draws(store, pack, period)
    apart, counted, strata = Counter[Apart](), Counter[bool](), dict[str, list[ResultRow]]()
    lifted = 0
    for row in rated:
        reason = _apart(row, until)
        lifted += row.reason is not None and reason is None and row.apart_at < until
        if reason is None:
            counted[bool(row.satisfied)] += 1
        else:
            apart[reason] += 1
        strata.setdefault((reason and "apart") or f"{bool(row.satisfied)}", []).append(row)
    known = Ratio(counted[True], counted.total())
    asked = sum(row.again is not None for row in rated)
    return FairSatisfaction(
        counted=known,
        error=interval(known.part, known.of),
        apart=apart,
        lifted=lifted,
        drawn=len({number for one in draws for number in _drawn(one)}),
        asked=asked,
        corrected=_corrected(strata) if asked >= pack.satisfaction.least else None,
        draws=tuple(
            UsedDraw(one.id, one.algorithm, one.seed, one.size, len(_population(one)))
            for one in draws
        ),
    )


def _corrected(strata: Mapping[str, list[ResultRow]]) -> Estimate | None:
    """Return the share of satisfied citizens among all who rated.

    The satisfied, the dissatisfied and those set apart are each a part of its own: the answers of
    some stand for the others of that part.
    """
    asked = {
        name: [bool(row.again) for row in rows if row.again is not None]
        for name, rows in strata.items()
    }
    all_asked = [one for some in asked.values() for one in some]
    pooled = sum(all_asked) / len(all_asked) if all_asked else 0.0
    supposed = {"True": 1.0, "False": 0.0, "apart": pooled}
    return combined(
        Stratum(len(rows), sum(asked[name]), len(asked[name]), supposed[name])
        for name, rows in strata.items()
    )


def _apart(row: ResultRow, until: datetime) -> Apart | None:
    if row.reason is None or row.apart_at >= until:
        return None
    lifted = row.lifted_at is not None and row.lifted_at < until
    return None if lifted else Apart(row.reason)


async def _rated(store: Store, city: str, period: Period) -> list[ResultRow]:
    """Return the rated tickets that ended in the period, without the excluded ones."""
    check = and_(_CHECK.number == _TICKET.number, _CHECK.last, _CHECK.reason.is_not(None))
    again = (
        select(_ANSWER.satisfied)
        .where(_ANSWER.number == _TICKET.number, _ANSWER.satisfied.is_not(None))
        .order_by(_ANSWER.at)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            _TICKET.number,
            _TICKET.satisfied,
            _CHECK.reason,
            _CHECK.apart_at,
            _CHECK.lifted_at,
            again.label("again"),
        )
        .select_from(tables.ticket.outerjoin(rating_check, check))
        .where(
            _TICKET.city == city,
            _TICKET.ended_at.is_not(None),
            _TICKET.ended_at >= period.since,
            _TICKET.ended_at < period.until,
            _TICKET.rated,
            _TICKET.excluded.is_(False),
        )
    )
    return list(await store.rows(statement))


async def _draws(store: Store, pack: Pack, period: Period) -> list[ResultRow]:
    """Return the draws from days of the period."""
    zone = pack.calendar.tz
    first = period.since.astimezone(zone).date()
    last = (period.until - timedelta(microseconds=1)).astimezone(zone).date()
    statement = select(satisfaction_draw).where(
        _DRAW.city == pack.city.id, _DRAW.since <= last, _DRAW.until >= first
    )
    return list(await store.rows(statement.order_by(_DRAW.n)))


def _population(row: ResultRow) -> list[str]:
    found: list[str] = json.loads(row.population)
    return found


def _drawn(row: ResultRow) -> list[str]:
    return _population(row)[: row.size]
