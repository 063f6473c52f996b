"""Rounds of patrols: made once for each route and day, and climbing their ladder when missed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, or_, select, update

from domain.pack.patrols import Patrols
from domain.patrol.rounds import (
    TO_WALK,
    Climb,
    PatrolRound,
    RoundState,
    climbs,
    days_to_make,
    due_rounds,
)
from store.db.engine import ResultRow, Store
from store.db.patrol_tables import patrol_day, patrol_round, patrol_rung
from store.db.tables import Row

_ROUND, _DAY, _RUNG = patrol_round.c, patrol_day.c, patrol_rung.c

_AT_ONCE = 500
"""Rows of one INSERT, and rounds of one look for rungs."""

_UNFINISHED = sorted(state.value for state in TO_WALK)


# --- the job ------------------------------------------------------------------------------------


async def make(store: Store, city: str, patrols: Patrols, now: datetime, tz: tzinfo) -> int:
    """Make the rounds that are due and not there; return how many. It may be repeated.

    It looks at today, and at the days before that nobody has looked at, up to a week. Whoever does
    that at the same time waits for the other's transaction, and finds the rounds there.
    """
    local = now.astimezone(tz)
    today = local.date()
    begin = store.insert(patrol_day).on_conflict_do_nothing(index_elements=["city"])
    adding = store.insert(patrol_round)

    def work(connection: Connection) -> int:
        which = select(_DAY.made_until).where(_DAY.city == city).with_for_update()
        until = connection.execute(which).scalar()
        if until is None:
            connection.execute(begin, {"city": city, "made_until": today})
            until = connection.execute(which).scalar_one()
        days = days_to_make(until, today)
        there = set(
            connection.execute(
                select(_ROUND.id).where(_ROUND.city == city, _ROUND.day.in_(days))
            ).scalars()
        )
        due = due_rounds(city, patrols.routes, days, local)
        rows = [_row(one) for one in due if one.id not in there]
        for begins in range(0, len(rows), _AT_ONCE):
            some = adding.values(rows[begins : begins + _AT_ONCE])
            connection.execute(some.on_conflict_do_nothing())
        if today > until:
            day = update(patrol_day).where(_DAY.city == city, _DAY.made_until < today)
            connection.execute(day.values(made_until=today))
        return len(rows)

    return await store.write(work)


async def climb(store: Store, city: str, patrols: Patrols, now: datetime) -> int:
    """Let missed rounds climb the rungs that are due; return how many rounds. It may be repeated.

    Each rung is recorded once, with when it was due and when it was climbed.
    """
    due = (
        select(patrol_round)
        .where(_ROUND.city == city, _ROUND.rung_at <= now, _ROUND.state.in_(_UNFINISHED))
        .order_by(_ROUND.rung_at, _ROUND.id)
        .limit(_AT_ONCE)
        .with_for_update()
    )
    adding = store.insert(patrol_rung).on_conflict_do_nothing()
    changing = (
        update(patrol_round)
        .where(_ROUND.id == bindparam("of"))
        .values(
            state=RoundState.MISSED.value,
            told=_ROUND.told + bindparam("climbed"),
            rung_at=bindparam("next"),
        )
    )

    def work(connection: Connection) -> int:
        rungs: list[Row] = []
        changes: list[Row] = []
        for row in connection.execute(due).all():
            of = _round(row)
            reached, then = climbs(of, patrols, now)
            rungs += [_rung_row(of, one, now) for one in reached]
            changes.append({"of": of.id, "climbed": len(reached), "next": then})
        if rungs:
            connection.execute(adding, rungs)
        if changes:
            connection.execute(changing, changes)
        return len(changes)

    done = count = await store.write(work)
    while count == _AT_ONCE:
        count = await store.write(work)
        done += count
    return done


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClimbedRung:
    """A rung that a round has climbed."""

    round: str
    n: int
    due_at: datetime
    at: datetime
    told: tuple[str, ...]


async def get(store: Store, round_id: str) -> PatrolRound | None:
    """Return the round of this number, if there is one."""
    row = await store.first(select(patrol_round).where(_ROUND.id == round_id))
    return None if row is None else _round(row)


@dataclass(frozen=True)
class Of:
    """The owners of rounds: units, reaches, or either. Nothing given: the city's."""

    units: Collection[str] | None = None
    reaches: Collection[str] | None = None

    def condition(self, of: Table = patrol_round) -> ColumnElement[bool] | None:
        """Return the condition on rounds, or on another table with their units and reaches."""
        wanted = []
        if self.units is not None:
            wanted.append(of.c.unit.in_(sorted(self.units)))
        if self.reaches is not None:
            wanted.append(of.c.reach.in_(sorted(self.reaches)))
        return or_(*wanted) if wanted else None


async def to_walk(store: Store, city: str, of: Of, now: datetime, since: date) -> list[PatrolRound]:
    """Return the rounds that may be walked now or are missed, the one that ends first first."""
    statement = (
        select(patrol_round)
        .where(_ROUND.city == city, _ROUND.day >= since, _ROUND.state.in_(_UNFINISHED))
        .order_by(_ROUND.ends, _ROUND.id)
    )
    wanted = of.condition()
    rows = await store.rows(statement if wanted is None else statement.where(wanted))
    return [_round(row) for row in rows]


async def between(
    store: Store,
    city: str,
    of: Of,
    since: date,
    until: date,
    limit: int | None = None,
    *,
    state: RoundState | None = None,
) -> list[PatrolRound]:
    """Return the rounds of these days, the newest first; of one `state`, if it is said."""
    statement = (
        select(patrol_round)
        .where(_ROUND.city == city, _ROUND.day >= since, _ROUND.day <= until)
        .order_by(_ROUND.day.desc(), _ROUND.id)
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(_ROUND.state == state.value)
    wanted = of.condition()
    rows = await store.rows(statement if wanted is None else statement.where(wanted))
    return [_round(row) for row in rows]


async def counted(
    store: Store, city: str, of: Of, since: date, until: date
) -> dict[str | None, dict[RoundState, int]]:
    """Return how many rounds of these days are in which state, by reach."""
    statement = (
        select(_ROUND.reach, _ROUND.state, func.count().label("count"))
        .where(_ROUND.city == city, _ROUND.day >= since, _ROUND.day <= until)
        .group_by(_ROUND.reach, _ROUND.state)
    )
    wanted = of.condition()
    rows = await store.rows(statement if wanted is None else statement.where(wanted))
    found: dict[str | None, dict[RoundState, int]] = {}
    for row in rows:
        found.setdefault(row.reach, {})[RoundState(row.state)] = int(row._mapping["count"])
    return found


async def rungs(store: Store, ids: Sequence[str]) -> list[ClimbedRung]:
    """Return the rungs that these rounds have climbed, in their order."""
    if not ids:
        return []
    rows = await store.rows(
        select(patrol_rung).where(_RUNG.round.in_(ids)).order_by(_RUNG.round, _RUNG.n)
    )
    return [
        ClimbedRung(row.round, row.n, row.due_at, row.at, tuple(json.loads(row.told)))
        for row in rows
    ]


# --- rows ---------------------------------------------------------------------------------------


def locked(connection: Connection, round_id: str) -> PatrolRound | None:
    """Lock a round until the end of the transaction, and return it."""
    row = connection.execute(
        select(patrol_round).where(_ROUND.id == round_id).with_for_update()
    ).first()
    return None if row is None else _round(row)


def changed(connection: Connection, of: PatrolRound, **values: object) -> PatrolRound:
    """Change a round that is locked."""
    new = of.model_copy(update=values)
    connection.execute(update(patrol_round).where(_ROUND.id == of.id).values(_row(new)))
    return new


def _row(of: PatrolRound) -> Row:
    values = {name: getattr(of, name) for name in PatrolRound.model_fields}
    return values | {"state": of.state.value, "faults": json.dumps(of.faults)}


def _round(row: ResultRow) -> PatrolRound:
    values = dict(row._mapping)
    values["faults"] = json.loads(row.faults)
    return PatrolRound.model_validate(values)


def _rung_row(of: PatrolRound, one: Climb, now: datetime) -> Row:
    told = json.dumps(list(one.told))
    return {"round": of.id, "n": one.n, "due_at": one.due_at, "at": now, "told": told}
