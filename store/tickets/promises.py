"""Promises of units: beside the workflow of their ticket, which may end before they do.

Whatever changes a promise locks its row, then takes the time, then asks the rule. What follows from
the clock alone, that a day is here or that the grace is over, is computed at reading.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from domain.promise import checks
from domain.promise.promise import Promise, PromiseEnd
from domain.refusals import Refused
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.db.engine import ResultRow, Store
from store.db.errors import BadCursor
from store.db.promise_tables import promise
from store.db.tables import Row
from store.files.files import Attaching
from store.files.files import attach as attached

_PROMISE = promise.c
_TICKET = tables.ticket.c


class PromisePart(StrEnum):
    """Parts of the list of promises. `WAITING`: their day is here, and nothing was said.

    `LATE`: their day is over, and nothing was said.
    """

    WAITING = "waiting"
    LATE = "late"
    UNSAID = "unsaid"  # broken by silence: with the supervisor
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    EXCUSED = "excused"
    ALL = "all"


@dataclass(frozen=True)
class Promises:
    """Part of a list; `next_cursor` is None at its end."""

    items: list[Promise]
    next_cursor: str | None


@dataclass(frozen=True)
class PromiseEnding:
    """The end of a promise, as somebody tells it. `moved_to`: the day of the promise that follows.

    `most_ahead`, `grace`: the city's rules for that one.
    """

    end: PromiseEnd
    said: str
    by: str
    photo: str | None = None
    moved_to: date | None = None
    most_ahead: int = 0
    grace: int = 0


async def make(
    store: Store,
    new: Promise,
    due: date | None,
    rules: tuple[int, int],
    zone: tzinfo,
    clock: Clock = written_at,
) -> Promise:
    """Record a promise; `n`, `made_at` and its days are given here. `rules`: days ahead, grace.

    One of the same id is there already: it is returned, and nothing is recorded.

    Raises:
        Refused: not_started_yet, promise_undated, in_the_past, too_far, promise_cap
    """
    most_ahead, grace = rules

    def work(connection: Connection) -> Promise:
        locked = select(_TICKET.number).where(_TICKET.number == new.number).with_for_update()
        if connection.execute(locked).first() is None:
            raise Refused("not_started_yet", "The complaint is not started yet.")
        known = connection.execute(select(promise).where(_PROMISE.id == new.id)).first()
        if known is not None:
            return _promise(known)
        now = clock(connection)
        day = checks.check_day(due, now.astimezone(zone).date(), most_ahead)
        days = {"due": day, "asked_until": checks.last_day_to_say(day, grace)}
        return _inserted(connection, new.model_copy(update=days | {"made_at": now}))

    return await store.write(work)


async def end(
    store: Store,
    promise_id: str,
    ending: PromiseEnding,
    zone: tzinfo,
    photo: Attaching | None = None,
    clock: Clock = written_at,
) -> Promise:
    """Record how a promise ended. What is kept after the grace stays broken, and is done late.

    The same again is no harm: the first record stays. One that is moved gets a promise that
    follows, with the same words and another day; its own day never changes.

    Raises:
        Refused: promise_not_found, promise_ended, in_the_past, too_far, promise_cap
    """

    def work(connection: Connection) -> Promise:
        row = connection.execute(_by_id(promise_id).with_for_update()).first()
        if row is None:
            raise Refused("promise_not_found", "There is no such promise.")
        found, now = _promise(row), clock(connection)
        today = now.astimezone(zone).date()
        late = ending.end is PromiseEnd.KEPT and found.unsaid(today)
        recorded = PromiseEnd.BROKEN if late else ending.end
        told = (recorded, ending.said, ending.by)
        same = (found.end, found.said, found.ended_by) == told
        if same and _moved_to(connection, found) == ending.moved_to:
            return found
        checks.check_open(found)
        if ending.moved_to is not None:
            day = checks.check_day(ending.moved_to, today, ending.most_ahead)
            _follow(connection, found, day, ending, now)
        if photo is not None:
            attached(connection, found.number, photo)
        changed: Row = {
            "end": recorded,
            "ended_at": now,
            "ended_by": ending.by,
            "said": ending.said,
            "photo": ending.photo,
            "done_late": late,
        }
        connection.execute(
            update(promise).where(_PROMISE.id == found.id).values(changed | {"end": recorded.value})
        )
        return found.model_copy(update=changed)

    return await store.write(work)


def _moved_to(connection: Connection, found: Promise) -> date | None:
    """Return the day of the promise that follows this one, if it was moved."""
    which = select(_PROMISE.due).where(_PROMISE.id == _follower(found))
    day: date | None = connection.execute(which).scalar_one_or_none()
    return day


def _follower(of: Promise) -> str:
    return f"{of.id}+"


def _follow(
    connection: Connection, found: Promise, day: date, ending: PromiseEnding, now: datetime
) -> None:
    follows = {
        "id": _follower(found),
        "follows": found.n,
        "due": day,
        "asked_until": checks.last_day_to_say(day, ending.grace),
        "made_at": now,
        "made_by": ending.by,
    }
    locked = select(_TICKET.number).where(_TICKET.number == found.number).with_for_update()
    connection.execute(locked)
    _inserted(connection, found.model_copy(update=follows))


def _inserted(connection: Connection, new: Promise) -> Promise:
    """Insert the promise as the last one of its ticket, whose row is locked."""
    last = select(func.max(_PROMISE.n)).where(_PROMISE.number == new.number)
    count = connection.execute(last).scalar() or 0
    checks.check_count(count)
    made = new.model_copy(update={"n": count + 1})
    connection.execute(insert(promise), _row(made))
    return made


# --- reading ----------------------------------------------------------------------------------


async def of_ticket(store: Store, number: str) -> list[Promise]:
    """Return the promises of a ticket, the first one first."""
    rows = await store.rows(select(promise).where(_PROMISE.number == number).order_by(_PROMISE.n))
    return [_promise(row) for row in rows]


async def followers(store: Store, of: Collection[Promise]) -> dict[tuple[str, int], Promise]:
    """Return the promises that others were moved to, by ticket and number of those."""
    numbers = {one.number for one in of if one.end is PromiseEnd.EXCUSED}
    if not numbers:
        return {}
    rows = await store.rows(
        select(promise).where(_PROMISE.number.in_(numbers), _PROMISE.follows.is_not(None))
    )
    return {(row.number, row.follows): _promise(row) for row in rows}


async def get(store: Store, number: str, n: int) -> Promise | None:
    row = await store.first(select(promise).where(_PROMISE.number == number, _PROMISE.n == n))
    return None if row is None else _promise(row)


async def listed(
    store: Store,
    city: str,
    which: PromisePart,
    today: date,
    unit: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Promises:
    """Return promises of a city, of `unit` if one is given, by their day.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = select(promise).where(_PROMISE.city == city, *part(which, today))
    if unit is not None:
        statement = statement.where(_PROMISE.unit == unit)
    return await paged(store, statement, cursor, limit)


def late_days(city: str, today: date) -> Select[Any]:
    """Select the days of the promises whose day is over, and of which nothing was said."""
    return select(_PROMISE.due.label("day")).where(
        _PROMISE.city == city, *part(PromisePart.LATE, today)
    )


async def paged(store: Store, statement: Select[Any], cursor: str | None, limit: int) -> Promises:
    """Return a part of these promises, the first day first."""
    if cursor is not None:
        day, last = key_of(cursor, str, str)
        try:
            after = date.fromisoformat(str(day))
        except ValueError:
            raise BadCursor("not a cursor of this list") from None
        statement = statement.where(
            or_(_PROMISE.due > after, and_(_PROMISE.due == after, _PROMISE.id > str(last)))
        )
    rows = await store.rows(statement.order_by(_PROMISE.due, _PROMISE.id).limit(limit + 1))
    found = [_promise(row) for row in rows[:limit]]
    more = len(rows) > limit
    following = cursor_of(found[-1].due.isoformat(), found[-1].id) if more else None
    return Promises(found, following)


def part(which: PromisePart, today: date) -> list[ColumnElement[bool]]:
    """Return the condition of a part of the list on a day of the city."""
    unended = _PROMISE.end.is_(None)
    match which:
        case PromisePart.ALL:
            return []
        case PromisePart.WAITING:
            return [unended, _PROMISE.due <= today]
        case PromisePart.LATE:
            return [unended, _PROMISE.due < today]
        case PromisePart.UNSAID:
            return [unended, _PROMISE.asked_until < today]
        case PromisePart.OPEN:
            return [unended, _PROMISE.asked_until >= today]
        case PromisePart.BROKEN:
            silent = and_(unended, _PROMISE.asked_until < today)
            return [or_(_PROMISE.end == PromiseEnd.BROKEN.value, silent)]
        case PromisePart.KEPT | PromisePart.EXCUSED:
            return [_PROMISE.end == which.value]


# --- erasing ----------------------------------------------------------------------------------


def forget(connection: Connection, number: str) -> None:
    """Blank the words of a ticket's promises: that they were made, and how they ended, stays."""
    blank = {"text": "", "said": "", "photo": None}
    connection.execute(update(promise).where(_PROMISE.number == number).values(blank))


# --- rows -------------------------------------------------------------------------------------


def _by_id(promise_id: str) -> Select[Any]:
    return select(promise).where(_PROMISE.id == promise_id)


def _row(of: Promise) -> Row:
    values = {name: getattr(of, name) for name in Promise.model_fields}
    return values | {"end": of.end.value if of.end else None}


def _promise(row: ResultRow) -> Promise:
    return Promise.model_validate(dict(row._mapping))
