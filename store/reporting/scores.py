"""Points of units (考核): the events of a period, judged by the pack's scoring rules.

Each point is traced to the event that earned it: number and version of the event, code of the
rule. An event is judged with the ticket as it was just after it, so a past period gives the same
points whenever it is computed. Points of a ticket that is excluded (剔除) by `as_of` do not count,
except those for the exclusion itself, and those of rounds after the excluded one; the number of
such tickets is reported. Points of a card that had become void by then do not count either.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.events import Event
from domain.facts.intake import Answered
from domain.pack.catalogue import ScoringRule
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.policy.condition_inputs import case_of, event_case, judged_kind, share_case, share_of
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket
from packs.conditions import OF_EVENTS, Condition, compile_condition
from store.db.engine import Store
from store.tickets.event_replay import TicketReplay, each_replay, numbers_of

ABOUT_EXCLUSION = ("exclusion_asked", "exclusion_granted")
"""The events of an excluded ticket whose points still count: they are about the exclusion."""

_NO_ROUND = -1
"""The last excluded round of a ticket that has none."""


@dataclass(frozen=True, slots=True)
class Point:
    """The points of a unit for one event by one rule. `version` is the event's in its ticket.

    `part`: the kind of the event's share: lead, co, delegate or verify. `left_out`: it does not
    count, because the ticket is excluded. `round`: the ticket's, just after the event.
    """

    unit: str
    part: str
    rule: str
    points: float
    number: str
    version: int
    at: datetime
    event: str
    round: int = 0
    left_out: bool = False


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
    judging = _Judging(pack, period, as_of, unit)
    numbers = await numbers_of(store, pack.city.id, period, as_of, "touched")
    broken = await each_replay(store, numbers, judging.look)
    return Scores(
        pack_version=pack.version,
        period=period,
        as_of=as_of,
        units=judging.units(),
        left_out=judging.left_out,
        broken=broken,
        earned=tuple(judging.earned),
    )


class _Judging:
    """The points of all units, added up ticket by ticket."""

    def __init__(self, pack: Pack, period: Period, as_of: datetime, unit: str | None) -> None:
        self.left_out = 0
        self.earned: list[Point] = []
        self._period, self._as_of, self._unit = period, as_of, unit
        self._points = {rule.code: rule.points for rule in pack.scoring}
        self._scores = {one.code: UnitScore(one.code) for one in pack.units}
        self._rules: dict[str, list[tuple[ScoringRule, Condition]]] = defaultdict(list)
        for rule in pack.scoring:
            self._rules[rule.on].append((rule, compile_condition(rule.when, OF_EVENTS)))

    def look(self, replay: TicketReplay) -> None:
        points, excluded, void = list[Point](), _NO_ROUND, list[int]()
        latest_at: datetime | None = None
        for event, ticket in replay.steps(self._as_of):
            # An escalation may be recorded late, under its own time. It counts at the latest time
            # recorded so far, so that every event is in exactly one period.
            latest_at = max(latest_at or event.at, event.at)
            excluded = ticket.round if ticket.excluded else excluded
            void = ticket.void_rungs
            if latest_at in self._period:
                points += self._judged(event, ticket)
        # A card that became void gives no points.
        shown = [one for one in points if one.version not in void]
        self._count([replace(one, left_out=_left_out(one, excluded)) for one in shown])

    def _judged(self, event: Event, ticket: Ticket) -> Iterator[Point]:
        rules = self._rules.get(judged_kind(event, ticket))
        if not rules:
            return
        share = share_of(event, ticket)
        seen = {
            "e": event_case(event, ticket).model_dump(),
            "a": share_case(ticket, share, event.at).model_dump(),
            "t": case_of(ticket, event.at).model_dump(),
        }
        for rule, condition in rules:
            unit = _EARNS[rule.to](event, ticket, share)
            if unit is not None and condition.holds(**seen):
                yield Point(
                    unit=unit,
                    part=share.share if share else "",
                    rule=rule.code,
                    points=rule.points,
                    number=event.number,
                    version=event.version,
                    at=event.at,
                    event=event.kind,
                    round=ticket.round,
                )

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


def _left_out(point: Point, excluded: int) -> bool:
    """Return whether the point is of a round up to the last one that is excluded."""
    return point.round <= excluded and point.event not in ABOUT_EXCLUSION


def _unit(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    if share is not None:
        return share.unit
    # The desk answers a praise at once, and names the unit that it is for.
    return event.fact.unit if isinstance(event.fact, Answered) else None


def _lead(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    return ticket.unit


def _parent(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    return share.above if share is not None else None


_EARNS: Mapping[str, Callable[[Event, Ticket, Assignment | None], str | None]] = {
    "unit": _unit,
    "lead": _lead,
    "parent": _parent,
}
