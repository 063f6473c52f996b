"""Points of units: rules, scores, and the tickets behind them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, withheld
from app.cities.periods import Reckoning, ReckoningQuery, reckoning
from app.context import AppContext
from app.errors import Problem
from app.reporting.figures import UnitName, unit_name
from domain.model import Instant, Recorded
from domain.pack.catalogue import ScoringRule, UnitKind
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.reporting.judging import Point
from store.reporting.ranking import Order, named, points_ranks, points_table
from store.reporting.scores import Scores, UnitScore, scores


class ScoresQuery(ReckoningQuery):
    """The units whose points are listed, and their order."""

    kind: UnitKind | None = Field(None, description="Units of a kind: contractor, street …")
    unit: Code | None = Field(None, description="One unit, and the events that earned its points.")
    order: Order = Field("highest", description="Most points first, fewest first, or by code.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(200, ge=1, le=1000, description="Events in one answer.")


class RuleLine(Recorded):
    """The times a rule counted, and its total points."""

    code: str = Field(examples=["TZ05"])
    times: int
    points: float


class ScoreLine(UnitName):
    """A unit's points. `left_out`: excluded tickets that would have brought it points.

    `rank`: by points among the listed units, the most first; null if nothing brought it any.
    """

    rank: int | None = None
    points: float
    rules: list[RuleLine]
    left_out: int


class PointLine(Recorded):
    """The points of one event: event `version` of ticket `number`, judged by `rule`.

    `part`: of the share that the event is about. `left_out`: the ticket is excluded, so the points
    do not count.
    """

    number: str
    version: int
    at: Instant
    event: str = Field(examples=["handled"])
    part: str = Field(examples=["lead"])
    rule: str = Field(examples=["TZ05"])
    points: float
    left_out: bool


class ScoresPage(Recorded):
    """Points. `rules`: the pack's. `left_out`: excluded tickets that would have brought points.

    `broken`: how many tickets brought none because events of theirs are missing.
    """

    city: str
    pack_version: str
    since: Instant
    until: Instant
    as_of: Instant
    units: list[ScoreLine]
    rules: list[ScoringRule]
    earned: list[PointLine] | None = None
    next_cursor: str | None = Field(None, description="Ask again with it for more events.")
    left_out: int
    broken: int


async def scores_page(
    context: AppContext, caller: Caller, city: str, query: ScoresQuery
) -> ScoresPage:
    """Return the points, by the rules that the city had in the period. Officers see all units'
    points, but only their own unit's events.

    Raises:
        Problem, UnknownCity, UnknownUnit, BadCursor
    """
    await permit(context, caller, "get_scores")
    city_of(caller, city)
    requested_reckoning = reckoning(query, context.packs.get(city), datetime.now(UTC))
    unit_scores, pack = await computed_scores(context, caller, requested_reckoning, query.unit)
    earned = following = None
    if query.unit is not None:
        shown = await _earned_for(context, caller, unit_scores.earned)
        earned, following = _page(shown, query)
    return ScoresPage(
        city=pack.city.id,
        pack_version=unit_scores.pack_version,
        since=unit_scores.period.since,
        until=unit_scores.period.until,
        as_of=unit_scores.as_of,
        units=_lines(unit_scores, pack, query),
        rules=list(pack.scoring),
        earned=earned,
        next_cursor=following,
        left_out=unit_scores.left_out,
        broken=len(unit_scores.broken),
    )


async def earned_by(
    context: AppContext, caller: Caller, requested_reckoning: Reckoning, unit: str
) -> tuple[list[Point], dict[str, ScoringRule]]:
    """Return the unit's scored events that the caller may see, and the rules by their codes.

    Raises:
        Problem: not_your_unit, not_your_city.
        UnknownUnit
    """
    unit_scores, pack = await computed_scores(context, caller, requested_reckoning, unit)
    rules = {rule.code: rule for rule in pack.scoring}
    return await _earned_for(context, caller, unit_scores.earned), rules


async def computed_scores(
    context: AppContext, caller: Caller, requested_reckoning: Reckoning, unit: str | None
) -> tuple[Scores, Pack]:
    """Return the points and the pack they are computed by; those of `unit` with their events.

    Raises:
        Problem: not_your_unit, not_your_city.
        UnknownUnit
    """
    await permit(context, caller, "get_scores")
    city_of(caller, requested_reckoning.pack.city.id)
    if unit is not None and caller.unit not in (None, unit):
        raise Problem("not_your_unit", "Officers see the events behind their own unit's points.")

    async def find() -> tuple[Scores, Pack]:
        pack = await requested_reckoning.pack_then(context)
        return await scores(
            context.store,
            pack,
            requested_reckoning.period,
            as_of=requested_reckoning.as_of,
            unit=unit,
        ), pack

    unit_scores, pack = await context.staff_figures.get(
        ("scores", unit, *requested_reckoning.cache_key), find
    )
    if unit is not None and unit not in {score.unit for score in unit_scores.units}:
        pack.unit(unit)  # raises UnknownUnit if there is none
    return unit_scores, pack


def _lines(unit_scores: Scores, pack: Pack, query: ScoresQuery) -> list[ScoreLine]:
    if query.unit is None:
        table = points_table(pack, unit_scores.units, query.kind, query.order)
    else:
        table = [
            (named(pack, one.unit), one) for one in unit_scores.units if one.unit == query.unit
        ]
    ranks = points_ranks([score for _, score in table]) if query.unit is None else {}
    return [
        ScoreLine(
            **unit_name(unit).model_dump(),
            rank=ranks.get(unit.code),
            points=score.points,
            rules=_rules(pack, score),
            left_out=score.left_out,
        )
        for unit, score in table
    ]


def _rules(pack: Pack, score: UnitScore) -> list[RuleLine]:
    return [
        RuleLine(code=rule.code, times=times, points=round(times * rule.points, 6))
        for rule in pack.scoring
        if (times := score.rules[rule.code])
    ]


async def _earned_for(context: AppContext, caller: Caller, earned: Sequence[Point]) -> list[Point]:
    """Return the events that this caller may see."""
    gone = await withheld(context, caller, (one.number for one in earned))
    return [one for one in earned if one.number not in gone]


def _page(earned: list[Point], query: ScoresQuery) -> tuple[list[PointLine], str | None]:
    begin = int(key_of(query.cursor, int)[0]) if query.cursor is not None else 0
    lines = [
        PointLine(**{name: getattr(one, name) for name in PointLine.model_fields})
        for one in earned[begin : begin + query.limit]
    ]
    end = begin + query.limit
    return lines, cursor_of(end) if end < len(earned) else None
