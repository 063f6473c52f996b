"""Points of units (考核): the events of a period, judged by the pack's scoring rules.

Each point is traced to the event that earned it: number and version of the event, code of the
rule. An event is judged with the ticket as it was just after it, so a past period gives the same
points whenever it is computed. Points of a ticket that is excluded (剔除) by `as_of` do not count,
except those for the exclusion itself, and those of rounds after the excluded one; the number of
such tickets is reported. Points of a card that had become void by then do not count either.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.pack.pack import Pack
from domain.pack.periods import Period
from store.db.engine import Store
from store.reporting import contribution_keeping
from store.reporting.contribution_sums import SummedPoints, summed_points
from store.reporting.formulas import formulas_of
from store.reporting.judging import NO_ROUND, Point, is_left_out, judged
from store.tickets.event_replay import TicketReplay, each_replay, numbers_of, those_of


@dataclass
class UnitScore:
    """One unit's points in a period; `rules`: how often each rule of the pack counted.

    `left_out`: excluded tickets that would have brought it points.
    """

    unit: str
    points: float = 0
    rules: Counter[str] = field(default_factory=Counter)
    left_out: int = 0


@dataclass(frozen=True)
class Scores:
    """The units of the pack, current and former, by the rules of `pack_version`.

    Most points first. `left_out`: excluded tickets that would have brought some unit points.
    `broken`: tickets whose events cannot be replayed, and which therefore brought none.
    `earned`: the points of the requested unit, in order, ticket by ticket.
    """

    pack_version: str
    period: Period
    as_of: datetime
    units: list[UnitScore]
    left_out: int
    broken: list[str]
    earned: tuple[Point, ...] = ()


async def scores(
    store: Store,
    pack: Pack,
    period: Period,
    *,
    as_of: datetime | None = None,
    unit: str | None = None,
) -> Scores:
    """Compute the points for events of since ≤ t < until; `earned` is that of `unit`.

    For a past month, `pack` is the one that it was judged by: see `store.reporting.past_packs`.

    Raises:
        ValueError: `as_of` is before the end of the period.
    """
    as_of = as_of or period.until
    if as_of < period.until:
        raise ValueError("a period is looked at after it has ended")
    kept = await contribution_keeping.asked(store, formulas_of(pack))
    if kept is None:
        return await scores_from_events(store, pack, period, as_of=as_of, unit=unit)
    judging = _Judging(pack, period, as_of, unit)
    found = await summed_points(store, kept, period, as_of, unit)
    judging.add(found)
    numbers = await those_of(store, found.replayed, pack.city.id, period, as_of, "touched")
    broken = await each_replay(store, numbers, judging.look)
    return _scores(judging, pack, period, as_of, broken)


async def scores_from_events(
    store: Store, pack: Pack, period: Period, *, as_of: datetime, unit: str | None = None
) -> Scores:
    """Compute the same from the events of every ticket of the period, and nothing else."""
    judging = _Judging(pack, period, as_of, unit)
    numbers = await numbers_of(store, pack.city.id, period, as_of, "touched")
    broken = await each_replay(store, numbers, judging.look)
    return _scores(judging, pack, period, as_of, broken)


def _scores(
    judging: "_Judging", pack: Pack, period: Period, as_of: datetime, broken: list[str]
) -> Scores:
    return Scores(
        pack_version=pack.version,
        period=period,
        as_of=as_of,
        units=judging.units(),
        left_out=judging.left_out,
        broken=broken,
        earned=tuple(sorted(judging.earned, key=lambda one: one.number)),
    )


class _Judging:
    """The points of all units, added up ticket by ticket."""

    def __init__(self, pack: Pack, period: Period, as_of: datetime, unit: str | None) -> None:
        self.left_out = 0
        self.earned: list[Point] = []
        self._period, self._as_of, self._unit = period, as_of, unit
        self._points = {rule.code: rule.points for rule in pack.scoring}
        self._scores = {one.code: UnitScore(one.code) for one in pack.units}
        self._rules = formulas_of(pack).rules

    def add(self, found: SummedPoints) -> None:
        """Add what is kept of all tickets but those that are replayed."""
        for (unit, rule), times in found.counted.items():
            if times:
                self._score(unit).rules[rule] += times
        for unit, _ in found.left_out:
            self._score(unit).left_out += 1
        self.left_out += len({number for _, number in found.left_out})
        self.earned += [replace(one, points=self._points[one.rule]) for one in found.earned]

    def look(self, replay: TicketReplay) -> None:
        points, excluded, void = list[Point](), NO_ROUND, list[int]()
        latest_at: datetime | None = None
        for event, ticket in replay.steps(self._as_of):
            # An escalation may be recorded late, under its own time. It counts at the latest time
            # recorded so far, so that every event is in exactly one period.
            latest_at = max(latest_at or event.at, event.at)
            excluded = ticket.round if ticket.excluded else excluded
            void = ticket.void_rungs
            if latest_at in self._period:
                points += judged(event, ticket, self._rules)
        # A card that became void gives no points.
        shown = [one for one in points if one.version not in void]
        self._count([replace(one, left_out=is_left_out(one, excluded)) for one in shown])

    def _count(self, points: Sequence[Point]) -> None:
        without = {one.unit for one in points if one.left_out}
        self.left_out += bool(without)
        for unit in without:
            self._score(unit).left_out += 1
        for one in points:
            if not one.left_out:
                self._score(one.unit).rules[one.rule] += 1
        self.earned += [one for one in points if one.unit == self._unit]

    def _score(self, unit: str) -> UnitScore:
        return self._scores.setdefault(unit, UnitScore(unit))

    def units(self) -> list[UnitScore]:
        for score in self._scores.values():
            # Counted and then multiplied, because a sum of decimal fractions is not exact.
            total = sum(times * self._points[rule] for rule, times in score.rules.items())
            score.points = round(total, 6)
        return sorted(self._scores.values(), key=lambda score: (-score.points, score.unit))
