"""The uncertainty of a share: what it may be in truth, seen from so many cases."""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

_Z95 = 1.959963984540054
"""The quantile of the normal distribution for 95 in 100 (both sides)."""


class Interval(NamedTuple):
    """The bounds of a share, between 0 and 1."""

    low: float
    high: float


def interval(part: int, of: int) -> Interval | None:
    """Return the Wilson score interval of a share at 95 %; None without cases.

    E. B. Wilson (1927): unlike the plain one it stays within 0 and 1, and is of use for few cases
    and for shares of 0 or 1.

    Raises:
        ValueError: no share: a part that is negative, or more than the whole.
    """
    if not 0 <= part <= of:
        raise ValueError("a part is at least nothing, and at most the whole")
    if of == 0:
        return None
    share, square = part / of, _Z95**2
    middle = share + square / (2 * of)
    width = _Z95 * sqrt(share * (1 - share) / of + square / (4 * of**2))
    whole = 1 + square / of
    return Interval(max(0.0, (middle - width) / whole), min(1.0, (middle + width) / whole))


class Stratum(NamedTuple):
    """A part of a population: its cases, and of those that were asked how many said yes.

    `supposed`: its share where nobody was asked.
    """

    cases: int
    part: int
    asked: int
    supposed: float


class Estimate(NamedTuple):
    """A share with its bounds at 95 %, all between 0 and 1."""

    share: float
    low: float
    high: float


def combined(strata: Iterable[Stratum]) -> Estimate | None:
    """Return the share of a population of which each part was asked by itself; None without cases.

    The bounds come from the Wilson intervals of the parts by the method of variance estimates
    recovery (G. Y. Zou and A. Donner 2008). A part in which nobody was asked may be anything from
    0 to 1: it widens the bounds as much as its size lets it.
    """
    known = [one for one in strata if one.cases]
    total = sum(one.cases for one in known)
    if not total:
        return None
    share = below = above = 0.0
    for one in known:
        weight = one.cases / total
        found = interval(one.part, one.asked) or Interval(0.0, 1.0)
        own = one.part / one.asked if one.asked else one.supposed
        share += weight * own
        below += (weight * (own - found.low)) ** 2
        above += (weight * (found.high - own)) ** 2
    return Estimate(share, max(0.0, share - sqrt(below)), min(1.0, share + sqrt(above)))
