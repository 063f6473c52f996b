"""Attempts that are counted before they are judged, in all processes together.

Each attempt takes a place under every key that it counts for, all of them or none, in one
transaction. Who succeeds gives the places back; a failed attempt keeps them until they expire. So
of many attempts at once no more are judged than there are places.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, update

from store.db import identity_tables
from store.db.engine import Insert, ResultRow, Store, Values
from store.db.locks import lock
from store.db.tables import UtcDateTime

_RESERVATION = identity_tables.reservation.c
_PENDING = timedelta(minutes=1)
"""The longest judgement: after that an attempt without one counts as failed."""

_UNSETTLED = (_RESERVATION.judged.is_(False)) & (
    _RESERVATION.made_at > bindparam("pending_since", type_=UtcDateTime())
)
_RECENT = select(
    func.coalesce(func.sum(_RESERVATION.amount), 0).label("amount"),
    func.coalesce(func.sum(case((_UNSETTLED, _RESERVATION.amount), else_=0)), 0).label("pending"),
    func.max(_RESERVATION.made_at).label("last"),
    func.max(case((_UNSETTLED, None), else_=_RESERVATION.made_at)).label("last_judged"),
    func.min(_RESERVATION.expires_at).label("first_expires"),
).where(
    _RESERVATION.key == bindparam("which"),
    _RESERVATION.expires_at > bindparam("now", type_=UtcDateTime()),
)
_KNOWN = select(_RESERVATION.id).where(
    _RESERVATION.key == bindparam("which"),
    _RESERVATION.expires_at > bindparam("now", type_=UtcDateTime()),
)
_EXPIRED = delete(identity_tables.reservation).where(
    _RESERVATION.expires_at <= bindparam("now", type_=UtcDateTime())
)
_GIVE_BACK = delete(identity_tables.reservation).where(_RESERVATION.id == bindparam("attempt"))
_JUDGED = (
    update(identity_tables.reservation)
    .where(_RESERVATION.id == bindparam("attempt"))
    .values(judged=True)
)
_ATTEMPTS = select(_RESERVATION.id).where(_RESERVATION.key == bindparam("which"))
_GIVE_BACK_ALL = delete(identity_tables.reservation).where(_RESERVATION.id.in_(_ATTEMPTS))


class Stand(NamedTuple):
    """The places under a key: their sum, when the last was made, when the first expires."""

    amount: int
    last: datetime | None
    first_expires: datetime | None


@dataclass(frozen=True)
class Window:
    """At most `most` attempts under `key` within `lasts`."""

    key: str
    most: int
    lasts: timedelta

    def wait(self, stand: Stand, now: datetime) -> timedelta:
        """Return how long the next attempt has to wait; zero if it may be made."""
        if stand.amount < self.most or stand.first_expires is None:
            return timedelta(0)
        return stand.first_expires - now


@dataclass(frozen=True)
class Pauses:
    """Of the attempts under `key`, `free` cost nothing; each one more is followed by a pause.

    The first pause is `first`, and each one after it twice as long, up to `longest`.
    """

    key: str
    free: int
    first: timedelta
    longest: timedelta
    lasts: timedelta

    def wait(self, stand: Stand, now: datetime) -> timedelta:
        """Return how long the next attempt has to wait; zero if it may be made."""
        if stand.amount < self.free or stand.last is None:
            return timedelta(0)
        doubled: timedelta = self.first * 2 ** min(stand.amount - self.free, 20)
        return max(timedelta(0), stand.last + min(self.longest, doubled) - now)


Rule = Window | Pauses


@dataclass(frozen=True)
class ReserveResult:
    """The id of the attempt; or how long it has to wait.

    `unsettled`: it would not have to wait if the attempts that are being judged now succeed.
    """

    id: str | None
    wait: timedelta = timedelta(0)
    unsettled: bool = False


def insert(store: Store) -> Insert:
    """Return the statement that adds places; its values are those of `place`."""
    return store.insert(identity_tables.reservation)


def place(attempt: str, key: str, now: datetime, lasts: timedelta, amount: int = 1) -> Values:
    """Return the row of one place."""
    return {
        "id": attempt,
        "key": key,
        "amount": amount,
        "judged": False,
        "made_at": now,
        "expires_at": now + lasts,
    }


def new_attempt() -> str:
    """Return the id of a new attempt."""
    return secrets.token_hex(8)


def counted(connection: Connection, key: str, now: datetime) -> int:
    """Return the sum of all places under a key."""
    return int(_stand_of(connection, key, now).amount)


def wait_for(connection: Connection, rule: Rule, now: datetime) -> timedelta:
    """Return how long one more attempt has to wait by this rule."""
    row = _stand_of(connection, rule.key, now)
    return rule.wait(Stand(int(row.amount), row.last, row.first_expires), now)


def forget_expired(connection: Connection, now: datetime) -> None:
    """Delete what has expired."""
    connection.execute(_EXPIRED, {"now": now})


async def reserve(store: Store, rules: Sequence[Rule], now: datetime) -> ReserveResult:
    """Count an attempt under the keys of all rules; or under none, if one of them says to wait."""
    attempt = new_attempt()
    adding = store.once(insert)

    def work(connection: Connection) -> ReserveResult:
        lock(store, connection, *(rule.key for rule in rules))
        wait, wait_judged = timedelta(0), timedelta(0)
        for rule in rules:
            row = _stand_of(connection, rule.key, now)
            every = Stand(int(row.amount), row.last, row.first_expires)
            judged = Stand(int(row.amount) - int(row.pending), row.last_judged, row.first_expires)
            wait = max(wait, rule.wait(every, now))
            wait_judged = max(wait_judged, rule.wait(judged, now))
        if wait > timedelta(0):
            return ReserveResult(None, wait, unsettled=wait_judged <= timedelta(0))
        forget_expired(connection, now)
        lasting = {rule.key: rule.lasts for rule in rules}
        rows = [place(attempt, key, now, lasts) for key, lasts in lasting.items()]
        connection.execute(adding, rows)
        return ReserveResult(attempt)

    return await store.write(work)


def _stand_of(connection: Connection, key: str, now: datetime) -> ResultRow:
    values = {"which": key, "now": now, "pending_since": now - _PENDING}
    return connection.execute(_RECENT, values).one()


async def failed(store: Store, attempt: str) -> None:
    """Keep the places of an attempt that failed, until they expire."""
    await store.change(_JUDGED, {"attempt": attempt})


async def give_back(store: Store, attempt: str) -> None:
    """Give back the places of one attempt under all its keys."""
    await store.change(_GIVE_BACK, {"attempt": attempt})


async def forgive(
    store: Store, attempt: str, key: str, known: str, now: datetime, lasts: timedelta
) -> None:
    """Give back an attempt that succeeded, with all others under `key`; remember `known`."""
    adding = store.once(insert)

    def work(connection: Connection) -> None:
        connection.execute(_GIVE_BACK, {"attempt": attempt})
        connection.execute(_GIVE_BACK_ALL, {"which": key})
        connection.execute(_GIVE_BACK_ALL, {"which": known})
        connection.execute(adding, place(attempt, known, now, lasts))

    await store.write(work)


async def is_known(store: Store, known: str, now: datetime) -> bool:
    """Return whether `known` was remembered, and not too long ago."""
    return await store.first(_KNOWN, {"which": known, "now": now}) is not None


async def clear(store: Store, key: str) -> None:
    """Give back all attempts that count under this key, under all their keys."""
    await store.change(_GIVE_BACK_ALL, {"which": key})


async def waiting(store: Store, keys: Sequence[str], rule: Pauses, now: datetime) -> frozenset[str]:
    """Return those keys of which a part (`key/…`) has to wait by `rule`, whatever its own key."""
    if not keys:
        return frozenset()
    statement = (
        select(
            _RESERVATION.key,
            func.count().label("many"),
            func.max(_RESERVATION.made_at).label("last"),
        )
        .where(
            _RESERVATION.expires_at > now,
            or_(*(_RESERVATION.key.startswith(f"{key}/", autoescape=True) for key in keys)),
        )
        .group_by(_RESERVATION.key)
    )
    return frozenset(
        row.key.rpartition("/")[0]
        for row in await store.rows(statement)
        if rule.wait(Stand(row.many, row.last, None), now) > timedelta(0)
    )
