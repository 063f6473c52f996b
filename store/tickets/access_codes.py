"""Renewal of access codes: a ticket's code follows from its number and how often it was renewed."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from domain.actors import Actor
from store.db import tables
from store.db.engine import Store
from store.tickets import intake
from store.tickets.view_log import entry

ACCESS_CODE = "access_code"
"""The name of a renewal in the log of views."""

_INTAKE, _PERSON = tables.intake.c, tables.person.c
_RENEW = (
    update(tables.intake)
    .where(_INTAKE.number == bindparam("which"))
    .values(code_generation=_INTAKE.code_generation + 1)
    .returning(_INTAKE.code_generation)
)


async def renew(store: Store, number: str, who: Actor, at: datetime, purpose: str) -> int | None:
    """Replace the ticket's access code, and log who did it in the same transaction.

    Returns how often it was replaced by now; None for an unknown number.
    """

    def work(connection: Connection) -> int | None:
        generation = connection.execute(_RENEW, {"which": number}).scalar()
        if generation is None:
            return None
        connection.execute(tables.view_log.insert(), entry(number, who, at, [ACCESS_CODE], purpose))
        return int(generation)

    return await store.write(work)


async def is_phone_of(store: Store, number: str, phone_hash: str) -> bool:
    """Return whether the ticket was filed with this phone."""
    registered = await intake.get(store, number)
    person = registered.complaint.person if registered else None
    if person is None:
        return False
    which = select(_PERSON.phone_hash).where(_PERSON.id == person)
    row = await store.first(which)
    return row is not None and row.phone_hash == phone_hash
