"""Contractors (承包企业): monthly sheets, closed by a supervisor, objected to, and published."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, withheld
from app.cities.periods import MonthQuery, Reckoning, ReckoningQuery, month_or_span, reckoning
from app.context import AppContext
from app.errors import Problem
from app.reporting.contractor_sheets import (
    MonthState,
    SheetOut,
    base_of,
    kept_or_computed,
    sheets_of,
    state_of,
)
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period, month_of
from domain.ticket.complaint import Code, Text
from store.reporting import closed_months
from store.reporting.assessments import SheetLine, computed
from store.reporting.closed_months import Kept
from store.reporting.month_closing import close_as_computed


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
    known = kept_or_computed(kept, lines, pack)
    gone = await withheld(context, caller, {one.line.number for one in known})
    sheets = sheets_of(known, kept, pack, chosen, gone)
    differences = _differences(kept, lines) if kept is not None and query.compare else None
    if differences is not None:
        differences = [
            one for one in differences if one.number not in gone and caller.unit in (None, one.unit)
        ]
    return AssessmentOut(
        city=city,
        month=month,
        state=state_of(kept, context.now(), over=of.over),
        base=base_of(kept, pack),
        closed_at=kept.closed.closed_at if kept else None,
        objections_until=kept.closed.objections_until if kept else None,
        waiting=kept.waiting if kept else 0,
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
    sheets = sheets_of(kept.lines, kept, pack, None) if kept else []
    return PublicMonths(
        city=city,
        months=months,
        month=shown,
        base=base_of(kept, pack),
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
