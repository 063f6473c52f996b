"""Re-encryption of the rows of older keys with the current one, a few rows at a time."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from store.db import tables
from store.db.engine import Store
from store.secrets import device_seals
from store.secrets.ticket_keys import unwrapped, wrapped
from store.secrets.vault import Vault

_PERSON, _KEY = tables.person.c, tables.ticket_key.c
_CHUNK = 200


@dataclass(frozen=True)
class Use:
    """The number of rows that one key still encrypts. `persons`: with the devices at homes."""

    persons: int
    tickets: int


async def use_of_keys(store: Store) -> dict[int, Use]:
    """Count by key the persons and the ticket keys it encrypts."""

    def work(connection: Connection) -> tuple[Counter[int], Counter[int]]:
        persons = select(_PERSON.key_id, func.count()).group_by(_PERSON.key_id)
        tickets = (
            select(_KEY.key_id, func.count()).where(_KEY.wrapped.is_not(None)).group_by(_KEY.key_id)
        )
        persons_of, rows = (connection.execute(statement).all() for statement in (persons, tickets))
        people = Counter({row[0]: row[1] for row in persons_of})
        people.update(device_seals.by_key(connection))
        return people, Counter({row[0]: row[1] for row in rows})

    persons, tickets = await store.read(work)
    return {key: Use(persons[key], tickets[key]) for key in persons.keys() | tickets.keys()}


async def re_encrypt(store: Store, vault: Vault) -> int:
    """Re-encrypt some rows of older keys with the current one; return how many, 0 when done.

    Histories stay as they are: only the key they are encrypted with is wrapped anew.

    Raises:
        BadKey: a key that is still needed is not in the ring; nothing of these rows has changed.
    """
    ring, current = vault.ring, vault.ring.current

    def work(connection: Connection) -> int:
        old = select(_PERSON.id, _PERSON.sealed).where(_PERSON.key_id != current).limit(_CHUNK)
        persons = connection.execute(old).all()
        for row in persons:
            encrypted = vault.encrypt(row.id, vault.decrypt(row.id, row.sealed))
            connection.execute(
                update(tables.person)
                .where(_PERSON.id == row.id)
                .values(sealed=encrypted, key_id=current)
            )
        worn = select(_KEY.number, _KEY.wrapped).where(
            _KEY.key_id != current, _KEY.wrapped.is_not(None)
        )
        keys = connection.execute(worn.limit(_CHUNK)).all()
        for row in keys:
            content = wrapped(ring, row.number, unwrapped(ring, row.number, row.wrapped))
            connection.execute(
                update(tables.ticket_key)
                .where(_KEY.number == row.number)
                .values(wrapped=content, key_id=current)
            )
        return len(persons) + len(keys) + device_seals.re_encrypted(connection, ring, _CHUNK)

    return await store.write(work)
