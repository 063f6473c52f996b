"""The parts of a unit's inbox: their conditions, and how many assignments each has."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from domain.canonical import folded
from domain.ticket.assignment import Ending, Share
from store.db import tables
from store.db.engine import Store
from store.tickets.accused_units import Hidden, shown
from store.tickets.numbers import number_begins
from store.tickets.states import is_late

_ASSIGNMENT, _TICKET = tables.assignment.c, tables.ticket.c

LATELY = timedelta(days=7)
"""The time for which completed assignments are shown."""


class Which(StrEnum):
    """A part of a unit's inbox. All but `done` have open assignments only."""

    ALL = "all"
    SIGN = "sign"  # not signed
    CONTACT = "contact"  # the citizen has yet to be contacted
    LATE = "late"  # something that the unit has to do is past due
    NEAR = "near"  # not late, and the yellow card was shown
    ASKED = "asked"  # waits for a decision
    PAUSED = "paused"  # 挂账, or waits for the citizen
    VERIFY = "verify"  # 核查
    DONE = "done"  # within `LATELY`


def condition(which: Which, now: datetime) -> ColumnElement[bool]:
    """Return the condition of the assignments in that part."""
    if which is Which.DONE:
        # The time of the end as well, so that the index by unit and end is used.
        lately = _ASSIGNMENT.ended_at >= now - LATELY
        return and_(lately, _ASSIGNMENT.ending == Ending.DONE.value)
    return and_(_ASSIGNMENT.ended_at.is_(None), _of_open(which, now))


def _of_open(which: Which, now: datetime) -> ColumnElement[bool]:
    match which:
        case Which.SIGN:
            return _ASSIGNMENT.signed_at.is_(None)
        case Which.CONTACT:
            return _ASSIGNMENT.contact_due_at.is_not(None)
        case Which.LATE:
            return is_late(_ASSIGNMENT.burns_at, now)
        case Which.NEAR:
            going = _ASSIGNMENT.pause.is_(None)
            return and_(going, ~is_late(_ASSIGNMENT.burns_at, now), _ASSIGNMENT.warn_at <= now)
        case Which.ASKED:
            return _ASSIGNMENT.asked.is_not(None)
        case Which.PAUSED:
            return _ASSIGNMENT.pause.is_not(None)
        case Which.VERIFY:
            return _ASSIGNMENT.share == Share.VERIFY.value
        case _:
            return true()


def says(text: str) -> ColumnElement[bool]:
    """Return the condition that title, place or task contain the text, or the number begins so."""
    parts = [
        column.contains(folded(text), autoescape=True)
        for column in (_TICKET.title_folded, _TICKET.address_folded, _ASSIGNMENT.task_folded)
    ]
    return or_(*number_begins(_ASSIGNMENT.number, text), *parts)


def of_unit(unit: str, city: str | None, hidden: Hidden | None) -> list[ColumnElement[bool]]:
    """Return the conditions of the unit's assignments, without hidden tickets."""
    conditions = [_ASSIGNMENT.unit == unit]
    if city is not None:
        conditions.append(_ASSIGNMENT.city == city)
    if hidden:
        conditions.append(shown(hidden))
    return conditions


def among(refs: Collection[tuple[str, int]]) -> ColumnElement[bool]:
    """Return the condition of the assignments with these numbers."""
    return or_(*(and_(_ASSIGNMENT.number == number, _ASSIGNMENT.n == n) for number, n in refs))


async def counts(
    store: Store,
    unit: str,
    city: str | None,
    hidden: Hidden | None,
    now: datetime,
    text: str = "",
) -> dict[Which, int]:
    """Count the assignments in each part of the unit's inbox; with `text`, those that say it."""
    parts = [part for part in Which if part is not Which.DONE]
    counted = [func.count(case((_of_open(part, now), 1))).label(part.value) for part in parts]
    joined = tables.assignment.join(tables.ticket, _ASSIGNMENT.number == _TICKET.number)
    own = of_unit(unit, city, hidden)
    if text:
        own.append(says(text))
    opened = select(*counted).select_from(joined).where(*own, _ASSIGNMENT.ended_at.is_(None))
    done = select(func.count()).select_from(joined).where(*own, condition(Which.DONE, now))
    row, ended = await store.first(opened), await store.first(done)
    values = {part: int(getattr(row, part.value)) for part in parts}
    return values | {Which.DONE: int(ended[0]) if ended else 0}
