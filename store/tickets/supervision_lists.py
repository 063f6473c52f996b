"""Supervision lists: rows, put by hand or by a rule, and what happens to them.

Whatever changes a row locks it, then takes the time, then asks `domain.supervision.rows`, so that
two people who act at once are told what the first one has done.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from domain.actors import Actor
from domain.deadlines.limits import Limit
from domain.refusals import Refused
from domain.supervision.rows import ListRow, ListStep, RowState, StepKind
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.supervision_tables import row as row_table
from store.db.supervision_tables import step as step_table
from store.db.tables import Row

MOST = 2000
"""The most rows of one answer: a list that is longer is no list any more."""

_ROW, _STEP, _TICKET = row_table.c, step_table.c, tables.ticket.c
_COLUMNS = tuple(_ROW[name] for name in ListRow.model_fields)

Change = Callable[[ListRow, datetime], ListRow]
"""A change of a row, made at the moment of the write."""


async def put(
    store: Store,
    new: ListRow,
    by: Actor,
    draw_due: Callable[[datetime], date],
    clock: Clock = written_at,
) -> ListRow:
    """Put a ticket on a list; the deadline is taken at the moment of the write.

    A row of the same id is there already: it is returned, and nothing is recorded.

    Raises:
        Refused: not_started_yet, supervision_of_report, already_on_list, and those of `draw_due`
    """

    def work(connection: Connection) -> ListRow:
        found = connection.execute(
            select(_TICKET.of_wrongdoing).where(_TICKET.number == new.number).with_for_update()
        ).first()
        if found is None:
            raise Refused("not_started_yet", "The complaint is not started yet.")
        if found.of_wrongdoing:
            raise _of_report()
        known = connection.execute(select(*_COLUMNS).where(_ROW.id == new.id)).first()
        if known is not None:
            return _row(known)
        same = (_ROW.number == new.number, _ROW.leader == new.leader, _ROW.settled_at.is_(None))
        if connection.execute(select(_ROW.id).where(*same)).first() is not None:
            raise Refused("already_on_list", "The ticket is on this list already.")
        at = clock(connection)
        made = new.model_copy(update={"put_at": at, "due": draw_due(at)})
        connection.execute(insert(row_table), _values(made))
        _note(connection, made, StepKind.PUT, by, at, made.text, made.due)
        return made

    return await store.write(work)


async def change(
    store: Store,
    row_id: str,
    kind: StepKind,
    by: Actor,
    text: str,
    apply: Change,
    clock: Clock = written_at,
) -> ListRow:
    """Change a row, and note what happened.

    Raises:
        Refused: row_not_found, supervision_of_report, and those of `apply`
    """

    def work(connection: Connection) -> ListRow:
        locked = select(*_COLUMNS).where(_ROW.id == row_id).with_for_update()
        found = connection.execute(locked).first()
        if found is None:
            raise Refused("row_not_found", "There is no such row.")
        reports = select(_TICKET.of_wrongdoing).where(_TICKET.number == found.number)
        if connection.execute(reports).scalar():
            raise _of_report()
        before, at = _row(found), clock(connection)
        after = apply(before, at)
        connection.execute(update(row_table).where(_ROW.id == row_id).values(_values(after)))
        due = after.due if kind is StepKind.CAME_BACK else None
        _note(connection, after, kind, by, at, text, due)
        return after

    return await store.write(work)


async def get(store: Store, row_id: str) -> ListRow | None:
    """Return a row; None of a ticket that has become a report of wrongdoing."""
    found = await store.first(_shown().where(_ROW.id == row_id))
    return None if found is None else _row(found)


async def of_city(
    store: Store,
    city: str,
    *,
    leaders: Sequence[str] | None,
    unit: str | None,
    settled: bool,
    today: date,
) -> list[ListRow]:
    """Return rows: what is late first, then by the next day; settled ones last, or not at all.

    `leaders`: those lists, and whatever is for `unit` to rectify; None: all lists.
    """
    query = _shown().where(_ROW.city == city)
    if leaders is not None:
        of_unit = (_ROW.unit == unit) if unit is not None else (_ROW.unit == "")
        query = query.where(or_(_ROW.leader.in_(leaders), of_unit))
    if not settled:
        query = query.where(_ROW.settled_at.is_(None))
    next_day = func.coalesce(_ROW.revisit_due, _ROW.due)
    latest = (_ROW.settled_at.is_not(None), next_day, _ROW.number, _ROW.leader)
    found = [_row(one) for one in await store.rows(query.order_by(*latest).limit(MOST))]
    return sorted(found, key=lambda one: not one.late(today))


def late_days(city: str, today: date) -> Select[tuple[date]]:
    """Select the days of the rows that are late, as `ListRow.late` says it."""
    revisits = _ROW.state == RowState.REVISIT.value
    next_day = case((revisits, _ROW.revisit_due), else_=_ROW.due)
    return select(next_day.label("day")).where(
        _ROW.city == city, _ROW.settled_at.is_(None), next_day < today, _public()
    )


async def steps_of(store: Store, rows: Sequence[ListRow]) -> dict[str, list[ListStep]]:
    """Return what happened to these rows, by their ids, each in its order."""
    told: dict[str, list[ListStep]] = {one.id: [] for one in rows}
    ids = sorted(told)
    for begin in range(0, len(ids), 500):
        some = ids[begin : begin + 500]
        query = select(step_table).where(_STEP.row.in_(some)).order_by(_STEP.row, _STEP.n)
        for one in await store.rows(query):
            told[one.row].append(ListStep.model_validate(dict(one._mapping)))
    return told


class Changed(NamedTuple):
    """A ticket that changed lately. `turns`: when it can come to be late without another change."""

    number: str
    version: int
    turns: tuple[datetime, ...]


async def changed(
    store: Store, city: str, since: datetime, after: str, limit: int
) -> list[Changed]:
    """Return tickets of a city that changed since then, by number, reports of wrongdoing left out.

    Tickets that are on a list already are among them: another leader's may follow.
    """
    query = (
        select(_TICKET.number, _TICKET.version, _TICKET.due_at, _TICKET.promised_at)
        .where(
            _TICKET.city == city,
            _TICKET.updated_at >= since,
            _TICKET.of_wrongdoing.is_(False),
            _TICKET.number > after,
        )
        .order_by(_TICKET.number)
        .limit(limit)
    )
    return [
        Changed(
            one.number,
            one.version,
            tuple(at for at in (one.due_at, one.promised_at) if at is not None),
        )
        for one in await store.rows(query)
    ]


async def rules_used(store: Store, number: str) -> set[tuple[str, str]]:
    """Return which rules have put the ticket on which lists, as leader and rule.

    A list that has it unsettled, by hand or by a rule, counts as with rule "".
    """
    query = select(_ROW.leader, _ROW.rule, _ROW.settled_at).where(_ROW.number == number)
    used = set[tuple[str, str]]()
    for one in await store.rows(query):
        if one.rule:
            used.add((one.leader, one.rule))
        if one.settled_at is None:
            used.add((one.leader, ""))
    return used


def forget(connection: Connection, number: str) -> None:
    """Delete the rows of a ticket that is erased, with all that was said of them."""
    of = select(_ROW.id).where(_ROW.number == number)
    connection.execute(delete(step_table).where(_STEP.row.in_(of)))
    connection.execute(delete(row_table).where(_ROW.number == number))


# --- rows -------------------------------------------------------------------------------------


def _shown() -> Select[*tuple[object, ...]]:
    """Select the rows of tickets that are no reports of wrongdoing."""
    return select(*_COLUMNS).where(_public())


def _public() -> ColumnElement[bool]:
    """Return the condition that the ticket of a row is no report of wrongdoing."""
    return ~exists().where(and_(_TICKET.number == _ROW.number, _TICKET.of_wrongdoing.is_(True)))


def _note(
    connection: Connection,
    of: ListRow,
    kind: StepKind,
    by: Actor,
    at: datetime,
    text: str,
    due: date | None,
) -> None:
    last = connection.execute(select(func.max(_STEP.n)).where(_STEP.row == of.id)).scalar()
    values = {"row": of.id, "n": (last or 0) + 1, "at": at, "kind": kind.value}
    values |= {"role": by.role.value, "actor": str(by), "text": text, "due": due}
    connection.execute(insert(step_table), values)


def _values(of: ListRow) -> Row:
    values = {name: getattr(of, name) for name in ListRow.model_fields}
    revisits = json.dumps([str(limit) for limit in of.revisits])
    return values | {"state": of.state.value, "revisits": revisits}


def _row(found: ResultRow) -> ListRow:
    values = dict(found._mapping)
    values["revisits"] = [Limit.parse(one) for one in json.loads(found.revisits)]
    values["state"] = RowState(found.state)
    return ListRow.model_validate(values)


def _of_report() -> Refused:
    return Refused("supervision_of_report", "A report of wrongdoing is on no list.")
