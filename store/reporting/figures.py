"""The figures a city publishes (指标), computed from the events of its tickets.

A figure is a versioned formula of the city pack over the tickets of a period. The events of each
ticket are replayed up to one moment, `as_of`, so that a figure of a past period is the same
whenever it is computed. `as_of` is the end of the period, or a later moment to include the
exclusions decided until then.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from domain.events import Event
from domain.facts.closing import CalledBack, Replied
from domain.facts.merging import RepliedWithParent
from domain.pack.catalogue import Indicator
from domain.pack.pack import Pack, UnknownInPack
from domain.pack.periods import Period
from domain.policy.condition_inputs import case_of, due_of
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from packs.conditions import OF_TICKETS, compile_condition
from store.db.engine import Store
from store.reporting.indicators import Ratio
from store.tickets.event_replay import TicketReplay, each_replay, numbers_of

By = Literal["ended", "filed", "due"]


class UnknownIndicator(UnknownInPack):
    code, what = "unknown_indicator", "indicator"


@dataclass(frozen=True)
class Value:
    """The values before and after exclusion (剔除)."""

    before: Ratio
    after: Ratio


@dataclass(frozen=True, slots=True)
class CountedTicket:
    """A ticket of the denominator; `counts`: also of the numerator. `unit` is the lead unit."""

    number: str
    counts: bool
    excluded: bool
    unit: str


@dataclass(frozen=True)
class Figure:
    """One indicator of a period, of the whole city and of each unit that leads a ticket of it.

    The counts cover all tickets that `indicator.by` puts into the period: how many they are, how
    many were excluded, how many ended unrated, and how many of these the desk called back without
    reaching anybody.
    """

    indicator: Indicator
    value: Value
    units: Mapping[str, Value]
    tickets: int
    excluded: int
    unrated: int
    not_reached: int
    counted: tuple[CountedTicket, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Indicators of a period, in the pack's order, by the formulas of `pack_version`.

    `broken`: tickets whose events cannot be replayed, and which are therefore in no figure.
    """

    pack_version: str
    period: Period
    as_of: datetime
    figures: list[Figure]
    broken: list[str]


async def figures(
    store: Store,
    pack: Pack,
    period: Period,
    *,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
    tickets: bool = False,
) -> Figures:
    """Compute every indicator of the pack, or `only` some; with `tickets`, list theirs.

    For a past month as it was published, `pack` is the one it was published by: see
    `store.reporting.past_packs`. Numbers of tickets are held in memory, their events only for a few
    tickets at a time.

    Raises:
        ValueError: `as_of` is before the end of the period.
        UnknownIndicator: `only` names one that is not in the pack.
    """
    as_of = as_of or period.until
    if as_of < period.until:
        raise ValueError("a period is looked at after it has ended")
    indicators = _chosen(pack, only)
    counting = _Counting(indicators, period, as_of, tickets)
    needed: set[By] = {indicator.by for indicator in indicators}
    numbers = await numbers_of(store, pack.city.id, period, as_of, *sorted(needed))
    broken = await each_replay(store, numbers, counting.look)
    return Figures(pack.version, period, as_of, counting.figures(), broken)


def _chosen(pack: Pack, only: Collection[str] | None) -> list[Indicator]:
    known = {indicator.id: indicator for indicator in pack.indicators}
    unknown = sorted(set(only or ()) - known.keys())
    if unknown:
        raise UnknownIndicator(unknown[0], pack.city.id)
    return [one for one in pack.indicators if only is None or one.id in only]


@dataclass
class _Count:
    """The number of tickets in and not in the numerator."""

    before: Counter[bool] = field(default_factory=Counter)
    after: Counter[bool] = field(default_factory=Counter)

    def add(self, counts: bool, excluded: bool) -> None:
        self.before[counts] += 1
        if not excluded:
            self.after[counts] += 1

    def value(self) -> Value:
        return Value(_ratio(self.before), _ratio(self.after))


class _Tally:
    """The counts of one indicator."""

    def __init__(self, indicator: Indicator) -> None:
        self.indicator = indicator
        self.whole = _Count()
        self.units: dict[str, _Count] = defaultdict(_Count)
        self.counted: list[CountedTicket] = []
        self._over = compile_condition(indicator.over, OF_TICKETS)
        self._counts = compile_condition(indicator.counts, OF_TICKETS)

    def look(self, seen: Mapping[str, Any], ticket: Ticket, keep: bool) -> None:
        # A formula may test `excluded` itself; before exclusion, no ticket is excluded.
        before = {**seen, "excluded": False}
        if not self._over.holds(t=before):
            return
        counts, excluded = self._counts.holds(t=before), ticket.excluded
        self.whole.add(counts, excluded)
        if ticket.unit is not None:
            self.units[ticket.unit].add(counts, excluded)
        if keep:
            counted_ticket = CountedTicket(seen["number"], counts, excluded, seen["unit"])
            self.counted.append(counted_ticket)


class _Counting:
    """The counts of all indicators, added up ticket by ticket."""

    def __init__(
        self, indicators: Sequence[Indicator], period: Period, as_of: datetime, keep: bool
    ) -> None:
        self._period, self._as_of, self._keep = period, as_of, keep
        self._tallies = [_Tally(indicator) for indicator in indicators]
        self._beside: dict[str, Counter[str]] = {by: Counter() for by in ("ended", "filed", "due")}

    def look(self, replay: TicketReplay) -> None:
        ticket, events = replay.begun(), list[Event]()
        for event, current in replay.steps(self._as_of):
            ticket = current
            events.append(event)
        moments = {
            "ended": ticket.ended_at,
            "filed": ticket.complaint.filed_at,
            "due": due_of(ticket),
        }
        within = [by for by, moment in moments.items() if moment in self._period]
        if not within:
            return
        seen = case_of(ticket, self._as_of).model_dump()
        for by in within:
            self._beside[by].update(_beside(ticket, events))
        for tally in self._tallies:
            if tally.indicator.by in within:
                tally.look(seen, ticket, self._keep)

    def figures(self) -> list[Figure]:
        return [self._figure(tally) for tally in self._tallies]

    def _figure(self, tally: _Tally) -> Figure:
        beside = self._beside[tally.indicator.by]
        return Figure(
            indicator=tally.indicator,
            value=tally.whole.value(),
            units={unit: count.value() for unit, count in sorted(tally.units.items())},
            tickets=beside["tickets"],
            excluded=beside["excluded"],
            unrated=beside["unrated"],
            not_reached=beside["not_reached"],
            counted=tuple(tally.counted),
        )


def _ratio(counted: Counter[bool]) -> Ratio:
    return Ratio(counted[True], counted.total())


def _beside(ticket: Ticket, events: Sequence[Event]) -> dict[str, int]:
    return {
        "tickets": 1,
        "excluded": int(ticket.excluded),
        "unrated": int(ticket.ended_at is not None and ticket.verdict is None),
        "not_reached": int(_not_reached(ticket, events)),
    }


def _not_reached(ticket: Ticket, events: Sequence[Event]) -> bool:
    """Return whether the desk called about the last answer, and nobody could be reached."""
    if ticket.outcome is not Outcome.UNRATED:
        return False
    reached = []
    for event in reversed(events):
        if isinstance(event.fact, Replied | RepliedWithParent):
            break
        if isinstance(event.fact, CalledBack):
            reached.append(event.fact.reached)
    return bool(reached) and not any(reached)
