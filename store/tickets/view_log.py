"""The log of views: who viewed whose data, when and why. It is written before data is shown.

Entries are only ever added; the database itself refuses to change or delete one. They name the kind
of data that was seen, never the data.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, true

from domain.actors import Actor, Role
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.tables import Row
from store.secrets.vault import Person, Vault

HISTORY, SEARCH, DIARY, SIGN_UP = "history", "search", "diary", "grid_sign_up"
"""The kinds of data that can be seen, besides the fields of a person."""

_VIEW, _PERSON, _TICKET = tables.view_log.c, tables.person.c, tables.ticket.c
_ENCRYPTED = select(_PERSON.sealed).where(_PERSON.id == bindparam("id"))
_MOST = 100


@dataclass(frozen=True)
class View:
    """One entry. `fields`: name, phone, …; `history`; `search`."""

    number: str | None
    at: datetime
    role: Role
    unit: str | None
    actor: str
    fields: list[str]
    purpose: str


async def look(
    store: Store, vault: Vault, person_id: str, number: str, who: Actor, at: datetime, purpose: str
) -> Person | None:
    """Return the citizen, and log the view in the same transaction.

    None if there is no such person or it was erased: then there was nothing to see.

    Raises:
        BadKey, StoreUnavailable: nothing was shown.
    """

    def work(connection: Connection) -> Person | None:
        row = connection.execute(_ENCRYPTED, {"id": person_id}).first()
        if row is None:
            return None
        person = vault.decrypt(person_id, row.sealed)
        row_of_view = entry(number, who, at, person.fields, purpose)
        connection.execute(tables.view_log.insert(), row_of_view)
        return person

    return await store.write(work)


async def search(
    store: Store,
    vault: Vault,
    phone: str,
    who: Actor,
    at: datetime,
    purpose: str,
    city: str | None = None,
) -> list[str]:
    """Return the numbers of the tickets that were filed with this phone, the last one first.

    `city`: only those of that city. The search is logged for each of them; one that finds nothing,
    too.
    """
    statement = (
        select(_TICKET.number)
        .join(tables.person, _PERSON.id == _TICKET.person)
        .where(_PERSON.phone_hash == vault.phone_hash(phone))
        .where(true() if city is None else _TICKET.city == city)
        .order_by(_TICKET.filed_at.desc(), _TICKET.number.desc())
        .limit(_MOST)
    )

    def work(connection: Connection) -> list[str]:
        numbers = [str(number) for (number,) in connection.execute(statement)]
        about: Sequence[str | None] = numbers or [None]
        entries = [entry(number, who, at, [SEARCH], purpose) for number in about]
        connection.execute(tables.view_log.insert(), entries)
        return numbers

    return await store.write(work)


async def note_histories(
    store: Store, numbers: Sequence[str], who: Actor, at: datetime, purpose: str, once: timedelta
) -> None:
    """Log that histories were read, each no more than once within the time `once`."""
    known = select(_VIEW.number).where(
        _VIEW.number.in_(numbers),
        _VIEW.actor == who.id,
        _VIEW.fields == HISTORY,
        _VIEW.at > bindparam("since", type_=tables.UtcDateTime()),
    )
    if not numbers:
        return

    def work(connection: Connection) -> None:
        noted = {number for (number,) in connection.execute(known, {"since": at - once})}
        entries = [entry(n, who, at, [HISTORY], purpose) for n in numbers if n not in noted]
        if entries:
            connection.execute(tables.view_log.insert(), entries)

    await store.write(work)


async def note_search(
    store: Store, numbers: Sequence[str], who: Actor, at: datetime, purpose: str
) -> None:
    """Log a search for a phone, or for another personal number, in texts: for each ticket found.

    One that finds nothing is logged, too.
    """
    about: Sequence[str | None] = numbers or [None]
    entries = [entry(number, who, at, [SEARCH], purpose) for number in about]

    def work(connection: Connection) -> None:
        connection.execute(tables.view_log.insert(), entries)

    await store.write(work)


async def note_diaries(store: Store, who: Actor, at: datetime, purpose: str) -> None:
    """Log that diaries of grid workers were read; they belong to no ticket."""
    await store.change(tables.view_log.insert(), entry(None, who, at, [DIARY], purpose))


async def note_sign_ups(
    store: Store, who: Actor, at: datetime, purpose: str, once: timedelta
) -> None:
    """Log that names and phones of residents who ask to become grid workers were read.

    A reader who looks again within the time `once` is logged once.
    """
    known = select(_VIEW.id).where(
        _VIEW.number.is_(None),
        _VIEW.actor == who.id,
        _VIEW.fields == SIGN_UP,
        _VIEW.at > at - once,
    )

    def work(connection: Connection) -> None:
        if connection.execute(known.limit(1)).first() is None:
            row = entry(None, who, at, [SIGN_UP], purpose)
            connection.execute(tables.view_log.insert(), row)

    await store.write(work)


async def views(store: Store, number: str) -> list[View]:
    """Return every view of this ticket's data, the first one first."""
    statement = select(tables.view_log).where(_VIEW.number == number).order_by(_VIEW.at, _VIEW.id)
    return [_view(row) for row in await store.rows(statement)]


def entry(number: str | None, who: Actor, at: datetime, fields: list[str], purpose: str) -> Row:
    """Return a row of the log."""
    return {
        "id": secrets.token_hex(12),
        "number": number,
        "at": at,
        "role": who.role.value,
        "unit": who.unit,
        "actor": who.id,
        "fields": ",".join(fields),
        "purpose": purpose,
    }


def _view(row: ResultRow) -> View:
    return View(
        number=row.number,
        at=row.at,
        role=Role(row.role),
        unit=row.unit,
        actor=row.actor,
        fields=row.fields.split(","),
        purpose=row.purpose,
    )
