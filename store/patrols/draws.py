"""Draws of unannounced checks (暗访抽查), and their evaluation sheets. Neither is ever changed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select

from domain.pack.patrols import Checks, Criterion
from domain.patrol import checks
from domain.patrol.draw import ALGORITHM, in_order
from domain.refusals import Refused
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.locks import lock
from store.db.patrol_tables import patrol_draw, patrol_round, patrol_sheet

_DRAW, _SHEET, _ROUND = patrol_draw.c, patrol_sheet.c, patrol_round.c
_CRITERIA = TypeAdapter(tuple[Criterion, ...])


@dataclass(frozen=True)
class WantedDraw:
    """A draw that is wanted: so many of the rounds of these days, up to yesterday.

    `after`: the number of the city's last draw that who asks has seen, if they say so.
    """

    city: str
    since: date
    until: date
    size: int
    rules: Checks
    account: str
    after: int | None = None


@dataclass(frozen=True)
class Draw:
    """A draw. `population`: in the order of the seed; the first `size` of it are drawn."""

    id: str
    city: str
    n: int
    at: datetime
    account: str
    since: date
    until: date
    algorithm: str
    seed: str
    size: int
    population: list[str]
    unit: str
    criteria: tuple[Criterion, ...]

    @property
    def drawn(self) -> list[str]:
        return self.population[: self.size]


@dataclass(frozen=True)
class EvaluationSheet:
    """A filled evaluation sheet."""

    draw: str
    round: str
    filled_at: datetime
    account: str
    unit: str | None
    points: dict[str, int]
    remarks: str
    total: int


async def draw(
    store: Store,
    wanted: WantedDraw,
    today: date,
    new_seed: Callable[[], str],
    clock: Clock = written_at,
) -> Draw:
    """Draw from the rounds of these days, and record it. Each draw of a city has the next number.

    The seed is made after the population is read: nobody can have chosen it for what it draws.
    Those who draw at once wait for each other. The same that was asked for after the same draw is
    drawn already: it is returned.

    Raises:
        Refused: draw_too_early, draw_period, draw_too_large
    """
    checks.check_period(wanted.since, wanted.until, today)

    def work(connection: Connection) -> Draw:
        lock(store, connection, f"patrol draws/{wanted.city}")
        known = _drawn_already(connection, wanted)
        if known is not None:
            return known
        last = select(func.max(_DRAW.n)).where(_DRAW.city == wanted.city)
        n = (connection.execute(last).scalar() or 0) + 1
        members = _population(connection, wanted.city, wanted.since, wanted.until)
        if wanted.size > len(members):
            raise Refused("draw_too_large", f"There are {len(members)} rounds to draw from.")
        seed = new_seed()
        made = Draw(
            id=f"{wanted.city}-{n}",
            city=wanted.city,
            n=n,
            at=clock(connection),
            account=wanted.account,
            since=wanted.since,
            until=wanted.until,
            algorithm=ALGORITHM,
            seed=seed,
            size=wanted.size,
            population=in_order(ALGORITHM, seed, members),
            unit=wanted.rules.unit,
            criteria=wanted.rules.criteria,
        )
        row = {name: getattr(made, name) for name in Draw.__dataclass_fields__}
        row["population"] = json.dumps(made.population)
        row["criteria"] = _CRITERIA.dump_json(made.criteria).decode()
        connection.execute(insert(patrol_draw), row)
        return made

    return await store.write(work)


async def population(store: Store, of: Draw) -> list[str]:
    """Return the rounds of a draw's days as the record has them now."""
    return await store.read(lambda connection: _population(connection, of.city, of.since, of.until))


def _population(connection: Connection, city: str, since: date, until: date) -> list[str]:
    rows = connection.execute(
        select(_ROUND.id)
        .where(_ROUND.city == city, _ROUND.day >= since, _ROUND.day <= until)
        .order_by(_ROUND.id)
    )
    return [row.id for row in rows]


async def get(store: Store, draw_id: str) -> Draw | None:
    """Return the draw of this number, if there is one."""
    row = await store.first(select(patrol_draw).where(_DRAW.id == draw_id))
    return None if row is None else _draw(row)


def _drawn_already(connection: Connection, wanted: WantedDraw) -> Draw | None:
    """Return the draw that this very request made, when it comes again."""
    if wanted.after is None:
        return None
    same = select(patrol_draw).where(
        _DRAW.city == wanted.city,
        _DRAW.n == wanted.after + 1,
        _DRAW.account == wanted.account,
        _DRAW.since == wanted.since,
        _DRAW.until == wanted.until,
        _DRAW.size == wanted.size,
    )
    row = connection.execute(same).first()
    return None if row is None else _draw(row)


async def of_city(store: Store, city: str, limit: int) -> list[Draw]:
    """Return the draws of a city, the newest first."""
    rows = await store.rows(
        select(patrol_draw).where(_DRAW.city == city).order_by(_DRAW.n.desc()).limit(limit)
    )
    return [_draw(row) for row in rows]


async def fill(
    store: Store,
    of: Draw,
    round_id: str,
    points: dict[str, int],
    remarks: str,
    by: tuple[str, str | None],
    clock: Clock = written_at,
) -> EvaluationSheet:
    """Fill the sheet of a round that was drawn, once. `by`: the account, and its unit.

    Raises:
        Refused: not_drawn, sheet_filled, sheet_incomplete, sheet_points
    """
    if round_id not in of.drawn:
        raise Refused("not_drawn", "This round was not drawn.")
    total = checks.check_points(of.criteria, points)
    adding = store.insert(patrol_sheet).on_conflict_do_nothing()

    def work(connection: Connection) -> EvaluationSheet:
        made = EvaluationSheet(
            of.id, round_id, clock(connection), by[0], by[1], dict(points), remarks, total
        )
        row = {name: getattr(made, name) for name in EvaluationSheet.__dataclass_fields__}
        row["points"] = json.dumps(made.points)
        if connection.execute(adding, row).rowcount != 1:
            raise Refused("sheet_filled", "The sheet is filled already, and is not changed.")
        return made

    return await store.write(work)


async def sheets(store: Store, draw_id: str) -> list[EvaluationSheet]:
    """Return the filled sheets of a draw."""
    rows = await store.rows(
        select(patrol_sheet).where(_SHEET.draw == draw_id).order_by(_SHEET.round)
    )
    return [_sheet(row) for row in rows]


async def filled(store: Store, draw_ids: list[str]) -> dict[str, tuple[int, int]]:
    """Return how many sheets of these draws are filled, and the sum of their totals."""
    rows = await store.rows(
        select(_SHEET.draw, func.count().label("number"), func.sum(_SHEET.total).label("total"))
        .where(_SHEET.draw.in_(draw_ids))
        .group_by(_SHEET.draw)
    )
    return {row.draw: (int(row.number), int(row.total)) for row in rows}


def _draw(row: ResultRow) -> Draw:
    values = dict(row._mapping)
    values["population"] = json.loads(row.population)
    values["criteria"] = _CRITERIA.validate_json(row.criteria)
    return Draw(**values)


def _sheet(row: ResultRow) -> EvaluationSheet:
    values = dict(row._mapping)
    values["points"] = {code: int(given) for code, given in json.loads(row.points).items()}
    return EvaluationSheet(**values)
