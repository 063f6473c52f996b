"""Rounds of patrols: their numbers, their states, and the days on which they are due."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.model import Instant, Recorded
from domain.pack.patrols import RANK_OF, Patrols, Route, Rung, Told

LOOKED_BACK = timedelta(days=7)
"""The time back for which rounds are made afterwards: longer than any outage should last."""

PROOF_KEPT = timedelta(days=366)
"""The time for which stamps and photos of a round are kept: they say where somebody was, and when.
What was judged of them stays with the round."""


class RoundState(StrEnum):
    WAITING = "waiting"  # not finished, and its window is not over
    PROVED = "proved"  # walked in its window, and proved
    UNPROVED = "unproved"  # said to be walked, and not proved; it may be walked again
    MISSED = "missed"  # its window is over, and nothing is proved
    LATE = "late"  # missed, and walked and proved after that
    LAPSED = "lapsed"  # made only after its window: nobody could have walked it


WALKED = frozenset({RoundState.PROVED, RoundState.LATE})
"""The states of a round that was walked and proved."""
TO_WALK = frozenset({RoundState.WAITING, RoundState.UNPROVED, RoundState.MISSED})
"""The states of a round that can be walked."""


class PatrolRound(Recorded):
    """A round of a route on a day. What it was made by stays: route and pack may change.

    `attempt`: which time it is walked, counted from 1; stamps of one that proved nothing do not
    count for the next. `told`: how many rungs of its ladder were climbed. `rung_at`: when the next
    one is due. `faults`: why it is not proved, at the last time that it was finished.
    """

    id: str
    city: str
    route: str
    day: date
    unit: str
    reach: str | None = None
    starts: Instant
    ends: Instant
    made_at: Instant
    state: RoundState = RoundState.WAITING
    finished_at: Instant | None = None
    walked_by: str = ""
    faults: list[str] = Field(default_factory=list)
    attempt: int = 1
    told: int = 0
    rung_at: Instant | None = None


def round_id(city: str, route: str, day: date) -> str:
    """Return the number of the round of a route on a day: there is only this one."""
    return f"{city}.{route}.{day:%Y%m%d}"


ROUND_ID = re.compile(r"[0-9A-Za-z_.-]{1,32}\.[0-9A-Za-z_-]{1,24}\.\d{8}")


def days_to_make(made_until: date | None, today: date) -> list[date]:
    """Return the days whose rounds are looked at: today, and those that nobody looked at before.

    `made_until`: the last day that was looked at. A city's first day is today.
    """
    first = max((made_until or today), today - LOOKED_BACK)
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


def due_rounds(
    city: str, routes: Sequence[Route], days: Sequence[date], now: datetime
) -> Iterator[PatrolRound]:
    """Yield the rounds of these days as they are made at `now`, which is in the city's zone."""
    tz = now.tzinfo
    if tz is None:
        raise ValueError("a moment without a zone")
    for day in days:
        for route in routes:
            if not route.is_due(day):
                continue
            starts, ends = route.window(day, tz)
            lapsed = ends <= now
            yield PatrolRound(
                id=round_id(city, route.code, day),
                city=city,
                route=route.code,
                day=day,
                unit=route.unit,
                reach=route.reach,
                starts=starts,
                ends=ends,
                made_at=now,
                state=RoundState.LAPSED if lapsed else RoundState.WAITING,
                rung_at=None if lapsed else ends + route.missed[0].delay,
            )


@dataclass(frozen=True)
class Climb:
    """A rung that is due: its number, counted from 1, when it was due, and who is told."""

    n: int
    due_at: datetime
    told: tuple[str, ...]


def climbs(of: PatrolRound, patrols: Patrols, now: datetime) -> tuple[list[Climb], datetime | None]:
    """Return the rungs that a round has reached and not climbed, and when the next one is due.

    The ladder is that of the route as it is today; a route that is gone has none.
    """
    route = patrols.route(of.route)
    if route is None:
        return [], None
    rungs = list(enumerate(route.missed, 1))[of.told :]
    due = [(n, rung, of.ends + rung.delay) for n, rung in rungs]
    reached = [Climb(n, at, tuple(told_by(rung, of, patrols))) for n, rung, at in due if at <= now]
    return reached, next((at for _, _, at in due if at > now), None)


SUPERVISORS = "supervisor"
"""In place of a unit: the city's supervisors."""


def told_by(rung: Rung, of: PatrolRound, patrols: Patrols) -> Iterator[str]:
    """Yield whom a rung tells: the codes of units, or `SUPERVISORS`."""
    reach = patrols.reach(of.reach)
    for one in rung.tells:
        if one is Told.UNIT:
            yield of.unit
        elif one is Told.SUPERVISOR:
            yield SUPERVISORS
        elif reach is not None and (chief := reach.chiefs.get(RANK_OF[one])) is not None:
            yield chief
