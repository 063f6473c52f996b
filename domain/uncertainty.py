"""The uncertainty of a share: what it may be in truth, seen from so many cases."""

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
