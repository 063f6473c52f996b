"""The queries of assignments: of one, and of a unit's inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Select, bindparam, func, literal, select, tuple_

from domain.ticket.assignment import Ending, Share
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import ResultRow, Store
from store.tickets.accused_units import Hidden
from store.tickets.inbox import Which, among, condition, of_unit, says

_ASSIGNMENT, _TICKET = tables.assignment.c, tables.ticket.c
# Assignments that are never due come after all others.
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class AssignmentRow:
    """One unit's share, with the columns of its ticket that an officer sees in a list.

    `due_at` is when the handling is due, extensions included, and `warn_at` when its yellow card
    comes. `sign_due_at` and `contact_due_at` are empty once that is done, or where the city sets
    no limit. `burns_at`: the earliest due time of the unit; empty while its clock is paused, see
    `pause`. `task`: the task of a co-handler, a delegate or a verifier; empty for the lead unit.
    `level` is the unit's. `lat`, `lon`: WGS-84. `of_wrongdoing`: see `TicketRow`.
    """

    number: str
    n: int
    city: str
    unit: str
    queue: str
    activity_id: str
    rework: int
    share: Share
    task: str
    level: str | None
    opened_at: datetime
    signed_at: datetime | None
    contacted_at: datetime | None
    burns_at: datetime | None
    sign_due_at: datetime | None
    contact_due_at: datetime | None
    warn_at: datetime | None
    due_at: datetime | None
    pause: Literal["hold", "citizen"] | None
    pause_until: datetime | None
    ended_at: datetime | None
    ending: Ending | None
    asked: Literal["return", "extension", "hold"] | None
    extensions: int
    title: str
    kind: Kind
    category: str | None
    stage: Stage
    address: str
    lat: float | None
    lon: float | None
    of_wrongdoing: bool


@dataclass(frozen=True)
class Inbox:
    """Part of a unit's inbox; `next_cursor` is None at its end."""

    rows: list[AssignmentRow]
    next_cursor: str | None


_OF_TICKET = ("title", "kind", "of_wrongdoing", "category", "stage", "address", "lat", "lon")
_ROW = select(
    *(
        (_TICKET if field.name in _OF_TICKET else _ASSIGNMENT)[field.name]
        for field in fields(AssignmentRow)
    )
).join_from(tables.assignment, tables.ticket, _ASSIGNMENT.number == _TICKET.number)
_ONE = _ROW.where(_ASSIGNMENT.number == bindparam("number"), _ASSIGNMENT.n == bindparam("n"))
_BURNS = func.coalesce(_ASSIGNMENT.burns_at, literal(_NEVER, tables.UtcDateTime()))
_BY_URGENCY = (_BURNS, _ASSIGNMENT.number, _ASSIGNMENT.n)
_BY_END = (_ASSIGNMENT.ended_at, _ASSIGNMENT.number, _ASSIGNMENT.n)


def _assignment_row(row: ResultRow) -> AssignmentRow:
    values = dict(row._mapping)
    values["stage"], values["share"] = Stage(values["stage"]), Share(values["share"])
    values["kind"] = Kind(values["kind"])
    values["ending"] = None if values["ending"] is None else Ending(values["ending"])
    return AssignmentRow(**values)


async def get(store: Store, number: str, n: int) -> AssignmentRow | None:
    """Return the `n`th assignment of a ticket."""
    row = await store.first(_ONE, {"number": number, "n": n})
    return None if row is None else _assignment_row(row)


async def inbox(
    store: Store,
    unit: str,
    open_only: bool = True,
    cursor: str | None = None,
    limit: int = 50,
    hidden: Hidden | None = None,
    city: str | None = None,
    *,
    which: Which = Which.ALL,
    text: str = "",
    now: datetime | None = None,
) -> Inbox:
    """List the assignments of `unit`, the most urgent first, those never due at the end.

    Completed ones are listed by their end, the last first. Without `open_only`, `ALL` includes
    those that have ended. `text` is searched for, see `store.tickets.inbox.says`. `hidden`: tickets
    that are left out, see `Hidden`.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = _ROW.where(*of_unit(unit, city, hidden))
    if open_only or which is not Which.ALL:
        statement = statement.where(condition(which, now or datetime.now(UTC)))
    if text:
        statement = statement.where(says(text))
    read = await store.rows(_in_order(statement, which, cursor).limit(limit + 1))
    rows = [_assignment_row(row) for row in read]
    more, rows = len(rows) > limit, rows[:limit]
    return Inbox(rows, _cursor_after(rows[-1], which) if more and rows else None)


async def of_refs(
    store: Store,
    unit: str,
    refs: Sequence[tuple[str, int]],
    hidden: Hidden | None = None,
    city: str | None = None,
) -> list[AssignmentRow]:
    """Return those of these assignments (ticket's number, number on it) that are the unit's."""
    if not refs:
        return []
    statement = _ROW.where(*of_unit(unit, city, hidden), among(refs))
    return [_assignment_row(row) for row in await store.rows(statement.order_by(*_BY_URGENCY))]


def _in_order(statement: Select[Any], which: Which, cursor: str | None) -> Select[Any]:
    done = which is Which.DONE
    key = tuple_(*(_BY_END if done else _BY_URGENCY))
    if cursor is not None:
        at, number, n = key_of(cursor, str, str, int)
        after = (moment(at), number, n)
        statement = statement.where(key < after if done else key > after)
    return statement.order_by(*(part.desc() for part in _BY_END) if done else _BY_URGENCY)


def _cursor_after(row: AssignmentRow, which: Which) -> str:
    at = row.ended_at if which is Which.DONE else row.burns_at
    return cursor_of((at or _NEVER).isoformat(), row.number, row.n)
