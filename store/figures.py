"""The figures a city publishes (指标), computed from the events of its tickets.

A figure is a versioned formula of the city pack over the tickets of a period. A ticket is told
again from its events as it was at one moment, `as_of`, and looked at then: so a figure of a past
period comes out the same whenever it is computed again. `as_of` is the end of the period unless
somebody wants to know how it looked later, when exclusions had been decided.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from domain.casting import case_of, due_of
from domain.catalogue import Indicator
from domain.events import Event
from domain.facts.closing import CalledBack, Replied
from domain.facts.merging import RepliedWithParent
from domain.pack import Pack
from domain.stages import Outcome
from domain.ticket import Ticket
from store.conditions import OF_TICKETS, compile_condition
from store.engine import Store
from store.indicators import Ratio
from store.lives import Life, each_life, numbers_of
from store.periods import Period

By = Literal["ended", "filed", "due"]


@dataclass(frozen=True)
class Behind:
    """A ticket of the denominator; `counts`: of the numerator, too."""

    number: str
    counts: bool
    excluded: bool


@dataclass(frozen=True)
class Figure:
    """One indicator of a period: before exclusion (剔除), and with the excluded left out.

    The rest is said beside it, of all tickets that `indicator.by` puts into the period: how many
    they are, how many were excluded, how many ended unrated, and how many of these the desk called
    back without reaching anybody.
    """

    indicator: Indicator
    before: Ratio
    after: Ratio
    tickets: int
    excluded: int
    unrated: int
    not_reached: int
    behind: tuple[Behind, ...] = ()


@dataclass(frozen=True)
class Figures:
    """All indicators of a period, in the pack's order.

    `broken`: tickets whose events cannot be told again, and which are therefore in no figure.
    """

    period: Period
    as_of: datetime
    figures: list[Figure]
    broken: list[str]


async def figures(
    store: Store,
    pack: Pack,
    since: datetime,
    until: datetime,
    *,
    as_of: datetime | None = None,
    tickets: bool = False,
) -> Figures:
    """Every indicator of the pack for since ≤ t < until; with `tickets`, those behind each.

    For a past month as it was published, `pack` is the version of the pack it was published by.
    Numbers of tickets are held in memory, their events only for a few tickets at a time.

    Raises:
        ValueError: `until` comes before `since`, or `as_of` before `until`.
    """
    period, as_of = Period(since, until), as_of or until
    if as_of < until:
        raise ValueError("a period is looked at after it has ended")
    counting = _Counting(pack.indicators, period, as_of, tickets)
    needed: set[By] = {indicator.by for indicator in pack.indicators}
    numbers = await numbers_of(store, pack.city.id, period, as_of, *sorted(needed))
    broken = await each_life(store, numbers, counting.look)
    return Figures(period, as_of, counting.figures(), broken)


@dataclass
class _Tally:
    """What was counted for one indicator."""

    indicator: Indicator
    before: Counter[bool] = field(default_factory=Counter)
    after: Counter[bool] = field(default_factory=Counter)
    behind: list[Behind] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = compile_condition(self.indicator.over, OF_TICKETS)
        self._counts = compile_condition(self.indicator.counts, OF_TICKETS)

    def look(self, told: dict[str, Any], keep: bool) -> None:
        # A formula may leave out the excluded by itself; before exclusion, nothing is excluded.
        if not self._over.holds(t=told | {"excluded": False}):
            return
        counts = self._counts.holds(t=told)
        self.before[counts] += 1
        if not told["excluded"]:
            self.after[counts] += 1
        if keep:
            self.behind.append(Behind(told["number"], counts, told["excluded"]))


class _Counting:
    """Looks at one ticket after the other."""

    def __init__(
        self, indicators: Sequence[Indicator], period: Period, as_of: datetime, keep: bool
    ) -> None:
        self._period, self._as_of, self._keep = period, as_of, keep
        self._tallies = [_Tally(indicator) for indicator in indicators]
        self._beside: dict[str, Counter[str]] = {by: Counter() for by in ("ended", "filed", "due")}

    def look(self, life: Life) -> None:
        ticket, events = life.begun(), list[Event]()
        for event, ticket in life.told(self._as_of):
            events.append(event)
        moments = {
            "ended": ticket.ended_at,
            "filed": ticket.complaint.filed_at,
            "due": due_of(ticket),
        }
        within = [by for by, moment in moments.items() if moment in self._period]
        if not within:
            return
        told = case_of(ticket, self._as_of).model_dump()
        for by in within:
            self._beside[by].update(_beside(ticket, events))
        for tally in self._tallies:
            if tally.indicator.by in within:
                tally.look(told, self._keep)

    def figures(self) -> list[Figure]:
        return [self._figure(tally) for tally in self._tallies]

    def _figure(self, tally: _Tally) -> Figure:
        beside = self._beside[tally.indicator.by]
        return Figure(
            indicator=tally.indicator,
            before=_ratio(tally.before),
            after=_ratio(tally.after),
            tickets=beside["tickets"],
            excluded=beside["excluded"],
            unrated=beside["unrated"],
            not_reached=beside["not_reached"],
            behind=tuple(tally.behind),
        )


def _ratio(counted: Counter[bool]) -> Ratio:
    return Ratio(counted[True], counted.total())


def _beside(ticket: Ticket, events: Sequence[Event]) -> dict[str, int]:
    return {
        "tickets": 1,
        "excluded": int(ticket.excluded),
        "unrated": int(ticket.ended_at is not None and ticket.rating is None),
        "not_reached": int(_not_reached(ticket, events)),
    }


def _not_reached(ticket: Ticket, events: Sequence[Event]) -> bool:
    """Whether the desk called about the last answer, and nobody could be reached."""
    if ticket.outcome is not Outcome.UNRATED:
        return False
    reached = []
    for event in reversed(events):
        if isinstance(event.fact, Replied | RepliedWithParent):
            break
        if isinstance(event.fact, CalledBack):
            reached.append(event.fact.reached)
    return bool(reached) and not any(reached)
