"""The chart of the readings behind a ticket: coordinates for the SVG that the template writes."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.sensors.readings import ReadingShown, ReadingsOut

WIDTH, HEIGHT = 320, 120
_TOP, _BOTTOM = 12, 100


@dataclass(frozen=True)
class ReadingsChart:
    """`line`: the points of the curve; `above`, `recovers`: the heights of the limits, if any."""

    line: str
    dots: tuple[tuple[float, float], ...]
    limit: float | None
    recovers: float | None


def chart_of(readings: ReadingsOut) -> ReadingsChart | None:
    """Return the chart of readings; None of leads, which are no series, and of nothing."""
    items: Sequence[ReadingShown] = readings.items
    if readings.lead or not items:
        return None
    limit = readings.above if readings.above is not None else readings.below
    marks = [one for one in (limit, readings.recovers) if one is not None]
    values = [*(one.value for one in items), *marks]
    low, high = min(values), max(values)
    began = items[0].at
    span = (items[-1].at - began).total_seconds() or 1.0

    def across(one: ReadingShown) -> float:
        return round((one.at - began).total_seconds() / span * (WIDTH - 8) + 4, 1)

    def up(value: float) -> float:
        return round(_BOTTOM - (value - low) / ((high - low) or 1.0) * (_BOTTOM - _TOP), 1)

    dots = tuple((across(one), up(one.value)) for one in items)
    return ReadingsChart(
        line=" ".join(f"{x},{y}" for x, y in dots),
        dots=dots,
        limit=up(limit) if limit is not None else None,
        recovers=up(readings.recovers) if readings.recovers is not None else None,
    )
