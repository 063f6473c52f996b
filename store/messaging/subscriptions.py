"""Subscriptions of browsers to the news of a ticket, or of all tickets of a phone proved.

Where a browser can be reached is encrypted like a phone, with a key that is not in the database.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select

from store.db.engine import Insert, Store
from store.db.message_tables import push_subscription as table
from store.secrets.encryption import Cipher
from store.secrets.key_ring import KeyRing

_T = table.c
MOST = 5
"""The most browsers of one ticket: the one that asked first makes room."""


@dataclass(frozen=True)
class PushSubscription:
    """A browser: the address of its push service, and the keys that only it can decrypt with."""

    id: str
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


def push_cipher(ring: KeyRing) -> Cipher:
    """Return the cipher of subscriptions."""
    return Cipher(ring.root_key, "push")


def _insert(store: Store) -> Insert:
    return store.insert(table)


async def keep(
    store: Store,
    cipher: Cipher,
    number: str,
    recipient: str | None,
    subscription: tuple[str, str, str],
    at: datetime,
) -> str:
    """Keep a subscription (endpoint, key, secret) in place of that browser's earlier one; return
    its id."""
    which = hashlib.sha256(f"{number}\0{subscription[0]}".encode()).hexdigest()[:32]
    sealed = cipher.encrypt(which, json.dumps(subscription))
    values = {"recipient": recipient, "sealed": sealed, "created_at": at}
    insert = store.once(_insert)

    def work(connection: Connection) -> None:
        connection.execute(
            insert.values(id=which, number=number, **values).on_conflict_do_update(
                index_elements=["id"], set_=values
            )
        )
        newest = select(_T.id).where(_T.number == number).order_by(_T.created_at.desc(), _T.id)
        kept = [row.id for row in connection.execute(newest)][:MOST]
        connection.execute(delete(table).where(_T.number == number, _T.id.not_in(kept)))

    await store.write(work)
    return which


async def of(
    store: Store, cipher: Cipher, number: str, recipient: str | None
) -> list[PushSubscription]:
    """Return the browsers that are notified of a ticket, each once.

    Raises:
        BadKey
    """
    which = _T.number == number
    if recipient is not None:
        which = or_(which, _T.recipient == recipient)
    rows = await store.rows(select(_T.id, _T.sealed).where(which).order_by(_T.created_at, _T.id))
    found: dict[str, PushSubscription] = {}
    for row in rows:
        endpoint, p256dh, auth = json.loads(cipher.decrypt(row.id, row.sealed))
        found[endpoint] = PushSubscription(row.id, endpoint, p256dh, auth)
    return list(found.values())[-MOST:]


async def count(store: Store, number: str) -> int:
    """Count the browsers that asked on the page of this ticket."""
    statement = select(func.count()).select_from(table).where(_T.number == number)
    return int((await store.rows(statement))[0][0])


async def end(store: Store, number: str) -> int:
    """Delete the subscriptions made on the page of a ticket; return how many there were."""
    return await store.change(delete(table).where(_T.number == number))


async def end_gone(store: Store, ids: Collection[str]) -> None:
    """Delete subscriptions that a push service does not know any more."""
    await store.change(delete(table).where(_T.id.in_(ids)))
