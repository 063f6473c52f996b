"""Contractors (承包企业): monthly sheets, closed by a supervisor, objected to, and published."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, withheld
from app.cities.periods import MonthQuery, Reckoning, ReckoningQuery, month_or_span, reckoning
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period, month_of
from domain.ticket.complaint import Code, Text
from store.reporting import closed_months
from store.reporting.assessments import SheetLine, computed
from store.reporting.closed_months import Kept, KeptLine
from store.reporting.month_closing import close_as_computed

MonthState = Literal["running", "ended", "closed", "published"]


class AssessmentQuery(Incoming):
    """One contractor, with its lines; what a recomputation would change."""

    unit: Code | None = None
    compare: bool = Field(False, description="Compare a closed month with what is computed now.")


class CloseMonthIn(Incoming):
    """Nothing: a month is closed as it is computed."""


class ObjectionIn(Incoming):
    """An objection to a line of one's own sheet."""

    line: int = Field(ge=1, le=10_000_000)
    text: Text = Field(max_length=500)


class ObjectionDecisionIn(Incoming):
    """A decision: is the line struck out, and why."""

    granted: bool
    reason: Text = Field(max_length=500)


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


class DifferenceOut(Recorded):
    """A line that a recomputation would add to a closed month, or take from it."""

    change: Literal["added", "gone"]
    unit: str
    rule: str
    points: float
    number: str
    version: int


class AssessmentOut(Recorded):
    """The sheets of a month, the best first."""

    city: str
    month: str
    state: MonthState
    base: float
    closed_at: Instant | None
    objections_until: Instant | None
    waiting: int = Field(description="Objections that nobody has decided.")
    sheets: list[SheetOut]
    differences: list[DifferenceOut] | None = None


class PublicMonths(Recorded):
    """The sheets of a month, as everybody may read them; the months there are."""

    city: str
    months: list[str]
    month: str | None
    base: float
    sheets: list[SheetOut]


class _Month(NamedTuple):
    """A month with the city's pack of now and its period; `over`: the whole of it has passed."""

    pack: Pack
    name: str
    period: Period
    over: bool


# --- reading ------------------------------------------------------------------------------------


async def assessment_page(
    context: AppContext, caller: Caller, city: str, month: str, query: AssessmentQuery
) -> AssessmentOut:
    """Return the sheets of a month: officers those of their own unit.

    Raises:
        Problem: not_in_this_city, not_your_city, not_your_unit, invalid_request
        UnknownCity, UnknownUnit
    """
    await permit(context, caller, "get_assessment")
    city_of(caller, city)
    of = _month(context, city, month)
    if caller.unit is not None and query.unit not in (None, caller.unit):
        raise Problem("not_your_unit")
    if query.unit is not None:
        of.pack.unit(query.unit)
    chosen = caller.unit or query.unit
    kept = await closed_months.kept(context.store, city, month)
    lines = await _lines(context, of) if kept is None or query.compare else []
    pack = await _reckoning(context, of).pack_then(context) if kept is None else of.pack
    known = _kept_or_computed(kept, lines, pack)
    gone = await withheld(context, caller, {one.line.number for one in known})
    sheets = _sheets(known, kept, pack, chosen, gone)
    differences = _differences(kept, lines) if kept is not None and query.compare else None
    if differences is not None:
        differences = [
            one for one in differences if one.number not in gone and caller.unit in (None, one.unit)
        ]
    waiting = sum(one.granted is None for one in kept.objections.values()) if kept else 0
    return AssessmentOut(
        city=city,
        month=month,
        state=_state(kept, of, context.now()),
        base=_base(kept, pack),
        closed_at=kept.closed.closed_at if kept else None,
        objections_until=kept.closed.objections_until if kept else None,
        waiting=waiting,
        sheets=sheets,
        differences=differences,
    )


async def public_sheets(context: AppContext, city: str, month: str | None) -> PublicMonths:
    """Return the sheets of a published month, without `month` of the latest.

    Raises:
        Problem: not_in_this_city; not_found, if this month is not published.
        UnknownCity
    """
    await permit(context, None, "get_contractors")
    pack = context.packs.get(city)
    if not pack.contractors.units:
        raise Problem("not_in_this_city")
    months = await closed_months.public_months(context.store, city, context.now())
    shown = month or (months[0] if months else None)
    if month is not None and month not in months:
        raise Problem("not_found")
    kept = await closed_months.kept(context.store, city, shown) if shown else None
    sheets = _sheets(kept.lines, kept, pack, None) if kept else []
    return PublicMonths(
        city=city,
        months=months,
        month=shown,
        base=_base(kept, pack),
        sheets=sheets,
    )


# --- acting -------------------------------------------------------------------------------------


async def close_month(context: AppContext, caller: Caller, city: str, month: str) -> AssessmentOut:
    """Close a month: its sheets are kept as they are computed now, and may be objected to.

    Raises:
        Problem, Refused: month_not_over, month_closed, not_in_this_city, not_your_city
    """
    await permit(context, caller, "close_assessment")
    city_of(caller, city)
    of = _month(context, city, month)
    if not of.over:
        raise Problem("month_not_over")
    pack = await _reckoning(context, of).pack_then(context)
    now = context.now()
    await close_as_computed(context.store, pack, month, of.period, now, str(caller.actor))
    return await assessment_page(context, caller, city, month, AssessmentQuery())


async def object_to_line(
    context: AppContext, caller: Caller, city: str, month: str, body: ObjectionIn
) -> AssessmentOut:
    """Object to a line of one's own unit's sheet.

    Raises:
        Problem, Refused: month_not_closed, line_not_found, not_your_unit, objection_over,
            already_objected, not_in_this_city, not_your_city
    """
    await permit(context, caller, "object_to_assessment")
    kept = await _closed(context, caller, city, month)
    line = next((one for one in kept.lines if one.n == body.line), None)
    if line is None or await withheld(context, caller, {line.line.number}):
        raise Problem("line_not_found")
    if caller.unit != line.line.unit:
        raise Problem("not_your_unit")
    await closed_months.object_to(
        context.store, kept.closed, body.line, line.line.unit, body.text, str(caller.actor)
    )
    return await assessment_page(context, caller, city, month, AssessmentQuery())


async def decide_objection(
    context: AppContext,
    caller: Caller,
    city: str,
    month: str,
    line: int,
    body: ObjectionDecisionIn,
) -> AssessmentOut:
    """Decide an objection, once, with the reason.

    Raises:
        Problem, Refused: month_not_closed, objection_not_found, objection_decided,
            not_in_this_city, not_your_city
    """
    await permit(context, caller, "decide_objection")
    kept = await _closed(context, caller, city, month)
    await closed_months.decide(
        context.store, kept.closed, line, body.granted, body.reason, str(caller.actor)
    )
    return await assessment_page(context, caller, city, month, AssessmentQuery())


# --- shared -------------------------------------------------------------------------------------


def _month(context: AppContext, city: str, month: str) -> _Month:
    pack = context.packs.get(city)
    if not pack.contractors.units:
        raise Problem("not_in_this_city")
    period = month_or_span(MonthQuery(month=month), pack, context.now())
    return _Month(pack, month, period, period.until == month_of(pack, month).until)


async def _closed(context: AppContext, caller: Caller, city: str, month: str) -> Kept:
    city_of(caller, city)
    _month(context, city, month)
    kept = await closed_months.kept(context.store, city, month)
    if kept is None:
        raise Problem("month_not_closed")
    return kept


def _reckoning(context: AppContext, of: _Month) -> Reckoning:
    return reckoning(ReckoningQuery(month=of.name), of.pack, context.now())


async def _lines(context: AppContext, of: _Month) -> list[SheetLine]:
    requested = _reckoning(context, of)

    async def find() -> list[SheetLine]:
        pack = await requested.pack_then(context)
        return await computed(context.store, pack, of.period, context.now())

    return await context.staff_figures.get(("assessment", *requested.cache_key), find)


def _state(kept: Kept | None, of: _Month, now: datetime) -> MonthState:
    if kept is None:
        return "ended" if of.over else "running"
    return "published" if kept.public(now) else "closed"


def _base(kept: Kept | None, pack: Pack) -> float:
    return kept.closed.base if kept else pack.contractors.base


def sheets_of(
    kept: Kept | None, lines: Iterable[SheetLine], pack: Pack, unit: str | None = None
) -> list[SheetOut]:
    """Return the sheets of a month as it was closed, else of the lines that are computed.

    The best first; of `unit` its own alone, with its lines.
    """
    return _sheets(_kept_or_computed(kept, lines, pack), kept, pack, unit)


def _sheets(
    lines: Sequence[KeptLine],
    kept: Kept | None,
    pack: Pack,
    chosen: str | None,
    withheld: Collection[str] = (),
) -> list[SheetOut]:
    units = pack.contractors.units if kept is None else kept.units
    found = [
        _sheet(unit, lines, kept, pack, withheld=withheld, lines_too=chosen == unit)
        for unit in units
        if chosen in (None, unit)
    ]
    return sorted(found, key=lambda one: (-one.total, one.unit))


def _kept_or_computed(kept: Kept | None, lines: Iterable[SheetLine], pack: Pack) -> list[KeptLine]:
    if kept is not None:
        return kept.lines
    rules = {rule.code: rule for rule in pack.assessment}
    named = ((rules.get(one.rule), one) for one in lines)
    return [
        KeptLine(0, rule.name if rule else one.rule, rule.name_en if rule else one.rule, one)
        for rule, one in named
    ]


def _differences(kept: Kept, lines: Iterable[SheetLine]) -> list[DifferenceOut]:
    before = {one.line.key: one.line for one in kept.lines}
    after = {one.key: one for one in lines}
    gone = [_difference("gone", line) for key, line in before.items() if key not in after]
    added = [_difference("added", line) for key, line in after.items() if key not in before]
    return gone + added


def _difference(change: Literal["added", "gone"], line: SheetLine) -> DifferenceOut:
    return DifferenceOut(
        change=change,
        unit=line.unit,
        rule=line.rule,
        points=line.points,
        number=line.number,
        version=line.version,
    )


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
        total=round(_base(kept, pack) + sum(points), 6),
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
