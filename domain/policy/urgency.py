"""The urgency of an order among many on one queue: the engine gives the lower number first."""

from datetime import timedelta

AT_ONCE, TODAY, USUAL = 1, 2, 3
"""Of the engine's five; the others are left for what may wait longer than an order ever does."""

_AT_ONCE, _TODAY = timedelta(hours=4), timedelta(hours=24)


def urgency(left: timedelta | None) -> int:
    """Return the urgency of an order that is due in that time; None: it has no limit."""
    if left is None or left > _TODAY:
        return USUAL
    return AT_ONCE if left <= _AT_ONCE else TODAY
