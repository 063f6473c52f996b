"""Re-encryption of the rows of older keys with the current one, a few rows at a time."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from store.db import grid_tables, tables
from store.db.engine import Store
from store.secrets import device_seals
from store.secrets.diaries import opened, sealed
from store.secrets.ticket_keys import unwrapped, wrapped
from store.secrets.vault import Vault

_PERSON, _KEY, _DIARY = tables.person.c, tables.ticket_key.c, grid_tables.diary.c
_CHUNK = 200


@dataclass(frozen=True)
class Use:
    """The number of rows that one key still encrypts. `persons`: with the devices at homes."""

    persons: int
    tickets: int
    diaries: int = 0


async def use_of_keys(store: Store) -> dict[int, Use]:
    """Count by key the persons, the ticket keys and the diary entries it encrypts."""
    counts = (
        select(_PERSON.key_id, func.count()).group_by(_PERSON.key_id),
        select(_KEY.key_id, func.count()).where(_KEY.wrapped.is_not(None)).group_by(_KEY.key_id),
        select(_DIARY.key_id, func.count()).group_by(_DIARY.key_id),
    )

    def work(connection: Connection) -> list[Counter[int]]:
        found = [
            Counter({row[0]: row[1] for row in connection.execute(one).all()}) for one in counts
        ]
        found[0].update(device_seals.by_key(connection))
        return found

    persons, tickets, diaries = await store.read(work)
    keys = persons.keys() | tickets.keys() | diaries.keys()
    return {key: Use(persons[key], tickets[key], diaries[key]) for key in keys}


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
        devices = device_seals.re_encrypted(connection, ring, _CHUNK)
        return len(persons) + len(keys) + _diaries(connection, vault) + devices

    return await store.write(work)


def _diaries(connection: Connection, vault: Vault) -> int:
    ring, table = vault.ring, grid_tables.diary
    old = select(_DIARY.id, _DIARY.sealed).where(_DIARY.key_id != ring.current).limit(_CHUNK)
    rows = connection.execute(old).all()
    for row in rows:
        content = sealed(ring, row.id, opened(ring, row.id, row.sealed))
        values = {"sealed": content, "key_id": ring.current}
        connection.execute(update(table).where(_DIARY.id == row.id).values(**values))
    return len(rows)
