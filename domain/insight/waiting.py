"""Waiting times: how long tickets of a kind took, those still open counted as what they are.

E. L. Kaplan and P. Meier (1958): who still waits has waited for so long at least. Leaving the open
ones out would make every city look fast.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.uncertainty import Interval, interval

LEVELS = (0.5, 0.8, 0.95)
"""The shares for which a waiting time is stated."""

STEPS = tuple(n / 20 for n in range(1, 20))
"""The shares that a statement keeps: 5 % to 95 %."""

_ABOVE = 1e-6
"""The least that lies above a share: fewer tickets than any city has."""

_LIGHTEST, _HEAVIEST = 0.5, 3.0
"""The bounds of what the load of a unit does to a waiting time."""


class WaitedFor(StrEnum):
    """Until when somebody waits."""

    ANSWER = "answer"  # the first answer
    CLOSURE = "closure"


class WaitSoFar(NamedTuple):
    """The hours that a ticket waited. `over`: it came to its end; else it waits, or left."""

    hours: float
    over: bool


@dataclass(frozen=True)
class WaitingCurve:
    """The share that is over, by the hour at which it grows. `over`: tickets that ended."""

    hours: tuple[float, ...]
    shares: tuple[float, ...]
    tickets: int
    over: int

    def share_within(self, hours: float) -> float:
        """Return the share that is over within so many hours."""
        place = bisect_right(self.hours, hours)
        return self.shares[place - 1] if place else 0.0

    def share_before(self, hours: float) -> float:
        """Return the share that is over in less than so many hours."""
        place = bisect_left(self.hours, hours)
        return self.shares[place - 1] if place else 0.0

    def quantile(self, share: float) -> float | None:
        """Return the hours within which this share is over; None if it is not known to be."""
        for hours, reached in zip(self.hours, self.shares, strict=True):
            if reached >= share - 1e-9:
                return hours
        return None


def waiting_curve(waited: Iterable[WaitSoFar]) -> WaitingCurve:
    """Return the Kaplan-Meier curve of these tickets."""
    ordered = sorted(waited, key=lambda one: (one.hours, not one.over))
    hours, shares, waiting, over = list[float](), list[float](), 1.0, 0
    for place, one in enumerate(ordered):
        if not one.over:
            continue
        over += 1
        waiting *= 1 - 1 / (len(ordered) - place)
        if hours and hours[-1] == one.hours:
            shares[-1] = 1 - waiting
        else:
            hours.append(one.hours)
            shares.append(1 - waiting)
    return WaitingCurve(tuple(hours), tuple(shares), len(ordered), over)


def calibrated(recent: Sequence[tuple[WaitingCurve, WaitSoFar]]) -> dict[float, float]:
    """Return for each step the share of the curve at which it really was reached of late.

    `recent`: tickets that no curve was made from, each with the curve that spoke of it. Where the
    80 % of the curves were reached by 70 % only, a higher step is taken for the 80 %. Without
    recent tickets a step is itself; one that they are too young to tell is at least the last known.
    """
    # Many tickets of a kind end at the same hour: such a one is within the quantile of every share
    # above that of those before it, so the hour's own share would say too much.
    reached = waiting_curve(
        WaitSoFar(curve.share_before(one.hours), over=True)
        if one.over
        else WaitSoFar(curve.share_within(one.hours), over=False)
        for curve, one in recent
    )
    levels, last = dict[float, float](), 0.0
    for step in STEPS:
        known = reached.quantile(step) if reached.over else None
        last = max(step, last) if known is None else min(known + _ABOVE, 1.0)
        levels[step] = last
    return levels


class Coverage(NamedTuple):
    """The outcome of a statement: of so many tickets, so many were over in the stated time."""

    share: float
    tickets: int
    kept: int
    error: Interval | None

    @property
    def holds(self) -> bool:
        """True if the stated share is within the error of what happened."""
        return self.error is None or self.error.low <= self.share <= self.error.high


def coverage(share: float, kept: Sequence[bool]) -> Coverage:
    """Compare a stated share with what happened, ticket by ticket."""
    return Coverage(share, len(kept), sum(kept), interval(sum(kept), len(kept)))


def late_probability(
    steps: Sequence[float | None], hours_left: float, *, open_now: int, usual: float
) -> float:
    """Return the probability that a ticket takes longer than the hours left.

    `steps`: the hours of `STEPS`, None where unknown. By Little's law a unit with twice the open
    work of usual takes twice as long, all else alike; between half and three times is believed.
    """
    load = open_now / usual if usual > 0 else 1.0
    scale = min(max(load, _LIGHTEST), _HEAVIEST)
    hours = hours_left / scale
    if hours <= 0:
        return 1.0
    below, at = 0.0, 0.0
    for step, reached in zip(STEPS, steps, strict=True):
        if reached is None:
            break
        if reached > hours:
            span = reached - at
            part = (hours - at) / span if span > 0 else 1.0
            return 1 - (below + (step - below) * part)
        below, at = step, reached
    return 1 - below
