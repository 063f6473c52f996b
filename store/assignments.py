"""Asking about assignments: one, and the inbox of a unit."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import bindparam, func, literal, select, tuple_

from domain.assignment import Ending, Share
from domain.stages import Stage
from store import tables
from store.cursors import cursor as cursor_of
from store.cursors import key_of, moment
from store.engine import Found, Store
from store.hidden import Hidden, shown

_ASSIGNMENT, _TICKET = tables.assignment.c, tables.ticket.c
# What is never due comes after everything that is.
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class AssignmentRow:
    """One unit's share, with what of its ticket an officer sees in a list.

    `due_at` is when the handling is due, extensions included. `task`: what a co-handler, a delegate
    or a verifier is to do; empty for whoever leads. `level` is the unit's.
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
    due_at: datetime | None
    ended_at: datetime | None
    ending: Ending | None
    asked: Literal["return", "extension", "hold"] | None
    extensions: int
    title: str
    category: str | None
    stage: Stage


@dataclass(frozen=True)
class Inbox:
    """Part of a unit's inbox; `next_cursor` is None at its end."""

    rows: list[AssignmentRow]
    next_cursor: str | None


_OF_TICKET = ("title", "category", "stage")
_ROW = select(
    *(
        (_TICKET if field.name in _OF_TICKET else _ASSIGNMENT)[field.name]
        for field in fields(AssignmentRow)
    )
).join_from(tables.assignment, tables.ticket, _ASSIGNMENT.number == _TICKET.number)
_ONE = _ROW.where(_ASSIGNMENT.number == bindparam("number"), _ASSIGNMENT.n == bindparam("n"))
_DUE = func.coalesce(_ASSIGNMENT.due_at, literal(_NEVER, tables.UtcDateTime()))
_BY_URGENCY = (_DUE, _ASSIGNMENT.number, _ASSIGNMENT.n)


def _assignment_row(row: Found) -> AssignmentRow:
    told = dict(row._mapping)
    told["stage"], told["share"] = Stage(told["stage"]), Share(told["share"])
    told["ending"] = None if told["ending"] is None else Ending(told["ending"])
    return AssignmentRow(**told)


async def get(store: Store, number: str, n: int) -> AssignmentRow | None:
    """The `n`th assignment of a ticket."""
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
) -> Inbox:
    """The assignments of `unit`, what burns first first; those without a due time at the end.

    `hidden`: tickets that are left out, see there.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    asked = _ROW.where(_ASSIGNMENT.unit == unit)
    if city is not None:
        asked = asked.where(_ASSIGNMENT.city == city)
    if hidden:
        asked = asked.where(shown(hidden))
    if open_only:
        asked = asked.where(_ASSIGNMENT.ended_at.is_(None))
    if cursor is not None:
        due, number, n = key_of(cursor, str, str, int)
        asked = asked.where(tuple_(*_BY_URGENCY) > (moment(due), number, n))
    found = await store.rows(asked.order_by(*_BY_URGENCY).limit(limit + 1))
    rows = [_assignment_row(row) for row in found]
    more, rows = len(rows) > limit, rows[:limit]
    return Inbox(rows, _cursor_after(rows[-1]) if more and rows else None)


def _cursor_after(row: AssignmentRow) -> str:
    return cursor_of((row.due_at or _NEVER).isoformat(), row.number, row.n)
