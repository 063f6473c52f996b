"""Requests for a person: contests of machines' acts, and citizens' wishes for a person.

They stand beside the ticket's workflow. While one is open no machine acts on the ticket; whoever
makes or decides one locks the ticket's row, so that two at once are one after the other.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from domain.actors import Role
from domain.refusals import Refused
from store.db import tables
from store.db.agent_tables import person_request
from store.db.clock import Clock, written_at
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.db.engine import ResultRow, Store
from store.db.errors import BadCursor

MOST = 50
"""The most requests on one ticket."""

_REQUEST = person_request.c
_TICKET = tables.ticket.c
_OPEN = _REQUEST.decided_at.is_(None)


class RequestKind(StrEnum):
    CONTEST = "contest"  # 异议: of one act of a machine
    PERSON = "person"  # 转人工


class RequestOutcome(StrEnum):
    """The decision of a person."""

    STANDS = "stands"  # 维持: what the machine did was right
    CORRECTED = "corrected"  # 纠正: a person has done it otherwise
    TAKEN_OVER = "taken_over"  # 人工接手: a person goes on with the ticket


@dataclass(frozen=True)
class PersonRequest:
    """A request for a person. `version`: of the event that is contested; None of a wish.

    `due_at`: by when a person has to have answered, where the city sets a limit.
    """

    id: str
    number: str
    city: str
    kind: RequestKind
    version: int | None
    asked_at: datetime
    asked_by: str
    asked_role: Role
    asked_unit: str | None
    reason: str
    n: int = 0
    due_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    outcome: RequestOutcome | None = None
    answer: str = ""

    def late(self, now: datetime) -> bool:
        """Return whether nobody has answered in time."""
        return self.decided_at is None and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True)
class PersonRequests:
    """Part of a list; `next_cursor` is None at its end."""

    items: list[PersonRequest]
    next_cursor: str | None


async def ask(store: Store, new: PersonRequest) -> PersonRequest:
    """Record a request; one about the same that is open is returned instead.

    Raises:
        Refused: not_started_yet, person_request_cap
    """

    def work(connection: Connection) -> PersonRequest:
        _lock(connection, new.number)
        about = (
            _REQUEST.version.is_(None) if new.version is None else _REQUEST.version == new.version
        )
        same = select(person_request).where(
            _REQUEST.number == new.number, _REQUEST.kind == new.kind.value, about, _OPEN
        )
        known = connection.execute(same).first()
        if known is not None:
            return _request(known)
        last = select(func.max(_REQUEST.n)).where(_REQUEST.number == new.number)
        count = connection.execute(last).scalar() or 0
        if count >= MOST:
            raise Refused("person_request_cap", "Enough was asked about this ticket.")
        made = replace(new, n=count + 1)
        connection.execute(insert(person_request), _row(made))
        return made

    return await store.write(work)


async def decide(
    store: Store,
    number: str,
    n: int,
    outcome: RequestOutcome,
    answer: str,
    by: str,
    clock: Clock = written_at,
) -> PersonRequest:
    """Record a person's decision, once; the same again by the same person is no harm.

    Raises:
        Refused: person_request_not_found, person_request_decided
    """

    def work(connection: Connection) -> PersonRequest:
        _lock(connection, number)
        which = and_(_REQUEST.number == number, _REQUEST.n == n)
        row = connection.execute(select(person_request).where(which)).first()
        if row is None:
            raise Refused("person_request_not_found", "There is no such request.")
        found = _request(row)
        if (found.outcome, found.answer, found.decided_by) == (outcome, answer, by):
            return found
        if found.decided_at is not None:
            raise Refused("person_request_decided", "A person has decided this already.")
        now = clock(connection)
        decided = {"decided_at": now, "decided_by": by, "outcome": outcome.value, "answer": answer}
        connection.execute(update(person_request).where(which).values(decided))
        return replace(found, decided_at=now, decided_by=by, outcome=outcome, answer=answer)

    return await store.write(work)


def _lock(connection: Connection, number: str) -> None:
    locked = select(_TICKET.number).where(_TICKET.number == number).with_for_update()
    if connection.execute(locked).first() is None:
        raise Refused("not_started_yet", "The complaint is not started yet.")


# --- reading ----------------------------------------------------------------------------------


async def of_ticket(store: Store, number: str) -> list[PersonRequest]:
    """Return the requests of a ticket, the first one first."""
    statement = select(person_request).where(_REQUEST.number == number).order_by(_REQUEST.n)
    return [_request(row) for row in await store.rows(statement)]


async def is_open(store: Store, number: str) -> bool:
    """Return whether the ticket waits for a person, so that no machine may act on it."""
    statement = select(_REQUEST.n).where(_REQUEST.number == number, _OPEN).limit(1)
    return await store.first(statement) is not None


async def waiting(
    store: Store, city: str, cursor: str | None = None, limit: int = 50
) -> PersonRequests:
    """Return the open requests of a city, the oldest first.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = select(person_request).where(_REQUEST.city == city, _OPEN)
    if cursor is not None:
        at, last = key_of(cursor, str, str)
        try:
            after = datetime.fromisoformat(str(at))
        except ValueError:
            raise BadCursor("not a cursor of this list") from None
        statement = statement.where(
            or_(
                _REQUEST.asked_at > after,
                and_(_REQUEST.asked_at == after, _REQUEST.id > str(last)),
            )
        )
    rows = await store.rows(statement.order_by(_REQUEST.asked_at, _REQUEST.id).limit(limit + 1))
    found = [_request(row) for row in rows[:limit]]
    more = len(rows) > limit
    following = cursor_of(found[-1].asked_at.isoformat(), found[-1].id) if more else None
    return PersonRequests(found, following)


# --- erasing ----------------------------------------------------------------------------------


def forget(connection: Connection, number: str) -> None:
    """Blank the words; that a person was asked for, and what was decided, stays."""
    blank = {"reason": "", "answer": ""}
    connection.execute(update(person_request).where(_REQUEST.number == number).values(blank))


# --- rows -------------------------------------------------------------------------------------


_FIELDS: Collection[str] = tuple(PersonRequest.__dataclass_fields__)


def _row(of: PersonRequest) -> dict[str, object]:
    values = {name: getattr(of, name) for name in _FIELDS}
    coded = {"kind": of.kind.value, "asked_role": of.asked_role.value}
    return values | coded | {"outcome": of.outcome.value if of.outcome else None}


def _request(row: ResultRow) -> PersonRequest:
    values = {name: getattr(row, name) for name in _FIELDS}
    return PersonRequest(
        **values
        | {
            "kind": RequestKind(row.kind),
            "asked_role": Role(row.asked_role),
            "outcome": RequestOutcome(row.outcome) if row.outcome else None,
        }
    )
