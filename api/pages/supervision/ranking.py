"""The ranking (排名) of units by the city's figures, and by points.

Every number has a drill-down to its tickets, every point one to its event.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.addresses import FigureTickets, UnitPoints, known_parameters
from api.pages.shared.months import MonthChoice, requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from api.pages.supervision.formulas import in_words, period_in_words
from app.access.caller import Caller
from app.context import AppContext
from app.reporting.figures import counted, counted_tickets_of, lines_of
from app.reporting.scores import computed_scores, earned_by
from domain.pack.catalogue import Indicator, UnitKind
from domain.pack.pack import Pack
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.reporting.drill_down import DrillDownRow
from store.reporting.figures import CountedTicket
from store.reporting.ranking import Order, named, points_ranks, points_table, rank_units

router = APIRouter(include_in_schema=False, dependencies=[known_parameters("month")])

PAGE = 50

ORDERS: tuple[Order, ...] = ("highest", "lowest", "code")


@router.get("/staff/league")
async def show_ranking(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    kind: str = "",
    sort: str = "",
) -> Response:
    """Show every indicator of the pack for every unit, before and after exclusion."""
    pack, month = _pack_and_month(request, caller, context)
    figures, then = await counted(context, caller, month.reckoning, None)
    chosen = kind_of(kind)
    order = sort if sort in [one.indicator.id for one in figures.figures] else None
    words = PageWords(request)
    return staff_page(
        request,
        "supervision/ranking.html",
        caller,
        pack=pack,
        tickets=FigureTickets(month=month.shown, city=pack.city.id).but,
        month=month,
        figures=figures.figures,
        lines=rank_units(then, figures.figures, chosen, order),
        ordered=next(
            (one.indicator for one in figures.figures if order in (None, one.indicator.id)), None
        ),
        kinds=_kinds(pack, words),
        kind=chosen,
        sorts=[(one.indicator.id, words.named(one.indicator)) for one in figures.figures],
        sort=order or next((one.indicator.id for one in figures.figures), ""),
        formulas=[formula(figure.indicator, words, pack) for figure in figures.figures],
        broken=len(figures.broken),
    )


def formula(indicator: Indicator, words: PageWords, pack: Pack) -> dict[str, Any]:
    """Put an indicator's formula into words."""
    return {
        "indicator": indicator,
        "period": period_in_words(indicator.by, words),
        "over": in_words(indicator.over, words, pack),
        "counts": in_words(indicator.counts, words, pack),
    }


@router.get("/staff/league/tickets")
async def tickets(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    indicator: str = "",
    unit: str = "",
    only: str = "",
    cursor: str | None = None,
) -> Response:
    """Show the drill-down of one number: tickets that count, and tickets that do not."""
    pack, month = _pack_and_month(request, caller, context)
    figure, drill_down_tickets = await counted_tickets_of(
        context, caller, month.reckoning, indicator, unit, only
    )
    asked = FigureTickets(
        indicator=indicator, unit=unit, only=only, month=month.shown, city=pack.city.id
    )
    after = str(key_of(cursor, str)[0]) if cursor else ""
    rest = [one for one in drill_down_tickets if one.number > after]
    shown = rest[:PAGE]
    return staff_page(
        request,
        "supervision/ranking_tickets.html",
        caller,
        pack=pack,
        asked=asked,
        month=month,
        figure=figure,
        formula=formula(figure.indicator, PageWords(request), pack),
        unit=named(pack, unit) if unit else None,
        only=only,
        count=len(drill_down_tickets),
        items=await _lines(context, caller, shown),
        first=not cursor,
        next_cursor=cursor_of(shown[-1].number) if len(rest) > PAGE else None,
    )


async def _lines(
    context: AppContext, caller: Caller, shown: list[CountedTicket]
) -> list[tuple[CountedTicket, DrillDownRow]]:
    lines = await lines_of(context, caller, shown)
    return [(one, lines[one.number]) for one in shown if one.number in lines]


@router.get("/staff/league/points")
async def points(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    kind: str = "",
    order: str = "",
) -> Response:
    """Show the points of every unit, and how often each rule gave them."""
    pack, month = _pack_and_month(request, caller, context)
    scores, then = await computed_scores(context, caller, month.reckoning, None)
    chosen, ordered = kind_of(kind), order_of(order)
    table = points_table(then, scores.units, chosen, ordered)
    return staff_page(
        request,
        "supervision/ranking_points.html",
        caller,
        pack=pack,
        events=UnitPoints(month=month.shown, city=pack.city.id).but,
        month=month,
        lines=table,
        ranks=points_ranks([score for _, score in table]),
        rules=then.scoring,
        kinds=_kinds(pack, PageWords(request)),
        kind=chosen,
        order=ordered,
        left_out=scores.left_out,
    )


@router.get("/staff/league/points/events")
async def earned(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    unit: str = "",
    cursor: str | None = None,
) -> Response:
    """Show the events that brought a unit its points, in the order of tickets."""
    pack, month = _pack_and_month(request, caller, context)
    points, rules = await earned_by(context, caller, month.reckoning, unit)
    begin = int(key_of(cursor, int)[0]) if cursor else 0
    return staff_page(
        request,
        "supervision/ranking_earned.html",
        caller,
        pack=pack,
        asked=UnitPoints(unit=unit, month=month.shown, city=pack.city.id),
        month=month,
        unit=named(pack, unit),
        total=round(sum(one.points for one in points if not one.left_out), 6),
        count=len(points),
        items=points[begin : begin + PAGE],
        rules=rules,
        first=not cursor,
        next_cursor=cursor_of(begin + PAGE) if begin + PAGE < len(points) else None,
    )


def _kinds(pack: Pack, words: PageWords) -> list[tuple[UnitKind, str]]:
    """Return the kinds of units that the city has, with their labels."""
    unit_kinds = {unit.kind for unit in pack.units}
    return [(kind, words.label("unit_kind", kind)) for kind in UnitKind if kind in unit_kinds]


def kind_of(word: str) -> UnitKind | None:
    """Return the kind that the address names, if it names one."""
    return UnitKind(word) if word in list(UnitKind) else None


def order_of(word: str) -> Order:
    """Return the order that the address names, else the highest first."""
    return next((one for one in ORDERS if one == word), ORDERS[0])


def _pack_and_month(
    request: Request, caller: Caller, context: AppContext
) -> tuple[Pack, MonthChoice]:
    pack = working_city(request, context, caller)
    return pack, requested_month(request, pack, datetime.now(UTC))
