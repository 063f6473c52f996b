"""Sessions, stored here and not in the cookie, so that the server can end them."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, update

from store.db import identity_tables
from store.db.engine import ResultRow, Store
from store.db.tables import UtcDateTime
from store.identity.accounts import Account, account_of

_SESSION, _ACCOUNT = identity_tables.session.c, identity_tables.account.c
_NOTED = timedelta(minutes=1)
"""The precision of a session's time of last use."""
_ID = 16

_ALL = select(
    identity_tables.account,
    _SESSION.digest,
    _SESSION.seen_at,
    _SESSION.ends_at,
    _SESSION.created_at.label("began_at"),
    _SESSION.device,
    _SESSION.first_password,
).join(identity_tables.account, _ACCOUNT.id == _SESSION.account)
_BY_DIGEST = _ALL.where(_SESSION.digest == bindparam("digest"))
_OPEN = _ALL.where(
    _SESSION.account == bindparam("of"),
    _SESSION.ends_at > bindparam("now", type_=UtcDateTime()),
    _SESSION.seen_at > bindparam("since", type_=UtcDateTime()),
).order_by(_SESSION.created_at, _SESSION.digest)
_SEEN = (
    update(identity_tables.session)
    .where(_SESSION.digest == bindparam("which"))
    .values(seen_at=bindparam("at"))
)


@dataclass(frozen=True)
class Session:
    """A session with its account; see `store.db.identity_tables.SessionTable`."""

    digest: str
    account: Account
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    device: str = ""
    first_password: bool = False

    @property
    def id(self) -> str:
        """The id shown to the owner; it gives no access."""
        return self.digest[:_ID]


def digest_of(secret: str) -> str:
    # A plain digest is enough: the secret is 256 random bits.
    return hashlib.sha256(secret.encode()).hexdigest()


async def begin(
    store: Store,
    account: Account,
    now: datetime,
    longest: timedelta,
    *,
    device: str = "",
    first_password: bool = False,
) -> str:
    """Begin a session; return its secret, for the cookie."""
    secret = secrets.token_urlsafe(32)
    row = {
        "digest": digest_of(secret),
        "account": account.id,
        "created_at": now,
        "seen_at": now,
        "ends_at": now + longest,
        "device": device,
        "first_password": first_password,
    }
    await store.change(store.insert(identity_tables.session), row)
    await store.change(_OVER, {"now": now})
    return secret


_OVER = delete(identity_tables.session).where(
    _SESSION.ends_at < bindparam("now", type_=UtcDateTime())
)


async def find(store: Store, secret: str, now: datetime, idle: timedelta) -> Session | None:
    """Return the session with this secret, if it and its account are valid; note its use."""
    row = await store.first(_BY_DIGEST, {"digest": digest_of(secret)})
    if row is None or now >= row.ends_at or now - row.seen_at >= idle:
        return None
    session = _session(row)
    if not session.account.enabled:
        return None
    if now - row.seen_at >= _NOTED:
        await store.change(_SEEN, {"which": row.digest, "at": now})
    return session


def _session(row: ResultRow) -> Session:
    return Session(
        row.digest,
        account_of(row),
        row.began_at,
        row.seen_at,
        row.ends_at,
        row.device,
        row.first_password,
    )


async def going_on(
    store: Store,
    digests: Collection[str],
    now: datetime,
    idle: timedelta,
    in_use: Collection[str] = (),
) -> set[str]:
    """Return which of these sessions are valid, with one query; note the use of `in_use`."""
    if not digests:
        return set()
    statement = (
        select(_SESSION.digest, _SESSION.seen_at)
        .join(identity_tables.account, _ACCOUNT.id == _SESSION.account)
        .where(_SESSION.digest.in_(sorted(digests)), _ACCOUNT.disabled_at.is_(None))
        .where(_SESSION.ends_at > now, _SESSION.seen_at > now - idle)
    )
    rows = await store.rows(statement)
    old = [row.digest for row in rows if row.digest in in_use and now - row.seen_at >= _NOTED]
    if old:
        noted = update(identity_tables.session).where(_SESSION.digest.in_(old)).values(seen_at=now)
        await store.change(noted)
    return {row.digest for row in rows}


async def end(store: Store, digest: str) -> None:
    """End one session, if it has not ended already."""
    await store.change(delete(identity_tables.session).where(_SESSION.digest == digest))


async def end_own(store: Store, account_id: str, session_id: str) -> bool:
    """End the session `session_id` of this account; return False if it has none."""
    which = delete(identity_tables.session).where(
        _SESSION.account == account_id, func.substr(_SESSION.digest, 1, _ID) == session_id
    )
    return await store.change(which) > 0


async def end_all(store: Store, account_id: str) -> int:
    """End every session of an account; return how many there were."""
    return await store.change(delete(identity_tables.session).where(_SESSION.account == account_id))


async def listing(store: Store, account_id: str, now: datetime, idle: timedelta) -> list[Session]:
    """Return the valid sessions of an account, the oldest first."""
    values = {"of": account_id, "now": now, "since": now - idle}
    return [_session(row) for row in await store.rows(_OPEN, values)]
