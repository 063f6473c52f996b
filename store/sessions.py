"""Sessions: kept here and not in the cookie, so that they can be ended from here."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from store import people
from store.accounts import Account, account_of
from store.engine import Store
from store.tables import UtcDateTime

_SESSION, _ACCOUNT = people.session.c, people.account.c
_NOTED = timedelta(minutes=1)
"""How exactly it is known when a session was last used."""

_FOUND = (
    select(
        people.account,
        _SESSION.digest,
        _SESSION.seen_at,
        _SESSION.ends_at,
        _SESSION.created_at.label("began_at"),
    )
    .join(people.account, _ACCOUNT.id == _SESSION.account)
    .where(_SESSION.digest == bindparam("digest"))
)
_SEEN = (
    update(people.session)
    .where(_SESSION.digest == bindparam("which"))
    .values(seen_at=bindparam("at"))
)


@dataclass(frozen=True)
class Session:
    """Somebody signed in."""

    digest: str
    account: Account
    began_at: datetime
    seen_at: datetime
    ends_at: datetime


def digest_of(secret: str) -> str:
    # A plain digest is enough: the secret is 256 random bits.
    return hashlib.sha256(secret.encode()).hexdigest()


async def begin(store: Store, account: Account, now: datetime, longest: timedelta) -> str:
    """A new session; its secret, for the cookie."""
    secret = secrets.token_urlsafe(32)
    row = {
        "digest": digest_of(secret),
        "account": account.id,
        "created_at": now,
        "seen_at": now,
        "ends_at": now + longest,
    }
    await store.change(store.insert(people.session), row)
    await store.change(_OVER, {"now": now})
    return secret


_OVER = delete(people.session).where(_SESSION.ends_at < bindparam("now", type_=UtcDateTime()))


async def find(store: Store, secret: str, now: datetime, idle: timedelta) -> Session | None:
    """The session with this secret, if it goes on and its account does; noted as used now."""
    row = await store.first(_FOUND, {"digest": digest_of(secret)})
    if row is None or now >= row.ends_at or now - row.seen_at >= idle:
        return None
    account = account_of(row)
    if not account.enabled:
        return None
    if now - row.seen_at >= _NOTED:
        await store.change(_SEEN, {"which": row.digest, "at": now})
    return Session(row.digest, account, row.began_at, row.seen_at, row.ends_at)


async def going_on(
    store: Store,
    digests: Collection[str],
    now: datetime,
    idle: timedelta,
    in_use: Collection[str] = (),
) -> set[str]:
    """Which of these sessions go on; those `in_use` are noted as used now. One look for all."""
    if not digests:
        return set()
    asked = (
        select(_SESSION.digest, _SESSION.seen_at)
        .join(people.account, _ACCOUNT.id == _SESSION.account)
        .where(_SESSION.digest.in_(sorted(digests)), _ACCOUNT.disabled_at.is_(None))
        .where(_SESSION.ends_at > now, _SESSION.seen_at > now - idle)
    )
    found = await store.rows(asked)
    old = [row.digest for row in found if row.digest in in_use and now - row.seen_at >= _NOTED]
    if old:
        noted = update(people.session).where(_SESSION.digest.in_(old)).values(seen_at=now)
        await store.change(noted)
    return {row.digest for row in found}


async def end(store: Store, digest: str) -> None:
    """End one session; ended already is as good."""
    await store.change(delete(people.session).where(_SESSION.digest == digest))


async def end_all(store: Store, account_id: str) -> int:
    """End every session of an account; how many there were."""
    return await store.change(delete(people.session).where(_SESSION.account == account_id))


async def listing(store: Store, account_id: str) -> list[tuple[datetime, datetime, datetime]]:
    """Of each session of an account: when it began, was last used, and will end."""
    asked = (
        select(_SESSION.created_at, _SESSION.seen_at, _SESSION.ends_at)
        .where(_SESSION.account == account_id)
        .order_by(_SESSION.created_at)
    )
    return [(row[0], row[1], row[2]) for row in await store.rows(asked)]
