"""The three rates (三率) of a city and a period, and the counts beside them.

A rate covers the tickets that ended in the period, by the last rating of each. What has ended no
longer changes, so a past month always gives the same figures. A ticket without a rating is counted
as unrated, and is in no numerator and no denominator. So is one
whose rating is set apart, as long as it is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from domain.deadlines.clocks import LevelKind
from domain.ticket.stages import Outcome
from store.db import tables
from store.db.engine import Store
from store.tickets import cards, rating_checks

_TICKET, _EVENT = tables.ticket.c, tables.event.c


@dataclass(frozen=True)
class Ratio:
    """`part` divided by `of`; without a value if `of` is zero."""

    part: int
    of: int

    @property
    def value(self) -> float | None:
        return self.part / self.of if self.of else None


@dataclass(frozen=True)
class Rates:
    """A period's figures. All but `accepted` and the cards are about tickets that ended in it.

    `response`: contacted, of the ratings that say whether they were; `resolution`: solved, and
    `satisfaction`: satisfied by the city's own threshold, of all rated. `unrated`: ended without
    a rating, whatever the outcome. Cards are those shown to units in the period, without those
    that have become void since.
    """

    response: Ratio
    resolution: Ratio
    satisfaction: Ratio
    accepted: int
    ended: int
    outcomes: dict[Outcome, int]
    rated: int
    unrated: int
    yellow_cards: int
    red_cards: int


async def three_rates(store: Store, city: str | None, since: datetime, until: datetime) -> Rates:
    """Return the figures of `city`, or of all cities, for since ≤ t < until."""
    by_outcome = await store.rows(_ended(city, since, until))
    accepted = await store.rows(_accepted(city, since, until))
    shown = await store.rows(_cards(city, since, until))
    counted = {LevelKind(level): count for level, count in shown}

    def total(name: str) -> int:
        return sum(getattr(row, name) for row in by_outcome)

    return Rates(
        response=Ratio(total("contacted"), total("asked")),
        resolution=Ratio(total("resolved"), total("rated")),
        satisfaction=Ratio(total("satisfied"), total("rated")),
        accepted=accepted[0][0],
        ended=total("ended"),
        outcomes=_outcomes(by_outcome),
        rated=total("rated"),
        unrated=total("ended") - total("rated"),
        yellow_cards=counted.get(LevelKind.WARN, 0),
        red_cards=counted.get(LevelKind.DUE, 0),
    )


def _outcomes(rows: Any) -> dict[Outcome, int]:
    counted = {Outcome(row.outcome): row.ended for row in rows}
    return {outcome: counted.get(outcome, 0) for outcome in Outcome}


def _within(
    table: Any, time: str, city: str | None, since: datetime, until: datetime
) -> ColumnElement[bool]:
    period = and_(table[time] >= since, table[time] < until)
    return period if city is None else and_(table.city == city, period)


def _ended(city: str | None, since: datetime, until: datetime) -> Select[Any]:
    def those(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(condition)

    def given(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return those(and_(condition, rating_checks.counts()))

    return (
        select(
            _TICKET.outcome,
            func.count().label("ended"),
            given(_TICKET.rated).label("rated"),
            given(_TICKET.contacted.is_not(None)).label("asked"),
            given(_TICKET.contacted).label("contacted"),
            given(_TICKET.resolved).label("resolved"),
            given(_TICKET.satisfied).label("satisfied"),
        )
        .where(_within(_TICKET, "ended_at", city, since, until), _TICKET.ended_at.is_not(None))
        .group_by(_TICKET.outcome)
    )


def _accepted(city: str | None, since: datetime, until: datetime) -> Select[Any]:
    within = _within(_TICKET, "filed_at", city, since, until)
    return select(func.count()).select_from(tables.ticket).where(within)


def _cards(city: str | None, since: datetime, until: datetime) -> Select[Any]:
    return (
        select(_EVENT.rung, func.count())
        .where(
            _within(_EVENT, "at", city, since, until),
            cards.counting(city),
        )
        .group_by(_EVENT.rung)
    )
