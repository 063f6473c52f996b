"""The filling of the index with tickets of before it, in parts, while the system runs."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exists, literal, select, text, update

from store.db import tables
from store.db.engine import Store
from store.db.search_tables import document, progress
from store.tickets import search_index

AT_ONCE = 200
"""The tickets of one transaction: others wait for it some tenths of a second."""

_TICKET, _KEY = tables.ticket.c, tables.ticket_key.c
_ERASED = exists().where(_KEY.number == _TICKET.number, _KEY.erased_at.is_not(None))


async def rebuild(store: Store, told: Callable[[int], None], *, anew: bool = False) -> int:
    """Index all tickets that are not in the index; return how many there were.

    Goes on where an earlier call was interrupted. `anew`: deletes the index first; until it is
    filled again, searches find the tickets that were filed last. `told` is called with the number
    of tickets so far.
    """
    if anew:
        await store.write(_emptied)
    done = 0
    while (count := await fill_some(store)) is not None:
        done += count
        told(done)
    return done


async def fill_some(store: Store) -> int | None:
    """Index the next tickets; return how many, None where there are no more."""
    return await store.write(_filled)


def _filled(connection: Connection) -> int | None:
    at = connection.execute(select(progress).with_for_update()).first()
    if at is None or at.done_at is not None:
        return None
    # A number begins with the day of filing.
    statement = select(_TICKET.number).order_by(_TICKET.number.desc()).limit(AT_ONCE)
    if at.before_number:
        statement = statement.where(_TICKET.number < at.before_number)
    numbers = list(connection.execute(statement).scalars())
    if not numbers:
        connection.execute(update(progress).values(done_at=datetime.now(UTC)))
        return None
    some = _TICKET.number.in_(numbers)
    # Projections of these tickets wait: both would write the same row of the index.
    locked = select(_TICKET.number).where(some, ~_ERASED).order_by(_TICKET.number)
    kept = set(connection.execute(locked.with_for_update()).scalars())
    count = search_index.fill(connection, [number for number in numbers if number in kept])
    connection.execute(update(progress).values(before_number=numbers[-1]))
    return count


def _emptied(connection: Connection) -> None:
    connection.execute(delete(document).where(literal(True)))
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO search_index (search_index) VALUES ('delete-all')"))
    else:
        connection.execute(text("DELETE FROM search_index"))
    connection.execute(update(progress).values(before_number="", done_at=None))
