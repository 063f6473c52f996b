"""The figures of a period: published indicators, per unit, and the tickets behind them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, withheld
from app.cities.cities import Fraction, share
from app.cities.periods import Reckoning, ReckoningQuery, reckoning
from app.context import AppContext
from app.errors import FieldProblem, Problem
from domain.model import Instant, Recorded
from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from domain.uncertainty import interval
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.reporting.drill_down import DrillDownRow, by_number
from store.reporting.figures import CountedTicket, Figure, Figures, UnknownIndicator, Value, figures
from store.reporting.ranking import NamedUnit, rank_units


class FiguresQuery(ReckoningQuery):
    """The query. Without a token: a month, as it was when it ended."""

    indicator: Code | None = Field(None, description="Only this one.")
    by: Literal["unit"] | None = Field(None, description="Also for each unit that leads.")
    kind: UnitKind | None = Field(None, description="Of the units, only those of a kind.")
    sort: Code | None = Field(
        None, description="The indicator that orders the units, best first. Default: the first."
    )
    tickets: bool = Field(False, description="Staff: the tickets behind `indicator`.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(200, ge=1, le=1000, description="Tickets in one answer.")


class UnitName(Recorded):
    """A unit by its names in the pack; `kind` is null if the pack no longer has it."""

    unit: str = Field(examples=["110112003"])
    name: str
    name_en: str
    kind: UnitKind | None


class Excluding(Recorded):
    """A figure before exclusion (剔除), and without the excluded tickets."""

    before: Fraction
    after: Fraction


class FigureLine(Excluding):
    """One indicator. Of the tickets that `by` puts into the period and for which `over` holds, the
    share for which `counts` holds.

    The counts are of all tickets that `by` puts into the period; no figure counts unrated ones as
    satisfied, nor as dissatisfied.
    """

    id: str = Field(examples=["satisfaction"])
    version: int
    name: str = Field(examples=["满意率"])
    name_en: str
    over: str = Field(examples=["t.rated"])
    counts: str = Field(examples=["t.satisfied"])
    by: str = Field(examples=["ended"])
    better: str = Field(
        description="`higher`, `lower` or `neither`: the direction that is good.",
        examples=["higher"],
    )
    source: str
    tickets: int
    excluded: int
    unrated: int
    not_reached: int
    low: float | None = Field(None, description="Lower bound of `after` at 95 % (Wilson).")
    high: float | None = Field(None, description="Upper bound of `after` at 95 %.")


class UnitLine(UnitName):
    """A unit, and the figures of the tickets that it leads, by indicator.

    `rank`: by the indicator of `sort`, or the first. Units whose shares cannot be
    told apart have one rank; without a share, and by an indicator of which neither direction is
    good, there is none.
    """

    rank: int | None = None
    figures: dict[str, Excluding]


class TicketLine(Recorded):
    """A ticket of the denominator; `counts`: also of the numerator."""

    number: str
    counts: bool
    excluded: bool
    unit: str


class FiguresPage(Recorded):
    """The figures. `broken`: how many tickets are in none, because events of theirs are missing."""

    city: str
    pack_version: str
    since: Instant
    until: Instant
    as_of: Instant
    figures: list[FigureLine]
    units: list[UnitLine] | None = None
    tickets: list[TicketLine] | None = None
    next_cursor: str | None = Field(None, description="Ask again with it for more tickets.")
    broken: int


async def figures_page(
    context: AppContext, caller: Caller | None, city: str, query: FiguresQuery
) -> FiguresPage:
    """Return the figures of a period. Those of a past period do not change: they use the formulas
    that the city had then, and the tickets as they were then. Officers see only their own unit's
    tickets in the drill-down.

    Raises:
        Problem, UnknownCity, UnknownIndicator, BadCursor
    """
    await permit(context, caller, "get_figures")
    if caller is None and (query.tickets or not query.is_plain):
        raise Problem("unauthenticated", "Without a token: months, as they were when they ended.")
    if query.tickets and query.indicator is None:
        wrong = FieldProblem(field="query.indicator", code="missing", message="Of which figure?")
        raise Problem("invalid_request", errors=[wrong])
    if caller is not None:
        city_of(caller, city)
    requested_reckoning = reckoning(query, context.packs.get(city), datetime.now(UTC))
    drill_down = query.indicator if query.tickets else None
    period_figures, pack = await counted(context, caller, requested_reckoning, drill_down)
    shown = _shown(period_figures, query.indicator, pack)
    tickets = following = None
    if query.tickets and caller is not None:
        seen = await _visible_to(context, caller, shown[0].counted)
        tickets, following = _page(seen, query)
    return FiguresPage(
        city=pack.city.id,
        pack_version=period_figures.pack_version,
        since=period_figures.period.since,
        until=period_figures.period.until,
        as_of=period_figures.as_of,
        figures=[figure_line(figure) for figure in shown],
        units=_units(pack, shown, query),
        tickets=tickets,
        next_cursor=following,
        broken=len(period_figures.broken),
    )


async def counted(
    context: AppContext,
    caller: Caller | None,
    requested_reckoning: Reckoning,
    drill_down: str | None,
) -> tuple[Figures, Pack]:
    """Return the figures and the pack they are computed by; `drill_down`: with its tickets.

    Results are cached for a while: separately for the public, see `AppContext.figures`.

    Raises:
        Problem: not_your_city; unauthenticated, for the tickets without a caller.
    """
    await permit(context, caller, "get_figures")
    if caller is not None:
        city_of(caller, requested_reckoning.pack.city.id)
    elif drill_down is not None:
        raise Problem("unauthenticated")

    async def find() -> tuple[Figures, Pack]:
        pack = await requested_reckoning.pack_then(context)
        only = None if drill_down is None else {drill_down}
        computed = await figures(
            context.store,
            pack,
            requested_reckoning.period,
            as_of=requested_reckoning.as_of,
            only=only,
            tickets=drill_down is not None,
        )
        return computed, pack

    result_cache = context.figures if caller is None else context.staff_figures
    return await result_cache.get(("figures", drill_down, *requested_reckoning.cache_key), find)


def _shown(period_figures: Figures, indicator: str | None, pack: Pack) -> list[Figure]:
    shown = [one for one in period_figures.figures if indicator in (None, one.indicator.id)]
    if indicator is not None and not shown:
        raise UnknownIndicator(indicator, pack.city.id)
    return shown


def figure_line(figure: Figure) -> FigureLine:
    """Return a figure as the API tells it."""
    values = figure.indicator.model_dump()
    counts = {
        name: getattr(figure, name) for name in ("tickets", "excluded", "unrated", "not_reached")
    }
    error = interval(figure.value.after.part, figure.value.after.of)
    return FigureLine(
        **values,
        **counts,
        **_excluding(figure.value).model_dump(),
        low=error.low if error else None,
        high=error.high if error else None,
    )


def _excluding(value: Value) -> Excluding:
    return Excluding(before=share(value.before), after=share(value.after))


def unit_name(unit: NamedUnit) -> UnitName:
    return UnitName(unit=unit.code, name=unit.name, name_en=unit.name_en, kind=unit.kind)


def _units(pack: Pack, shown: list[Figure], query: FiguresQuery) -> list[UnitLine] | None:
    if not (query.by or query.kind or query.sort):
        return None
    return [
        UnitLine(
            **unit_name(line.unit).model_dump(),
            rank=line.rank,
            figures={code: _excluding(value) for code, value in line.values.items()},
        )
        for line in rank_units(pack, shown, query.kind, query.sort)
    ]


async def counted_tickets_of(
    context: AppContext,
    caller: Caller,
    requested_reckoning: Reckoning,
    indicator: str,
    unit: str,
    only: str,
) -> tuple[Figure, list[CountedTicket]]:
    """Return the figure, and the requested tickets of its drill-down that the caller may see.

    `only`: "counts" or "others", those that count or do not.

    Raises:
        UnknownIndicator, Problem: not_your_unit, not_your_city.
    """
    await permit(context, caller, "get_scores")
    if unit and caller.unit not in (None, unit):
        raise Problem("not_your_unit")
    period_figures, _ = await counted(context, caller, requested_reckoning, indicator)
    figure = period_figures.figures[0]
    wanted = {"counts": [True], "others": [False]}.get(only, [True, False])
    seen = await _visible_to(context, caller, figure.counted)
    return figure, [one for one in seen if one.counts in wanted and unit in ("", one.unit)]


async def lines_of(
    context: AppContext, caller: Caller, counted_tickets: Sequence[CountedTicket]
) -> dict[str, DrillDownRow]:
    """Return the lines of these tickets of a drill-down, by their numbers."""
    await permit(context, caller, "get_scores")
    return await by_number(context.store, [one.number for one in counted_tickets])


async def _visible_to(
    context: AppContext, caller: Caller, counted_tickets: Iterable[CountedTicket]
) -> list[CountedTicket]:
    """Return the tickets that this caller may see, in the order of their numbers."""
    own = [one for one in counted_tickets if caller.unit in (None, one.unit)]
    gone = await withheld(context, caller, (one.number for one in own))
    seen = [one for one in own if one.number not in gone]
    return sorted(seen, key=lambda one: one.number)


def _page(
    counted_tickets: list[CountedTicket], query: FiguresQuery
) -> tuple[list[TicketLine], str | None]:
    after = key_of(query.cursor, str)[0] if query.cursor is not None else ""
    rest = [one for one in counted_tickets if one.number > str(after)]
    items = [
        TicketLine(number=one.number, counts=one.counts, excluded=one.excluded, unit=one.unit)
        for one in rest[: query.limit]
    ]
    return items, cursor_of(items[-1].number) if len(rest) > query.limit else None
