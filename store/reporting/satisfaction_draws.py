"""Samples of rated tickets whose citizens are asked again (抽样复核). A draw is never changed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, update

from domain.pack.periods import Period
from domain.patrol.draw import ALGORITHM, in_order
from domain.refusals import Refused
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.locks import lock
from store.db.satisfaction_tables import satisfaction_answer, satisfaction_draw

_DRAW, _ANSWER, _TICKET = satisfaction_draw.c, satisfaction_answer.c, tables.ticket.c


@dataclass(frozen=True)
class WantedSample:
    """A sample that is wanted: so many of the rated tickets that ended on these days.

    `after`: the number of the city's last draw that who asks has seen, if they say so.
    """

    city: str
    since: date
    until: date
    period: Period
    size: int
    account: str
    after: int | None = None


@dataclass(frozen=True)
class SatisfactionDraw:
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

    @property
    def drawn(self) -> list[str]:
        return self.population[: self.size]


@dataclass(frozen=True)
class SecondAnswer:
    """The answer of a citizen who was asked again. `grade`: None while nobody was reached."""

    draw: str
    number: str
    city: str
    at: datetime
    account: str
    tries: int
    grade: int | None
    resolved: bool | None
    satisfied: bool | None
    note: str


async def draw(
    store: Store, wanted: WantedSample, new_seed: Callable[[], str], clock: Clock = written_at
) -> SatisfactionDraw:
    """Draw from the tickets that were rated and ended in these days, and record it.

    The seed is made after the population is read: nobody can have chosen it for what it draws. The
    same that was asked for after the same draw is drawn already: it is returned.

    Raises:
        Refused: sample_too_large
    """

    def work(connection: Connection) -> SatisfactionDraw:
        lock(store, connection, f"satisfaction draws/{wanted.city}")
        known = _drawn_already(connection, wanted)
        if known is not None:
            return known
        last = select(func.max(_DRAW.n)).where(_DRAW.city == wanted.city)
        n = (connection.execute(last).scalar() or 0) + 1
        members = _population(connection, wanted.city, wanted.period)
        if wanted.size > len(members):
            raise Refused("sample_too_large", f"There are {len(members)} tickets to draw from.")
        seed = new_seed()
        made = SatisfactionDraw(
            id=f"{wanted.city}-s{n}",
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
        )
        row = {name: getattr(made, name) for name in SatisfactionDraw.__dataclass_fields__}
        row["population"] = json.dumps(made.population)
        connection.execute(insert(satisfaction_draw), row)
        return made

    return await store.write(work)


def _drawn_already(connection: Connection, wanted: WantedSample) -> SatisfactionDraw | None:
    if wanted.after is None:
        return None
    same = select(satisfaction_draw).where(
        _DRAW.city == wanted.city,
        _DRAW.n == wanted.after + 1,
        _DRAW.account == wanted.account,
        _DRAW.since == wanted.since,
        _DRAW.until == wanted.until,
        _DRAW.size == wanted.size,
    )
    row = connection.execute(same).first()
    return None if row is None else _draw(row)


def _population(connection: Connection, city: str, period: Period) -> list[str]:
    """Return the rated tickets whose citizen can be asked, set apart or not.

    Nobody is called about a report of wrongdoing (举报).
    """
    rows = connection.execute(
        select(_TICKET.number)
        .where(
            _TICKET.city == city,
            _TICKET.ended_at.is_not(None),
            _TICKET.ended_at >= period.since,
            _TICKET.ended_at < period.until,
            _TICKET.rated,
            _TICKET.person.is_not(None),
            _TICKET.of_wrongdoing.is_(False),
        )
        .order_by(_TICKET.number)
    )
    return [row.number for row in rows]


async def population(store: Store, city: str, period: Period) -> list[str]:
    """Return the tickets that would be drawn from now."""
    return await store.read(lambda connection: _population(connection, city, period))


async def get(store: Store, draw_id: str) -> SatisfactionDraw | None:
    """Return the draw of this number, if there is one."""
    row = await store.first(select(satisfaction_draw).where(_DRAW.id == draw_id))
    return None if row is None else _draw(row)


async def of_city(store: Store, city: str, limit: int) -> list[SatisfactionDraw]:
    """Return the draws of a city, the newest first."""
    statement = select(satisfaction_draw).where(_DRAW.city == city)
    rows = await store.rows(statement.order_by(_DRAW.n.desc()).limit(limit))
    return [_draw(row) for row in rows]


async def record(
    store: Store, of: SatisfactionDraw, answer: SecondAnswer, clock: Clock = written_at
) -> SecondAnswer:
    """Record an attempt to ask a citizen again; an answer ends the attempts.

    Raises:
        Refused: not_sampled, answered_already
    """
    if answer.number not in of.drawn:
        raise Refused("not_sampled", "This ticket was not drawn.")
    this = (_ANSWER.draw == of.id, _ANSWER.number == answer.number)

    def work(connection: Connection) -> SecondAnswer:
        lock(store, connection, f"satisfaction answer/{of.id}/{answer.number}")
        known = connection.execute(select(satisfaction_answer).where(*this)).first()
        if known is not None and known.grade is not None:
            raise Refused("answered_already", "The citizen has answered: it is not changed.")
        tries = 1 + (known.tries if known else 0)
        row = {name: getattr(answer, name) for name in SecondAnswer.__dataclass_fields__}
        row |= {"tries": tries, "at": clock(connection)}
        if known is None:
            connection.execute(insert(satisfaction_answer), row)
        else:
            connection.execute(update(satisfaction_answer).where(*this).values(**row))
        return SecondAnswer(**row)

    return await store.write(work)


async def answers(store: Store, draw_id: str) -> dict[str, SecondAnswer]:
    """Return what became of the members of a draw who were asked, by their tickets."""
    rows = await store.rows(select(satisfaction_answer).where(_ANSWER.draw == draw_id))
    return {row.number: SecondAnswer(**row._mapping) for row in rows}


async def answered(store: Store, draw_ids: list[str]) -> dict[str, int]:
    """Return how many answered, of each draw."""
    rows = await store.rows(
        select(_ANSWER.draw, func.count().label("number"))
        .where(_ANSWER.draw.in_(draw_ids), _ANSWER.grade.is_not(None))
        .group_by(_ANSWER.draw)
    )
    return {row.draw: int(row.number) for row in rows}


def _draw(row: ResultRow) -> SatisfactionDraw:
    values = dict(row._mapping)
    values["population"] = json.loads(row.population)
    return SatisfactionDraw(**values)
