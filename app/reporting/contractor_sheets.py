"""The sheets of contractors (考核表), as pages, API and command line show them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from store.reporting.assessments import SheetLine
from store.reporting.closed_months import Kept, KeptLine

MonthState = Literal["running", "ended", "closed", "published"]


class ObjectionOut(Recorded):
    text: str
    at: Instant
    granted: bool | None
    reason: str


class SheetLineOut(Recorded):
    """A line: what earned or lost the points. `n`: its number, once the month is closed."""

    n: int | None
    rule: str
    name: str
    name_en: str
    points: float
    number: str
    version: int
    at: Instant
    event: str
    struck: bool = Field(description="It does not count: an objection was granted.")
    objection: ObjectionOut | None = None


class SheetSum(Recorded):
    """A criterion: how often it counted, and its points together."""

    rule: str
    name: str
    name_en: str
    times: int
    points: float


class SheetOut(Recorded):
    """The sheet of a contractor. `lines`: only if it alone is asked for."""

    unit: str
    name: str
    name_en: str
    total: float
    plus: float
    minus: float
    struck: int
    sums: list[SheetSum]
    lines: list[SheetLineOut] | None = None


# --- drawing ----------------------------------------------------------------------------------


def state_of(kept: Kept | None, now: datetime, *, over: bool) -> MonthState:
    """Return how far a month is; `over`: the whole of it has passed."""
    if kept is None:
        return "ended" if over else "running"
    return "published" if kept.public(now) else "closed"


def base_of(kept: Kept | None, pack: Pack) -> float:
    """Return the points that every contractor begins the month with."""
    return kept.closed.base if kept else pack.contractors.base


def sheets_of(
    lines: Sequence[KeptLine],
    kept: Kept | None,
    pack: Pack,
    chosen: str | None,
    withheld: Collection[str] = (),
) -> list[SheetOut]:
    """Return the sheets of a month, the best first; of the `chosen` unit its own, with its lines.

    `kept`: None of a month that is not closed. `withheld`: tickets of which the reader must not
    know.
    """
    units = pack.contractors.units if kept is None else kept.units
    found = [
        _sheet(unit, lines, kept, pack, withheld=withheld, lines_too=chosen == unit)
        for unit in units
        if chosen in (None, unit)
    ]
    return sorted(found, key=lambda one: (-one.total, one.unit))


def kept_or_computed(kept: Kept | None, lines: Iterable[SheetLine], pack: Pack) -> list[KeptLine]:
    """Return the lines of a month as it was closed, else those that are computed."""
    if kept is not None:
        return kept.lines
    rules = {rule.code: rule for rule in pack.assessment}
    named = ((rules.get(one.rule), one) for one in lines)
    return [
        KeptLine(0, rule.name if rule else one.rule, rule.name_en if rule else one.rule, one)
        for rule, one in named
    ]


def _sheet(
    unit: str,
    lines: Sequence[KeptLine],
    kept: Kept | None,
    pack: Pack,
    *,
    withheld: Collection[str] = (),
    lines_too: bool = False,
) -> SheetOut:
    """Return a sheet. Lines of tickets that are `withheld` are not told, but count: what a closed
    month comes to is the same for everybody.
    """
    own = [one for one in lines if one.line.unit == unit]
    counting = [one for one in own if kept is None or not kept.struck(one.n)]
    known = pack.unit(unit) if pack.has_unit(unit) else None
    points = [one.line.points for one in counting]
    return SheetOut(
        unit=unit,
        name=known.name if known else unit,
        name_en=known.name_en if known else unit,
        total=round(base_of(kept, pack) + sum(points), 6),
        plus=round(sum(one for one in points if one > 0), 6),
        minus=round(sum(one for one in points if one < 0), 6),
        struck=len(own) - len(counting),
        sums=_sums(counting),
        lines=[_line(one, kept) for one in own if one.line.number not in withheld]
        if lines_too
        else None,
    )


def _sums(lines: Sequence[KeptLine]) -> list[SheetSum]:
    times = Counter(one.line.rule for one in lines)
    by_rule = {one.line.rule: one for one in lines}
    return [
        SheetSum(
            rule=rule,
            name=by_rule[rule].name,
            name_en=by_rule[rule].name_en,
            times=count,
            points=round(count * by_rule[rule].line.points, 6),
        )
        for rule, count in sorted(times.items())
    ]


def _line(one: KeptLine, kept: Kept | None) -> SheetLineOut:
    objected = kept.objections.get(one.n) if kept else None
    return SheetLineOut(
        **one.line.model_dump(exclude={"unit"}),
        n=one.n or None,
        name=one.name,
        name_en=one.name_en,
        struck=kept is not None and kept.struck(one.n),
        objection=ObjectionOut(
            text=objected.text, at=objected.at, granted=objected.granted, reason=objected.reason
        )
        if objected
        else None,
    )
