"""The key of each ticket: made when the ticket is registered, destroyed when it is erased.

The workflow history of a ticket is encrypted with this key, which is stored here, wrapped by the
key ring. Without the row, or without the ring, the history cannot be read.
"""

import secrets
from collections import OrderedDict
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, select

from store.db import tables
from store.db.engine import Insert, ResultRow, Store
from store.db.errors import BadKey, Erased
from store.db.tables import Row
from store.secrets.key_ring import KEY_BYTES, KeyRing

_WRAP = b"jiesu ticket key"
_JOBS = b"jiesu chore payloads"
_TICKET, _RING = b"ticket/", b"ring/"
_BY_NUMBER = select(tables.ticket_key).where(tables.ticket_key.c.number == bindparam("number"))
_REGISTERED = select(tables.intake.c.number).where(tables.intake.c.number == bindparam("number"))


class TicketKey(NamedTuple):
    """A cipher, and its name, which is written in plain text beside the ciphertext."""

    name: bytes
    cipher: AESGCM


def _named(number: str, key: bytes) -> TicketKey:
    return TicketKey(_TICKET + number.encode(), AESGCM(key))


def wrapped(ring: KeyRing, number: str, key: bytes) -> bytes:
    """Wrap `key` for storage."""
    return ring.encrypt(_WRAP, key, number.encode())


def unwrapped(ring: KeyRing, number: str, content: bytes) -> bytes:
    """Unwrap a stored key. Raises BadKey."""
    return ring.decrypt(_WRAP, content, number.encode())


def _insert(store: Store) -> Insert:
    return store.insert(tables.ticket_key).on_conflict_do_nothing()


class TicketKeys:
    """The keys by ticket; the last `most` are cached, so that the store is read once.

    Maintenance jobs, and all else without a registered ticket, have one key per key of the ring.
    """

    def __init__(self, store: Store, ring: KeyRing, *, most: int = 50_000) -> None:
        self._store = store
        self._ring = ring
        self._most = most
        self._kept: OrderedDict[str, TicketKey] = OrderedDict()
        self._insert = store.once(_insert)

    def make(self, connection: Connection, number: str) -> bytes:
        """Make a key for a new ticket in the caller's transaction. `remember` it after."""
        key = secrets.token_bytes(KEY_BYTES)
        connection.execute(self._insert, self._row(number, key))
        return key

    def remember(self, number: str, key: bytes) -> TicketKey:
        """Cache a key."""
        named = _named(number, key)
        self._kept[number] = named
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return named

    def forget(self, number: str) -> None:
        """Remove the ticket's key from the cache."""
        self._kept.pop(number, None)

    async def encryption_key(self, number: str | None) -> TicketKey:
        """Return the key for payloads to a ticket; for None, or a ticket nobody registered, the
        key of the maintenance jobs.

        A ticket from before there were keys gets one now. An erased one gets a key that is not
        stored: a ticket that was merged with it sends its payloads again at each replay, and must
        not fail.

        Raises:
            BadKey, StoreUnavailable
        """
        if number is None:
            return self._of_jobs(self._ring.current)
        ticket_key = self._kept.get(number)
        try:
            ticket_key = ticket_key or await self._fetch(number) or await self._late(number)
        except Erased:
            return _named(number, secrets.token_bytes(KEY_BYTES))
        return ticket_key or self._of_jobs(self._ring.current)

    async def decryption_key(self, name: bytes) -> AESGCM:
        """Return the cipher of that name.

        Raises:
            Erased: the ticket's key was destroyed.
            BadKey: there never was such a key.
            StoreUnavailable
        """
        if name.startswith(_TICKET):
            number = name.removeprefix(_TICKET).decode("ascii", "replace")
            ticket_key = self._kept.get(number) or await self._fetch(number)
            if ticket_key is not None:
                return ticket_key.cipher
        elif name.startswith(_RING) and name.removeprefix(_RING).isdigit():
            return self._of_jobs(int(name.removeprefix(_RING))).cipher
        raise BadKey("encrypted with a key that was never here")

    async def _fetch(self, number: str) -> TicketKey | None:
        row = await self._store.first(_BY_NUMBER, {"number": number})
        return None if row is None else self.remember(number, self._unwrapped(row))

    def _unwrapped(self, row: ResultRow) -> bytes:
        if row.wrapped is None:
            raise Erased(row.number, row.erased_at)
        return unwrapped(self._ring, row.number, row.wrapped)

    async def _late(self, number: str) -> TicketKey | None:
        def work(connection: Connection) -> ResultRow | None:
            if connection.execute(_REGISTERED, {"number": number}).first() is None:
                return None
            self.make(connection, number)  # unless another process was quicker
            return connection.execute(_BY_NUMBER, {"number": number}).first()

        row = await self._store.write(work)
        return None if row is None else self.remember(number, self._unwrapped(row))

    def _of_jobs(self, key_id: int) -> TicketKey:
        return TicketKey(_RING + str(key_id).encode(), self._ring.cipher(_JOBS, key_id))

    def _row(self, number: str, key: bytes) -> Row:
        return {
            "number": number,
            "wrapped": wrapped(self._ring, number, key),
            "key_id": self._ring.current,
            "created_at": datetime.now(UTC),
            "erased_at": None,
        }


async def erased_at(store: Store, number: str) -> datetime | None:
    """Return when the ticket was erased; None if it was not."""
    row = await store.first(_BY_NUMBER, {"number": number})
    return None if row is None else row.erased_at


async def ring_key_of(store: Store, number: str) -> int | None:
    """Return the key of the ring that wraps the ticket's key; None if it has none."""
    row = await store.first(_BY_NUMBER, {"number": number})
    return None if row is None else row.key_id
