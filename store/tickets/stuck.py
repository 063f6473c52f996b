"""Stuck tickets, found by the record alone: they wait too long although no person has to act.

Whatever fails (a worker, the engine, a pack, a plan), a complaint that does not move is found here:
the board, `jiesu doctor`, the administrators' page and the metric `jiesu_stuck` all use this
module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
)

from domain.ticket.stages import Stage
from store.db import setback_tables, tables
from store.db.engine import ResultRow, Store

GRACE = timedelta(minutes=1)
"""The longest time for a step that no person has to do."""

_PACED = timedelta(hours=6)
"""The longest time in which the members of an incident are started, one after another."""

NAMED = 5
"""The most tickets that are named of each kind, the longest wait first."""

STATEMENTS = 4
"""The number of statements of `look`."""

_INTAKE, _TICKET, _EVENT = tables.intake.c, tables.ticket.c, tables.event.c
_SETBACK = setback_tables.setback.c

# Word for word as in the indexes, so that both databases see that they apply.
_UNRECORDED, _AUTOMATIC = text(tables.UNRECORDED), text(tables.AUTOMATIC)
_UNSETTLED = text(setback_tables.UNSETTLED)


class Waits(StrEnum):
    """The step that a stuck ticket waits for."""

    START = "start"  # registered, and its workflow has not started
    RECORD = "record"  # started, and nothing is recorded: its rules or the store may have failed
    TRIAGE = "triage"  # automatic triage has neither given a category, nor said it is unsure
    DISPATCH = "dispatch"  # the unit that the rules or a person name has not received it
    FEEDBACK = "feedback"  # the answer is recorded, and not sent to the citizen
    RUNG = "rung"  # an escalation level of a clock was reached, and is not recorded
    SETBACK = "setback"  # the engine was set back behind the record, and no operator has settled it


@dataclass(frozen=True, slots=True)
class Stuck:
    """Tickets that wait for the same step; `since`: the longest; `numbers`: the first `NAMED`."""

    waits: Waits
    tickets: int
    since: datetime
    numbers: tuple[str, ...]


async def stuck(store: Store, now: datetime, city: str | None = None) -> list[Stuck]:
    """Return the tickets that are stuck for longer than `GRACE`, of one city or of all.

    Raises:
        StoreUnavailable
    """
    return await store.read(partial(look, now, city))


def look(now: datetime, city: str | None, connection: Connection) -> list[Stuck]:
    """Return the same as `stuck`, by the connection of a larger read."""
    values: dict[Waits, list[ResultRow]] = {}
    for statement in (_intake(now, city), _stages(now, city), _levels(now, city), _setbacks(city)):
        for row in connection.execute(statement):
            values.setdefault(Waits(row.waits), []).append(row)
    return [_stuck_of(waits, values[waits]) for waits in Waits if waits in values]


def _stuck_of(waits: Waits, rows: Sequence[ResultRow]) -> Stuck:
    first = sorted(rows, key=lambda row: row.place)
    return Stuck(waits, first[0].tickets, first[0].since, tuple(row.number for row in first))


def _intake(now: datetime, city: str | None) -> Select[Any]:
    waits = case((_INTAKE.started_at.is_(None), Waits.START.value), else_=Waits.RECORD.value)
    paced = and_(_INTAKE.started_at.is_(None), _INTAKE.incident.is_not(None))
    statement = select(waits.label("waits"), _INTAKE.number, _INTAKE.filed_at.label("since")).where(
        _UNRECORDED,
        _INTAKE.filed_at <= now - GRACE,
        or_(~paced, _INTAKE.filed_at <= now - _PACED),
    )
    return _first(_of(statement, _INTAKE.city, city))


def _stages(now: datetime, city: str | None) -> Select[Any]:
    """Select tickets stuck at an automatic stage, or at triage or dispatch if no person decides."""
    unsure = (
        select(literal(1))
        .where(_EVENT.number == _TICKET.number, _EVENT.kind == "triage_unsure")
        .exists()
    )
    by_machine = case(
        (_TICKET.stage == Stage.TRIAGE, ~unsure),
        (_TICKET.stage == Stage.DISPATCH, _TICKET.queue.is_(None)),
        else_=literal(1) == 1,
    )
    statement = select(
        _TICKET.stage.label("waits"), _TICKET.number, _TICKET.updated_at.label("since")
    ).where(_AUTOMATIC, _TICKET.updated_at <= now - GRACE, by_machine)
    return _first(_of(statement, _TICKET.city, city))


def _levels(now: datetime, city: str | None) -> Select[Any]:
    waits = literal(Waits.RUNG.value, String())
    statement = select(waits.label("waits"), _TICKET.number, _TICKET.rung_at.label("since")).where(
        _TICKET.rung_at.is_not(None), _TICKET.rung_at <= now - GRACE
    )
    return _first(_of(statement, _TICKET.city, city))


def _setbacks(city: str | None) -> Select[Any]:
    waits = literal(Waits.SETBACK.value, String())
    since = _SETBACK.found_at.label("since")
    statement = select(waits.label("waits"), _SETBACK.number, since).where(_UNSETTLED)
    return _first(_of(statement, _SETBACK.city, city))


def _of(statement: Select[Any], column: ColumnElement[str], city: str | None) -> Select[Any]:
    # An expression, because with the column SQLite would read all tickets of the city.
    return statement if city is None else statement.where(column.concat("") == city)


def _first(statement: Select[Any]) -> Select[Any]:
    """Select how many there are of each kind, and the first of them."""
    each = statement.subquery()
    place = func.row_number().over(
        partition_by=each.c.waits, order_by=(each.c.since, each.c.number)
    )
    counted = select(
        each, place.label("place"), func.count().over(partition_by=each.c.waits).label("tickets")
    ).subquery()
    return select(counted).where(counted.c.place <= NAMED)
