"""One-time codes for phones: the holder of a phone may see the tickets filed with it.

A code is stored as a keyed digest, and encrypted for the notifier that sends it. Whether the phone
is known affects only whether a letter is put into the outbox.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from domain.actors import Role
from store.db import identity_tables, tables
from store.db.engine import Insert, Store
from store.db.errors import StoreError
from store.db.tables import UtcDateTime
from store.secrets.encryption import Cipher
from store.tickets.tickets import TicketRow, of_persons

VALID = timedelta(minutes=10)
AT_ONCE = 3
"""Codes of one phone that are valid at the same time: who asks again, for whatever reason and from
wherever, does not take away the code that has just arrived."""
_RETENTION = timedelta(days=1)
_DIGITS = 6
_CODE, _PERSON, _TICKET = identity_tables.phone_code.c, tables.person.c, tables.ticket.c
_PREFIX = "phone_code/"

Digest = Callable[[str], str]
"""A keyed digest: six digits with a plain one could be found by trying all of them."""

_PERSONS = select(_PERSON.id).where(_PERSON.phone_hash == bindparam("phone_hash"))
_CITY = (
    select(_TICKET.city)
    .where(_TICKET.person.in_(_PERSONS))
    .order_by(_TICKET.filed_at.desc())
    .limit(1)
)
_OLD = delete(identity_tables.phone_code).where(
    _CODE.expires_at < bindparam("before", type_=UtcDateTime())
)
_VALID = (
    select(_CODE.id, _CODE.digest)
    .where(
        _CODE.phone_hash == bindparam("phone_hash"),
        _CODE.used_at.is_(None),
        _CODE.expires_at > bindparam("now", type_=UtcDateTime()),
    )
    .order_by(_CODE.created_at.desc(), _CODE.id)
    .limit(AT_ONCE)
)
_USE = (
    update(identity_tables.phone_code)
    .where(_CODE.id == bindparam("which"), _CODE.used_at.is_(None))
    .values(used_at=bindparam("now", type_=UtcDateTime()))
)
_USE_OTHERS = (
    update(identity_tables.phone_code)
    .where(_CODE.phone_hash == bindparam("of_phone"), _CODE.used_at.is_(None))
    .values(used_at=bindparam("now", type_=UtcDateTime()))
)


class NoSuchLetter(StoreError):
    """A key of no letter with a code, or of one whose code was deleted."""

    code = "no_such_letter"


def _insert_code(store: Store) -> Insert:
    return store.insert(identity_tables.phone_code)


def _insert_letter(store: Store) -> Insert:
    return store.insert(tables.outbox)


async def issue(
    store: Store, cipher: Cipher, phone: str, phone_hash: str, digest: Digest, now: datetime
) -> None:
    """Issue a code; the last `AT_ONCE` are valid. A caller cannot see if the phone is known."""
    code_id = secrets.token_hex(8)
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    text = json.dumps({"phone": phone, "code": code})
    row = {
        "id": code_id,
        "phone_hash": phone_hash,
        "digest": digest(f"{code_id}/{code}"),
        "sealed": cipher.encrypt(_PREFIX + code_id, text),
        "wrong": 0,
        "created_at": now,
        "expires_at": now + VALID,
        "used_at": None,
    }
    insert_code, insert_letter = store.once(_insert_code), store.once(_insert_letter)

    def work(connection: Connection) -> None:
        connection.execute(_OLD, {"before": now - _RETENTION})
        connection.execute(insert_code, row)
        city = connection.execute(_CITY, {"phone_hash": phone_hash}).scalar()
        if city is not None:
            connection.execute(insert_letter, _letter(code_id, city, now))

    await store.write(work)


def _letter(code_id: str, city: str, now: datetime) -> dict[str, object]:
    """Return an outbox row without a ticket; a notifier gets phone and code from `letter`."""
    return {
        "key": _PREFIX + code_id,
        "number": "",
        "version": 0,
        "city": city,
        "audience": Role.CITIZEN.value,
        "unit": None,
        "template": "phone_code",
        "created_at": now,
        "sent_at": None,
        "attempts": 0,
        "last_error": None,
    }


async def letter(store: Store, cipher: Cipher, key: str) -> tuple[str, str]:
    """Return the phone and the code of an outbox letter, for the notifier that sends it.

    Raises:
        NoSuchLetter, BadKey
    """
    which = select(_CODE.sealed).where(_CODE.id == key.removeprefix(_PREFIX))
    row = await store.first(which)
    if row is None:
        raise NoSuchLetter("this letter holds no code")
    payload = json.loads(cipher.decrypt(key, row.sealed))
    return str(payload["phone"]), str(payload["code"])


async def confirm(store: Store, phone_hash: str, code: str, digest: Digest, now: datetime) -> bool:
    """Return whether it is a code of this phone: once, and in time. The caller counts the tries."""
    rows = await store.rows(_VALID, {"phone_hash": phone_hash, "now": now})
    codes = [(row.id, row.digest) for row in rows]
    # As many comparisons for an unknown phone, so that it is not answered faster.
    codes += [("0" * 16, "0" * 64)] * (AT_ONCE - len(codes))
    same = [
        code_id
        for code_id, stored in codes
        if hmac.compare_digest(digest(f"{code_id}/{code}"), stored)
    ]
    if not same:
        return False

    def using(connection: Connection) -> bool:
        used = connection.execute(_USE, {"which": same[0], "now": now}).rowcount == 1
        if used:
            connection.execute(_USE_OTHERS, {"of_phone": phone_hash, "now": now})
        return used

    return await store.write(using)


async def tickets_of(store: Store, phone_hash: str, limit: int = 100) -> Sequence[TicketRow]:
    """Return the tickets that were filed with this phone, the latest first."""
    return await of_persons(store, _PERSONS, {"phone_hash": phone_hash}, limit)
