"""The register of event sources: which program may speak for which devices, and how it proves it.

A source has a token, of which the store keeps the digest, or it signs with a key that is derived
from the key ring and is kept nowhere. After a change of the secret the one before stays good for a
while, so that no event is refused meanwhile.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from store.db.engine import ResultRow, Store
from store.db.errors import StoreError
from store.db.sensor_tables import event_source, event_source_use
from store.secrets.key_ring import KeyRing

_SOURCE, _USE = event_source.c, event_source_use.c
_TOKEN = re.compile(r"jse_([0-9A-Za-z.-]{1,32})_[0-9a-f]{48}")
_BY_ID = select(event_source).where(_SOURCE.id == bindparam("id"))
_PURPOSE = b"jiesu event source"
_NOBODY = "0" * 64
_ENDS = "/:#?"
"""The characters after which a part of a source's name ends."""

PER_MINUTE, MOST_PER_MINUTE = 12_000, 1_000_000

# In a token the id is parted from the secret by an underscore.
_ID = re.compile(r"[0-9A-Za-z.-]{1,32}")
_PREFIX = re.compile(r"[A-Za-z0-9!#-;=?@\[\]_~%]{1,200}")
_DEVICES = re.compile(r"[0-9A-Za-z_.-]{1,32}\*?|\*")
_ORIGIN = re.compile(r"[0-9a-z.:/-]{1,255}")


class SourceExists(StoreError):
    """A source of this id is there, or one whose events begin with the same prefix."""

    code = "source_exists"


class UnknownSource(StoreError):
    """There is no such source, or it was removed."""

    code = "unknown_source"


@dataclass(frozen=True)
class EventSource:
    """A source without its secret. `devices`: codes; one that ends with * stands for several."""

    id: str
    city: str
    name: str
    prefix: str
    devices: tuple[str, ...]
    origins: tuple[str, ...]
    signs: bool
    generation: int
    per_minute: int
    created_at: datetime
    old_until: datetime | None = None
    revoked_at: datetime | None = None

    def speaks_as(self, source: str) -> bool:
        """Return whether this is how its events may name their source."""
        return _begins(source, self.prefix)

    def speaks_for(self, device: str) -> bool:
        """Return whether it may hand in events of this device."""
        return any(
            device.startswith(one[:-1]) if one.endswith("*") else device == one
            for one in self.devices
        )


def _begins(source: str, prefix: str) -> bool:
    if not source.startswith(prefix):
        return False
    rest = source[len(prefix) :]
    return not rest or prefix[-1] in _ENDS or rest[0] in _ENDS


@dataclass(frozen=True)
class SourceRow:
    """A source with what proves that somebody is it."""

    source: EventSource
    digest: str
    old_digest: str

    def has_token(self, text: str, now: datetime) -> bool:
        """Return whether this is its token, or the one before while that is good."""
        given = _digest(text)
        new = hmac.compare_digest(given, self.digest or _NOBODY)
        old = hmac.compare_digest(given, self.old_digest or _NOBODY)
        return not self.source.signs and (new or (old and self._old_is_good(now)))

    def keys(self, ring: KeyRing, now: datetime) -> list[bytes]:
        """Return the keys that its signatures may be made with."""
        if not self.source.signs:
            return []
        last = self.source.generation
        good = [last, last - 1] if last > 1 and self._old_is_good(now) else [last]
        return [_key(ring, self.source.id, generation) for generation in good]

    def _old_is_good(self, now: datetime) -> bool:
        return self.source.old_until is not None and now < self.source.old_until


@dataclass(frozen=True)
class SourceHeard:
    """A source, when it was heard last, and how many of its events wait to be judged."""

    source: EventSource
    heard_at: datetime | None
    waiting: int


def source_fault(source: EventSource) -> str | None:
    """Return what is wrong with a source that somebody wants to register; None if nothing is."""
    if not _ID.fullmatch(source.id):
        return "its id has 1 to 32 letters, digits, dots and hyphens"
    if not _PREFIX.fullmatch(source.prefix):
        return "--prefix: no beginning of a URI, such as urn:example:gateway"
    if not source.devices or not all(map(_DEVICES.fullmatch, source.devices)):
        return "--device: a code, which may end with *"
    if not all(map(_ORIGIN.fullmatch, source.origins)):
        return "--origin: the name of a host, such as events.example.com"
    return None


def _digest(text: str) -> str:
    # A plain digest is enough: the secret is 192 random bits, not a password someone chose.
    return hashlib.sha256(text.encode()).hexdigest()


def _key(ring: KeyRing, source_id: str, generation: int) -> bytes:
    made = f"{source_id}/{generation}".encode()
    return hmac.digest(ring.derived(_PURPOSE), made, hashlib.sha256)


def _secret(ring: KeyRing, source: EventSource) -> tuple[str, str]:
    """Return the secret of a source as it is shown, and the digest that is kept of it."""
    if source.signs:
        key = _key(ring, source.id, source.generation)
        return "whsec_" + base64.b64encode(key).decode(), ""
    text = f"jse_{source.id}_{secrets.token_hex(24)}"
    return text, _digest(text)


def id_of_token(text: str) -> str | None:
    """Return the id of the source whose token this may be."""
    match = _TOKEN.fullmatch(text)
    return match[1] if match else None


async def add(store: Store, ring: KeyRing, source: EventSource) -> str:
    """Register a source; return its secret, which cannot be shown again.

    Raises:
        SourceExists: also where another one's events would be named like those of this one.
    """
    text, digest = _secret(ring, source)

    def work(connection: Connection) -> None:
        rows = connection.execute(select(event_source)).all()
        for row in rows:
            if row.id == source.id:
                raise SourceExists("a source of this id was registered before")
            if row.revoked_at is None and _meet(row.prefix, source.prefix):
                raise SourceExists(f"the events of the source {row.id} are named like that")
        connection.execute(store.insert(event_source), _row(source, digest))

    await store.write(work)
    return text


def _meet(one: str, other: str) -> bool:
    return _begins(one, other) or _begins(other, one)


def _row(source: EventSource, digest: str) -> dict[str, object]:
    return {
        **source.__dict__,
        "devices": " ".join(source.devices),
        "origins": " ".join(source.origins),
        "digest": digest,
        "old_digest": "",
    }


async def find(store: Store, source_id: str) -> SourceRow | None:
    """Return the source of this id that was not removed."""
    row = await store.first(_BY_ID, {"id": source_id})
    if row is None or row.revoked_at is not None:
        return None
    return SourceRow(_source(row), row.digest, row.old_digest)


async def rotate(
    store: Store, ring: KeyRing, source_id: str, now: datetime, keep_old: timedelta
) -> str:
    """Give a source a new secret, and return it. The one before is good for `keep_old`.

    Raises:
        UnknownSource
    """

    def work(connection: Connection) -> str:
        row = connection.execute(_BY_ID.with_for_update(), {"id": source_id}).first()
        if row is None or row.revoked_at is not None:
            raise UnknownSource("there is no such source")
        known = _source(row)
        text, digest = _secret(ring, replace(known, generation=known.generation + 1))
        values = {
            "generation": known.generation + 1,
            "digest": digest,
            "old_digest": row.digest,
            "old_until": now + keep_old,
        }
        connection.execute(update(event_source).where(_SOURCE.id == source_id).values(values))
        return text

    return await store.write(work)


async def remove(store: Store, source_id: str, now: datetime) -> None:
    """Take nothing more of a source. What it sent before is judged.

    Raises:
        UnknownSource
    """
    removing = (
        update(event_source)
        .where(_SOURCE.id == source_id, _SOURCE.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    if await store.change(removing) != 1:
        raise UnknownSource("there is no such source")


async def listed(store: Store, waiting: dict[str, int]) -> list[SourceHeard]:
    """Return all sources that ever were, by city and id. `waiting`: how many events of each."""
    rows = await store.rows(
        select(event_source, _USE.heard_at)
        .outerjoin(event_source_use, _USE.source_id == _SOURCE.id)
        .order_by(_SOURCE.city, _SOURCE.id)
    )
    return [SourceHeard(_source(row), row.heard_at, waiting.get(row.id, 0)) for row in rows]


async def of_origin(store: Store, city: str, origin: str) -> EventSource | None:
    """Return the source of a city that may send from this origin."""
    rows = await store.rows(
        select(event_source)
        .where(_SOURCE.city == city, _SOURCE.revoked_at.is_(None))
        .order_by(_SOURCE.id)
    )
    found: Iterable[EventSource] = map(_source, rows)
    return next((one for one in found if origin.lower() in one.origins), None)


def _source(row: ResultRow) -> EventSource:
    return EventSource(
        id=row.id,
        city=row.city,
        name=row.name,
        prefix=row.prefix,
        devices=tuple(row.devices.split()),
        origins=tuple(row.origins.split()),
        signs=row.signs,
        generation=row.generation,
        per_minute=row.per_minute,
        created_at=row.created_at,
        old_until=row.old_until,
        revoked_at=row.revoked_at,
    )
