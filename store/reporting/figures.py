"""The figures a city publishes (指标), computed from the events of its tickets.

A figure is a versioned formula of the city pack over the tickets of a period. The events of each
ticket are replayed up to one moment, `as_of`, so that a figure of a past period is the same
whenever it is computed. `as_of` is the end of the period, or a later moment to include the
exclusions decided until then.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.events import Event
from domain.pack.catalogue import Indicator
from domain.pack.pack import Pack, UnknownInPack
from domain.pack.periods import Period
from domain.policy.condition_inputs import case_of
from domain.ticket.ticket import Ticket
from packs.conditions import OF_TICKETS, compile_condition
from store.db.engine import Store
from store.reporting import contribution_keeping
from store.reporting.contribution_sums import Summed, summed
from store.reporting.formulas import (
    COUNTS,
    EVERY_BY,
    EXCLUDED,
    OUT,
    By,
    beside,
    flags_of,
    formulas_of,
    moments_of,
)
from store.reporting.indicators import Ratio
from store.tickets.event_replay import TicketReplay, each_replay, numbers_of, those_of


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
    `store.reporting.past_packs`. What tickets contribute is read where it is kept for the pack's
    formulas, and replayed of the tickets that changed since; otherwise it is replayed of all.

    Raises:
        ValueError: `as_of` is before the end of the period.
        UnknownIndicator: `only` names one that is not in the pack.
    """
    as_of = as_of or period.until
    if as_of < period.until:
        raise ValueError("a period is looked at after it has ended")
    indicators = _chosen(pack, only)
    formulas = formulas_of(pack)
    kept = await contribution_keeping.asked(store, formulas)
    if kept is None:
        return await figures_from_events(
            store, pack, period, as_of=as_of, only=only, tickets=tickets
        )
    counting = _Counting(indicators, period, as_of, tickets)
    needed: set[By] = {indicator.by for indicator in indicators}
    found = await summed(store, kept, period, as_of, needed, listed=tickets)
    places = dict(zip((one.id for one in indicators), formulas.places(indicators), strict=True))
    await asyncio.to_thread(counting.add, found, places)
    city = pack.city.id
    numbers = await those_of(store, found.replayed, city, period, as_of, *sorted(needed))
    broken = await each_replay(store, numbers, counting.look)
    return Figures(pack.version, period, as_of, counting.figures(), broken)


async def figures_from_events(
    store: Store,
    pack: Pack,
    period: Period,
    *,
    as_of: datetime,
    only: Collection[str] | None = None,
    tickets: bool = False,
) -> Figures:
    """Compute the same from the events of every ticket that may be in the period, and nothing else.

    It takes some milliseconds for each ticket. Numbers of tickets are held in memory, their events
    only for a few tickets at a time.

    Raises:
        UnknownIndicator: `only` names one that is not in the pack.
    """
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

    def add(self, counts: bool, excluded: bool, times: int = 1) -> None:
        self.before[counts] += times
        if not excluded:
            self.after[counts] += times

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
        counts = self._counts.holds(t=before)
        self.add(seen["unit"], counts, ticket.excluded)
        if keep:
            counted_ticket = CountedTicket(seen["number"], counts, ticket.excluded, seen["unit"])
            self.counted.append(counted_ticket)

    def add(self, unit: str, counts: bool, excluded: bool, times: int = 1) -> None:
        self.whole.add(counts, excluded, times)
        if unit:
            self.units[unit].add(counts, excluded, times)


class _Counting:
    """The counts of all indicators, added up ticket by ticket."""

    def __init__(
        self, indicators: Sequence[Indicator], period: Period, as_of: datetime, keep: bool
    ) -> None:
        self._period, self._as_of, self._keep = period, as_of, keep
        self._tallies = [_Tally(indicator) for indicator in indicators]
        self._beside: dict[str, Counter[str]] = {by: Counter() for by in EVERY_BY}

    def look(self, replay: TicketReplay) -> None:
        ticket, events = replay.begun(), list[Event]()
        for event, current in replay.steps(self._as_of):
            ticket = current
            events.append(event)
        within = [by for by, moment in moments_of(ticket).items() if moment in self._period]
        if not within:
            return
        seen = case_of(ticket, self._as_of).model_dump()
        for by in within:
            self._beside[by].update(beside(ticket, events))
        for tally in self._tallies:
            if tally.indicator.by in within:
                tally.look(seen, ticket, self._keep)

    def add(self, found: Summed, places: Mapping[str, int]) -> None:
        """Add what is kept of all tickets but those that are replayed."""
        for by, rows in found.rows.items():
            found.counted[by] = Counter((row.unit, row.bits) for row in rows)
        for by, counted in found.counted.items():
            for (_, bits), times in counted.items():
                self._beside[by].update(flags_of(bits, times))
        for tally in self._tallies:
            by, place = tally.indicator.by, places[tally.indicator.id]
            for (unit, bits), times in found.counted[by].items():
                if times and bits[place] != OUT:
                    tally.add(unit, bits[place] == COUNTS, bits[EXCLUDED] == "1", times)
            tally.counted += [
                CountedTicket(
                    row.number, row.bits[place] == COUNTS, row.bits[EXCLUDED] == "1", row.unit
                )
                for row in found.rows.get(by, ())
                if row.bits[place] != OUT
            ]

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
            counted=tuple(sorted(tally.counted, key=lambda one: one.number)),
        )


def _ratio(counted: Counter[bool]) -> Ratio:
    return Ratio(counted[True], counted.total())
