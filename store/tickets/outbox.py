"""The outbox: the messages that tickets request, and their delivery."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Select, bindparam, func, select, update

from domain.actors import Role
from domain.messaging.states import NoticeState
from store.db import message_tables, tables
from store.db.engine import Insert, ResultRow, Store

_OUTBOX, _MESSAGE = tables.outbox.c, tables.message.c
_ERROR_LENGTH = 200
_OUTSIDE = (Role.CITIZEN,)
"""The audience that is told outside the house: staff have their pages, and a digest."""


@dataclass(frozen=True)
class Letter:
    """A message to send. It is sent with its `key`, so that a receiver can drop duplicates."""

    key: str
    number: str
    version: int
    city: str
    audience: Role
    unit: str | None
    template: str


@dataclass(frozen=True)
class Message:
    """A message in the mailbox, shown to its audience on the ticket's page."""

    key: str
    number: str
    version: int
    city: str
    audience: Role
    unit: str | None
    template: str
    at: datetime


class Notifier(Protocol):
    """A delivery channel of the outbox.

    The mailbox is in the same database and delivers exactly once. An external channel claims
    letters, sends each with its key, and then marks it sent or failed: when the process dies in
    between, it is sent again, and the receiver recognises the key.
    """

    async def deliver(self, store: Store, limit: int, at: datetime) -> int:
        """Send up to `limit` letters; return how many were sent."""
        ...


class MailboxNotifier:
    """The delivery into table `message`, in the transaction that marks letters sent.

    With it those to citizens are noted for the ways out of the house (`store.messaging`).
    """

    async def deliver(self, store: Store, limit: int, at: datetime) -> int:
        insert, note = store.once(_insert_message), store.once(_insert_notice)
        # Concurrent deliveries share the work instead of waiting for each other.
        statement = _pending(limit).with_for_update(skip_locked=True)

        def work(connection: Connection) -> int:
            letters = [_letter(row) for row in connection.execute(statement)]
            if letters:
                connection.execute(insert, [asdict(letter) | {"at": at} for letter in letters])
                if outside := [_notice(one, at) for one in letters if one.audience in _OUTSIDE]:
                    connection.execute(note, outside)
                connection.execute(_SENT, _marks(letters, at))
            return len(letters)

        return await store.write(work)


def _insert_message(store: Store) -> Insert:
    return store.insert(tables.message).on_conflict_do_nothing()


def _insert_notice(store: Store) -> Insert:
    return store.insert(message_tables.notice).on_conflict_do_nothing()


def _notice(letter: Letter, at: datetime) -> dict[str, object]:
    states = {"state": NoticeState.NEW.value, "reason": ""}
    return asdict(letter) | states | {"created_at": at, "due_at": at}


def _marks(letters: Sequence[Letter], at: datetime) -> list[dict[str, object]]:
    return [{"which": letter.key, "at": at} for letter in letters]


_SENT = (
    update(tables.outbox)
    .where(_OUTBOX.key == bindparam("which"), _OUTBOX.sent_at.is_(None))
    .values(sent_at=bindparam("at"))
)
_FAILED = (
    update(tables.outbox)
    .where(_OUTBOX.key == bindparam("which"))
    .values(attempts=_OUTBOX.attempts + 1, last_error=bindparam("error"))
)
_LETTER = select(*(_OUTBOX[field.name] for field in fields(Letter))).where(
    _OUTBOX.sent_at.is_(None)
)


def _pending(limit: int) -> Select[Any]:
    # The letter that failed most often is last: one that always fails must not hold up the rest.
    return _LETTER.order_by(_OUTBOX.attempts, _OUTBOX.created_at, _OUTBOX.key).limit(limit)


def _letter(row: ResultRow) -> Letter:
    return Letter(**{**row._mapping, "audience": Role(row.audience)})


async def claim(store: Store, limit: int) -> list[Letter]:
    """Return the letters to send next. Not locked: until they are marked, others may claim them."""
    return [_letter(row) for row in await store.rows(_pending(limit))]


async def mark_sent(store: Store, letters: Sequence[Letter], at: datetime) -> None:
    """Mark letters as sent. The first time recorded stays."""
    if letters:
        await store.write(lambda connection: connection.execute(_SENT, _marks(letters, at)))


async def mark_failed(store: Store, letter: Letter, error: str) -> None:
    """Record a failed sending; the letter stays pending. `error` has no personal data."""
    await store.change(_FAILED, {"which": letter.key, "error": error[:_ERROR_LENGTH]})


async def pending_count(store: Store) -> int:
    """Count the letters that wait."""
    statement = select(func.count()).select_from(tables.outbox).where(_OUTBOX.sent_at.is_(None))
    return int((await store.rows(statement))[0][0])


async def messages(
    store: Store, number: str, audience: Role | None = None, unit: str | None = None
) -> list[Message]:
    """Return the mailbox's messages about a ticket to this audience and unit, in order."""
    statement = select(tables.message).where(_MESSAGE.number == number)
    if audience is not None:
        statement = statement.where(_MESSAGE.audience == audience)
    if unit is not None:
        statement = statement.where(_MESSAGE.unit == unit)
    statement = statement.order_by(_MESSAGE.version, _MESSAGE.key)
    return [
        Message(**{**row._mapping, "audience": Role(row.audience)})
        for row in await store.rows(statement)
    ]
