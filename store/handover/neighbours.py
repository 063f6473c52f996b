"""The register of neighbouring cities, and the secrets that are shared with each.

A secret is encrypted; after a rotation the one before stays good for what is on its way, until the
other city signs with the new one or an operator ends it.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from domain.refusals import Refused
from store.db.engine import ResultRow, Store
from store.db.handover_tables import letter, neighbour
from store.secrets.encryption import Cipher

SECRET_BYTES = 32

_N = neighbour.c


@dataclass(frozen=True)
class Neighbour:
    """Another city's installation. `known_as`: our code there. `areas`: codes that are theirs.

    `secrets`: the present one, then the one before, if it is still good. Not shown in messages.
    """

    code: str
    city: str
    known_as: str
    name: str
    name_en: str
    url: str
    areas: tuple[str, ...]
    added_at: datetime
    rotated_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, repr=False)
class Secrets:
    """The secrets shared with a neighbour: one to sign with, and all that are good."""

    present: str
    before: str | None = None

    @property
    def good(self) -> tuple[str, ...]:
        return (self.present,) if self.before is None else (self.present, self.before)


def new_secret() -> str:
    """Return a secret to be shared with one neighbour."""
    return secrets.token_urlsafe(SECRET_BYTES)


async def add(store: Store, cipher: Cipher, new: Neighbour, secret: str) -> None:
    """Enter a neighbour.

    Raises:
        Refused: neighbour_known: there is one of that code.
    """

    def work(connection: Connection) -> None:
        if connection.execute(select(_N.code).where(_N.code == new.code)).first() is not None:
            raise Refused("neighbour_known", "There is a neighbour of this code already.")
        connection.execute(
            insert(neighbour),
            {
                "code": new.code,
                "city": new.city,
                "known_as": new.known_as,
                "name": new.name,
                "name_en": new.name_en,
                "url": new.url.rstrip("/"),
                "areas": json.dumps(list(new.areas)),
                "sealed": _sealed(cipher, new.code, Secrets(secret)),
                "added_at": new.added_at,
            },
        )

    await store.write(work)


async def rotate(
    store: Store, cipher: Cipher, code: str, secret: str, now: datetime, *, keep: bool = True
) -> None:
    """Share another secret; `keep` the one before until this is done again without.

    Raises:
        Refused: neighbour_unknown
    """

    def work(connection: Connection) -> None:
        row = connection.execute(select(_N.sealed).where(_N.code == code).with_for_update()).first()
        if row is None:
            raise unknown()
        old = _opened(cipher, code, row.sealed)
        before = old.present if keep and old.present != secret else None
        connection.execute(
            update(neighbour)
            .where(_N.code == code)
            .values(sealed=_sealed(cipher, code, Secrets(secret, before)), rotated_at=now)
        )

    await store.write(work)


async def forget_before(store: Store, cipher: Cipher, code: str) -> None:
    """End the secret before the present one: the other city signs with the new one.

    Raises:
        Refused: neighbour_unknown
    """

    def work(connection: Connection) -> None:
        row = connection.execute(select(_N.sealed).where(_N.code == code).with_for_update()).first()
        if row is None:
            raise unknown()
        present = _opened(cipher, code, row.sealed).present
        connection.execute(
            update(neighbour)
            .where(_N.code == code)
            .values(sealed=_sealed(cipher, code, Secrets(present)))
        )

    await store.write(work)


async def end(store: Store, code: str, now: datetime, *, force: bool = False) -> None:
    """Let nothing new be handed over, and take no letters; what is recorded stays.

    Letters that wait would never be delivered: a ticket whose confirmation is among them would be
    with neither city. `force`: end all the same.

    Raises:
        Refused: neighbour_unknown, neighbour_letters_wait
    """

    def work(connection: Connection) -> None:
        known = (_N.code == code, _N.ended_at.is_(None))
        found = connection.execute(select(neighbour).where(*known).with_for_update()).first()
        if found is None:
            raise unknown()
        waits = select(letter.c.kind).where(
            letter.c.neighbour == code, letter.c.delivered_at.is_(None)
        )
        kinds = [row.kind for row in connection.execute(waits)]
        if kinds and not force:
            confirmations = kinds.count("confirm")
            raise Refused(
                "neighbour_letters_wait",
                f"{len(kinds)} letters wait for this city, {confirmations} of them confirmations, "
                "without which a ticket is with neither city.",
            )
        connection.execute(update(neighbour).where(*known).values(ended_at=now))

    await store.write(work)


async def get(store: Store, code: str) -> Neighbour | None:
    """Return the neighbour of this code, also one that ended."""
    row = await store.first(select(neighbour).where(_N.code == code))
    return None if row is None else _neighbour(row)


async def secrets_of(store: Store, cipher: Cipher, code: str) -> Secrets | None:
    """Return the secrets shared with a neighbour that has not ended."""
    row = await store.first(select(_N.sealed).where(_N.code == code, _N.ended_at.is_(None)))
    return None if row is None else _opened(cipher, code, row.sealed)


async def listed(store: Store, city: str | None = None) -> Sequence[Neighbour]:
    """Return the neighbours of a city, or of all, by code; those that ended at the end."""
    which = select(neighbour).order_by(_N.ended_at.is_not(None), _N.code)
    rows = await store.rows(which if city is None else which.where(_N.city == city))
    return [_neighbour(row) for row in rows]


def unknown() -> Refused:
    """Return the refusal of a code that no neighbour has."""
    return Refused("neighbour_unknown", "There is no such neighbour.")


def _neighbour(row: ResultRow) -> Neighbour:
    values = {name: value for name, value in row._mapping.items() if name != "sealed"}
    return Neighbour(**values | {"areas": tuple(json.loads(row.areas))})


def _sealed(cipher: Cipher, code: str, of: Secrets) -> bytes:
    return cipher.encrypt(f"neighbour/{code}", json.dumps([of.present, of.before]))


def _opened(cipher: Cipher, code: str, sealed: bytes) -> Secrets:
    return Secrets(*json.loads(cipher.decrypt(f"neighbour/{code}", sealed)))
