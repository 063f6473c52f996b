"""The encryption of where a device stands at a person's home, and whom it looks after."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, func, select, update

from store.db.sensor_tables import device
from store.secrets.key_ring import KeyRing

_DEVICE = device.c
_PURPOSE = b"jiesu device seal"


def sealed(ring: KeyRing, city: str, code: str, values: Mapping[str, object]) -> bytes:
    """Encrypt what is personal of a device."""
    plain = json.dumps(dict(values), ensure_ascii=False).encode()
    return ring.encrypt(_PURPOSE, plain, _owner(city, code))


def unsealed(ring: KeyRing, city: str, code: str, content: bytes) -> dict[str, object]:
    """Decrypt what `sealed` encrypted.

    Raises:
        BadKey: encrypted with another key, for another device, or changed since.
    """
    values: dict[str, object] = json.loads(ring.decrypt(_PURPOSE, content, _owner(city, code)))
    return values


def _owner(city: str, code: str) -> bytes:
    return f"{city}/{code}".encode()


def by_key(connection: Connection) -> Mapping[int, int]:
    """Count by key the devices that it encrypts."""
    rows = connection.execute(
        select(_DEVICE.key_id, func.count())
        .where(_DEVICE.sealed.is_not(None))
        .group_by(_DEVICE.key_id)
    )
    return {row[0]: row[1] for row in rows}


def re_encrypted(connection: Connection, ring: KeyRing, most: int) -> int:
    """Encrypt some devices of older keys with the current one; return how many."""
    worn = select(_DEVICE.city, _DEVICE.code, _DEVICE.sealed).where(
        _DEVICE.key_id != ring.current, _DEVICE.sealed.is_not(None)
    )
    rows = connection.execute(worn.limit(most)).all()
    for row in rows:
        again = sealed(ring, row.city, row.code, unsealed(ring, row.city, row.code, row.sealed))
        connection.execute(
            update(device)
            .where(_DEVICE.city == row.city, _DEVICE.code == row.code)
            .values(sealed=again, key_id=ring.current)
        )
    return len(rows)
