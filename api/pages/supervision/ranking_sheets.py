"""The ranking, the points, and their drill-downs as CSV sheets."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import MOST, Cell, sheet
from api.http.dependencies import Context
from api.pages.shared.addresses import known_parameters
from api.pages.shared.months import requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.workplace import working_city
from api.pages.supervision.ranking import kind_of, order_of
from app.access.caller import Caller
from app.reporting.figures import counted, counted_tickets_of, lines_of
from app.reporting.scores import computed_scores, earned_by
from domain.words import N_
from store.reporting.figures import Value
from store.reporting.ranking import named, points_ranks, points_table, rank_units

router = APIRouter(include_in_schema=False, dependencies=[known_parameters("month")])

_UNIT = (N_("Code"), N_("Unit"), N_("Kind of unit"))
_RANK = N_("Rank")
_VALUE = (
    N_("share"),
    N_("counted"),
    N_("of"),
    N_("share before exclusion"),
    N_("counted before exclusion"),
    N_("of before exclusion"),
)


@router.get("/staff/league.csv")
async def show_ranking(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    kind: str = "",
    sort: str = "",
) -> Response:
    """Send every indicator of every unit."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month = requested_month(request, pack, datetime.now(UTC))
    figures, then = await counted(context, caller, month.reckoning, None)
    order = sort if sort in [one.indicator.id for one in figures.figures] else None
    heads = [words.say(head) for head in (*_UNIT, _RANK)]
    for figure in figures.figures:
        heads += [f"{words.named(figure.indicator)} {words.say(head)}" for head in _VALUE]

    def rows() -> Iterator[Sequence[Cell]]:
        whole = [cell for figure in figures.figures for cell in _cells(figure.value)]
        yield ["", words.named(pack.city), "", None, *whole]
        for line in rank_units(then, figures.figures, kind_of(kind), order):
            values = [cell for figure in figures.figures
                      for cell in _cells(line.values[figure.indicator.id])]  # fmt: skip
            kind_words = words.label("unit_kind", line.unit.kind) if line.unit.kind else ""
            yield [line.unit.code, words.named(line.unit), kind_words, line.rank, *values]

    return sheet(f"{words.named(pack.city)} league {month.shown}.csv", heads, rows())


def _cells(value: Value) -> list[Cell]:
    return [cell for one in (value.after, value.before) for cell in (one.value, one.part, one.of)]


@router.get("/staff/league/tickets.csv")
async def tickets(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    indicator: str = "",
    unit: str = "",
    only: str = "",
) -> Response:
    """Send the tickets of one number's drill-down."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month = requested_month(request, pack, datetime.now(UTC))
    figure, drill_down_tickets = await counted_tickets_of(
        context, caller, month.reckoning, indicator, unit, only
    )
    shown = drill_down_tickets[:MOST]
    lines = await lines_of(context, caller, shown)
    heads = (N_("Number"), N_("Title"), N_("Unit"), N_("Counts"), N_("Excluded"))

    def rows() -> Iterator[Sequence[Cell]]:
        for one in shown:
            title = lines[one.number].title if one.number in lines else ""
            unit_name = words.named(named(pack, one.unit)) if one.unit else ""
            yield [one.number, title, unit_name, int(one.counts), int(one.excluded)]

    parts = [words.named(pack.city), figure.indicator.id, *([unit] if unit else []), month.shown]
    cut = words.cut(len(drill_down_tickets) > MOST)
    return sheet(f"{' '.join(parts)}.csv", [words.say(head) for head in heads], rows(), cut)


@router.get("/staff/league/points.csv")
async def points(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    kind: str = "",
    order: str = "",
) -> Response:
    """Send the points of every unit, and how often each rule counted."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month = requested_month(request, pack, datetime.now(UTC))
    scores, then = await computed_scores(context, caller, month.reckoning, None)
    heads = [words.say(head) for head in (*_UNIT, _RANK, N_("Points"), N_("Left out"))]
    heads += [f"{rule.code} {words.named(rule)}" for rule in then.scoring]

    def rows() -> Iterator[Sequence[Cell]]:
        table = points_table(then, scores.units, kind_of(kind), order_of(order))
        ranks = points_ranks([score for _, score in table])
        for unit, score in table:
            kind_words = words.label("unit_kind", unit.kind) if unit.kind else ""
            cells: list[Cell] = [unit.code, words.named(unit), kind_words, ranks.get(unit.code)]
            times = [score.rules[rule.code] for rule in then.scoring]
            yield [*cells, score.points, score.left_out, *times]

    return sheet(f"{words.named(pack.city)} points {month.shown}.csv", heads, rows())


@router.get("/staff/league/points/events.csv")
async def earned(
    request: Request,
    caller: Annotated[Caller, staff("get_scores")],
    context: Context,
    unit: str = "",
) -> Response:
    """Send the events that brought a unit its points."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month = requested_month(request, pack, datetime.now(UTC))
    points, rules = await earned_by(context, caller, month.reckoning, unit)
    heads = (N_("Number"), N_("Event number"), N_("When"), N_("Event in words"), N_("Part in it"),
             N_("Rule"), N_("Points"), N_("Left out"))  # fmt: skip

    def rows() -> Iterator[Sequence[Cell]]:
        for one in points[:MOST]:
            at = f"{one.at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}"
            happened, part = words.label("happened", one.event), words.label("share", one.part)
            rule = f"{one.rule} {words.named(rules[one.rule])}"
            yield [one.number, one.version, at, happened, part, rule, one.points, int(one.left_out)]

    name = f"{words.named(pack.city)} {unit} points {month.shown}.csv"
    return sheet(name, [words.say(head) for head in heads], rows(), words.cut(len(points) > MOST))
