"""Unannounced checks (暗访抽查): drawn at random, drawn again by an auditor, and evaluated."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.patrols.views import patrolled
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.patrols import Checks, Criterion
from domain.patrol.draw import SEED_BYTES, UnknownAlgorithm, redraw
from domain.ticket.complaint import Code, cleaned
from store.patrols import draws
from store.patrols.draws import Draw, EvaluationSheet, WantedDraw

_MOST = 100


class DrawIn(Incoming):
    """A draw of so many of the rounds of these days, which are over."""

    since: date
    until: date
    size: int = Field(ge=1, le=500)
    after: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="The number of the city's last draw that you have seen, 0 if there is none: "
        "the same asked for twice is then drawn once.",
    )


class SheetIn(Incoming):
    """A filled evaluation sheet: points for each criterion."""

    points: dict[Code, int] = Field(max_length=50)
    remarks: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = ""


class EvaluationSheetOut(Recorded):
    """The sheet of a round that was drawn; `filled_at` null: nobody has filled it yet."""

    round: str
    filled_at: Instant | None = None
    unit: str | None = None
    points: dict[str, int] = Field(default_factory=dict)
    remarks: str = ""
    total: int | None = None


class DrawOut(Recorded):
    """A draw with what it was made from: whoever has this can repeat it."""

    id: str = Field(examples=["jinan-1"])
    city: str
    n: int
    at: Instant
    since: date
    until: date
    algorithm: str
    seed: str
    size: int
    population: list[str] = Field(description="All rounds of the days, as the seed orders them.")
    drawn: list[str]
    criteria: list[Criterion]
    most: int = Field(description="The most points of a sheet.")
    sheets: list[EvaluationSheetOut]


class DrawLine(Recorded):
    """A draw in a list. `n`: its number in the city. `average`: of the totals of filled sheets."""

    id: str
    n: int
    at: Instant
    since: date
    until: date
    size: int
    of: int
    filled: int
    average: float | None


class DrawsOut(Recorded):
    items: list[DrawLine]


class RedrawOut(Recorded):
    """A draw that was repeated. `same`: it is what is recorded.

    `in_order`: the recorded population is in the order of its seed. `gone`, `new`: rounds of these
    days that only the draw, or only the record, has.
    """

    id: str
    same: bool
    in_order: bool
    drawn: list[str]
    recorded: list[str]
    gone: list[str]
    new: list[str]


async def draw_checks(
    context: AppContext, caller: Caller, body: DrawIn, city: str | None = None
) -> DrawOut:
    """Draw rounds for unannounced checks, and record how.

    Raises:
        Problem, Refused: not_your_city, not_in_this_city, invalid_request, draw_too_early,
            draw_period, draw_too_large
        UnknownCity
    """
    await permit(context, caller, "draw_checks")
    pack = patrolled(context, caller, city)
    wanted = WantedDraw(
        pack.city.id, body.since, body.until, body.size, _rules(pack), caller.id, body.after
    )
    today = context.now().astimezone(pack.calendar.tz).date()
    made = await draws.draw(context.store, wanted, today, lambda: secrets.token_hex(SEED_BYTES))
    return _out(made, [])


async def list_draws(context: AppContext, caller: Caller, city: str | None = None) -> DrawsOut:
    """Return the draws of a city, the newest first; to evaluators those of their unit.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "list_draws")
    pack = patrolled(context, caller, city)
    found = await draws.of_city(context.store, pack.city.id, _MOST)
    found = [one for one in found if _evaluates(caller, one)]
    filled = await draws.filled(context.store, [one.id for one in found])
    return DrawsOut(items=[_line(one, *filled.get(one.id, (0, 0))) for one in found])


async def get_draw(context: AppContext, caller: Caller, draw_id: str) -> DrawOut:
    """Return a draw with its sheets.

    Raises:
        Problem: draw_not_found
    """
    await permit(context, caller, "get_draw")
    made = await _draw(context, caller, draw_id)
    return _out(made, await draws.sheets(context.store, made.id))


async def redraw_checks(context: AppContext, caller: Caller, draw_id: str) -> RedrawOut:
    """Repeat a draw from its seed, and say whether it is what is recorded.

    Raises:
        Problem: draw_not_found, unknown_algorithm
    """
    await permit(context, caller, "redraw_checks")
    made = await _draw(context, caller, draw_id)
    known = await draws.population(context.store, made)
    try:
        again = redraw(made.algorithm, made.seed, made.population, made.drawn, known)
    except UnknownAlgorithm as error:
        raise Problem("unknown_algorithm", f"Algorithm: {made.algorithm}.") from error
    return RedrawOut(
        id=made.id,
        same=again.same,
        in_order=again.in_order,
        drawn=again.drawn,
        recorded=made.drawn,
        gone=again.gone,
        new=again.new,
    )


async def fill_sheet(
    context: AppContext, caller: Caller, draw_id: str, round_id: str, body: SheetIn
) -> DrawOut:
    """Fill the evaluation sheet of a round that was drawn, once; its total is computed.

    Raises:
        Problem, Refused: draw_not_found, not_drawn, sheet_filled, sheet_incomplete, sheet_points
    """
    await permit(context, caller, "fill_sheet")
    made = await _draw(context, caller, draw_id)
    by = (caller.id, caller.unit)
    await draws.fill(context.store, made, round_id, dict(body.points), body.remarks, by)
    return _out(made, await draws.sheets(context.store, made.id))


def _rules(pack: Pack) -> Checks:
    if pack.patrols.checks is None:
        raise Problem("not_in_this_city")
    return pack.patrols.checks


def _evaluates(caller: Caller, made: Draw) -> bool:
    """Return whether a caller may know of a draw: nobody who walks does, or it were announced."""
    return caller.serves(made.city) and caller.unit in (None, made.unit)


async def _draw(context: AppContext, caller: Caller, draw_id: str) -> Draw:
    made = await draws.get(context.store, draw_id)
    if made is None or not _evaluates(caller, made):
        raise Problem("draw_not_found")
    return made


def _line(made: Draw, filled: int, total: int) -> DrawLine:
    return DrawLine(
        id=made.id,
        n=made.n,
        at=made.at,
        since=made.since,
        until=made.until,
        size=made.size,
        of=len(made.population),
        filled=filled,
        average=round(total / filled, 2) if filled else None,
    )


def _out(made: Draw, filled: Sequence[EvaluationSheet]) -> DrawOut:
    known = {sheet.round: sheet for sheet in filled}
    return DrawOut(
        id=made.id,
        city=made.city,
        n=made.n,
        at=made.at,
        since=made.since,
        until=made.until,
        algorithm=made.algorithm,
        seed=made.seed,
        size=made.size,
        population=made.population,
        drawn=made.drawn,
        criteria=list(made.criteria),
        most=sum(criterion.points for criterion in made.criteria),
        sheets=[_sheet(one, known.get(one)) for one in made.drawn],
    )


def _sheet(round_id: str, filled: EvaluationSheet | None) -> EvaluationSheetOut:
    if filled is None:
        return EvaluationSheetOut(round=round_id)
    return EvaluationSheetOut(
        round=round_id,
        filled_at=filled.filled_at,
        unit=filled.unit,
        points=filled.points,
        remarks=filled.remarks,
        total=filled.total,
    )
