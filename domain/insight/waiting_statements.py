"""Statements of waiting times, from the tickets of a city as they are known at a moment."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.insight.waiting import (
    STEPS,
    WaitedFor,
    WaitingCurve,
    WaitSoFar,
    calibrated,
    waiting_curve,
)

_PART = 2
"""The length of a part of a code: without the last part it is that of the parent."""

Cell = tuple[str, str]
"""A subject, or the beginning of several, and a unit; "" for all units."""


@dataclass(frozen=True)
class WaitingCase:
    """A ticket with what it waited for until `at`."""

    category: str
    unit: str
    filed_at: datetime
    waited: Mapping[WaitedFor, WaitSoFar]


class Stated(NamedTuple):
    """A statement of a cell: the hours of `STEPS`, None where unknown."""

    what: WaitedFor
    category: str
    unit: str
    curve: WaitingCurve
    steps: list[float | None]


def cells_of(category: str, unit: str) -> list[Cell]:
    """Return the cells that speak of a ticket, the closest first."""
    own = [(category, unit)] if unit else []
    return own + [(category[:length], "") for length in range(len(category), 0, -_PART)]


def statements(cases: Sequence[WaitingCase], recent: datetime, least: int) -> Iterator[Stated]:
    """Yield what can be stated with at least `least` tickets that came to an end.

    `recent`: since when tickets were filed by which the curves of the others are calibrated.
    """
    for what in WaitedFor:
        cells = _grouped((case, case.waited[what]) for case in cases)
        levels = _levels(cases, what, recent, least)
        for (category, unit), some in sorted(cells.items()):
            curve = waiting_curve(some)
            if curve.over >= least:
                steps = [curve.quantile(levels[step]) for step in STEPS]
                yield Stated(what, category, unit, curve, steps)


def hours_of(span: timedelta) -> float:
    """Return a span in hours, at least none."""
    return max(span.total_seconds(), 0.0) / 3600


def _levels(
    cases: Sequence[WaitingCase], what: WaitedFor, recent: datetime, least: int
) -> Mapping[float, float]:
    """Return by how much the curves of before were off, for the tickets of the last weeks.

    The curves of before know of no ticket what became of it after `recent`.
    """
    before = [_as_of(case, what, recent) for case in cases if case.filed_at < recent]
    curves = {cell: waiting_curve(some) for cell, some in _grouped(before).items()}
    spoken = list[tuple[WaitingCurve, WaitSoFar]]()
    for case in cases:
        if case.filed_at < recent:
            continue
        curve = _closest(curves, case, least)
        if curve is not None:
            spoken.append((curve, case.waited[what]))
    if sum(waited.over for _, waited in spoken) < least:
        return {step: step for step in STEPS}
    return calibrated(spoken)


def _as_of(case: WaitingCase, what: WaitedFor, recent: datetime) -> tuple[WaitingCase, WaitSoFar]:
    known = hours_of(recent - case.filed_at)
    waited = case.waited[what]
    return case, waited if waited.hours < known else WaitSoFar(known, over=False)


def _grouped(cases: Iterable[tuple[WaitingCase, WaitSoFar]]) -> dict[Cell, list[WaitSoFar]]:
    cells = defaultdict[Cell, list[WaitSoFar]](list)
    for case, waited in cases:
        for cell in cells_of(case.category, case.unit):
            cells[cell].append(waited)
    return cells


def _closest(
    curves: Mapping[Cell, WaitingCurve], case: WaitingCase, least: int
) -> WaitingCurve | None:
    for cell in cells_of(case.category, case.unit):
        curve = curves.get(cell)
        if curve is not None and curve.over >= least:
            return curve
    return None
