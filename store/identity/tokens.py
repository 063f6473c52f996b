"""Access tokens of staff and programs. A token is shown once; the store keeps its digest."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, select, update

from domain.actors import MACHINE, Role
from domain.policy.permissions import Scope
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.errors import StoreError

_TOKEN = tables.token.c
_FORM = re.compile(r"jsu_([0-9a-f]{12})_[0-9a-f]{48}")
_BY_ID = select(tables.token).where(_TOKEN.id == bindparam("id"))
_USED = (
    update(tables.token).where(_TOKEN.id == bindparam("which")).values(last_used_at=bindparam("at"))
)
_NOBODY = "0" * 64

VALID, LONGEST = timedelta(days=90), timedelta(days=366)
"""The validity of a token: the default, and the longest. No token is valid for ever."""

_NOTED = timedelta(hours=1)
"""The precision of the last use: recording every use would be a write per request."""


class AlreadyIssued(StoreError):
    """A token that was issued before; its stored digest does not reveal its text."""

    code = "already_issued"


@dataclass(frozen=True)
class TokenRow:
    """A token without its secret."""

    id: str
    role: Role
    unit: str | None
    city: str | None
    scopes: frozenset[Scope]
    name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    agent: bool = False

    @property
    def actor_id(self) -> str:
        """The id by which what it does is recorded: an agent's says that a machine did it."""
        return f"{MACHINE}{self.id}" if self.agent else self.id

    def valid(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


def _digest(text: str) -> str:
    # A plain digest is enough: the secret is 192 random bits, not a password someone chose.
    return hashlib.sha256(text.encode()).hexdigest()


def _token_row(row: ResultRow) -> TokenRow:
    values = {name: value for name, value in row._mapping.items() if name != "digest"}
    scopes = frozenset(Scope(word) for word in row.scopes.split())
    return TokenRow(**{**values, "role": Role(row.role), "scopes": scopes})


async def issue(
    store: Store,
    role: Role,
    unit: str | None,
    name: str,
    expires_at: datetime | None = None,
    now: datetime | None = None,
    *,
    scopes: Collection[Scope] = tuple(Scope),
    city: str | None = None,
    token_id: str | None = None,
    agent: bool = False,
) -> tuple[str, str]:
    """Issue a token; return its id, and its text, which cannot be shown again.

    Valid for ninety days or until `expires_at`; in all cities or in `city` only. `agent`: a machine
    uses it (`app.agents`).
    `token_id` identifies a request that may be repeated.

    Raises:
        AlreadyIssued: there is a token of this id.
    """
    now = now or datetime.now(UTC)
    token_id = token_id or secrets.token_hex(6)
    text = f"jsu_{token_id}_{secrets.token_hex(24)}"
    row = {
        "id": token_id,
        "digest": _digest(text),
        "role": role.value,
        "unit": unit,
        "city": city,
        "scopes": " ".join(scope for scope in Scope if scope in scopes),
        "name": name,
        "created_at": now,
        "expires_at": expires_at or now + VALID,
        "revoked_at": None,
        "last_used_at": None,
        "agent": agent,
    }
    insert = store.insert(tables.token).on_conflict_do_nothing()
    if await store.change(insert, row) != 1:
        raise AlreadyIssued("this token was issued before, and its text was shown then")
    return token_id, text


async def find(store: Store, text: str, now: datetime) -> TokenRow | None:
    """Return the token with this text; None if unknown, wrong, revoked or expired."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    row = await store.first(_BY_ID, {"id": match[1]})
    # Compared even without a stored digest, so that an unknown id is not answered faster.
    same = hmac.compare_digest(_digest(text), _NOBODY if row is None else row.digest)
    if row is None or not same:
        return None
    token = _token_row(row)
    if not token.valid(now):
        return None
    if token.last_used_at is None or now - token.last_used_at >= _NOTED:
        await store.change(_USED, {"which": token.id, "at": now})
    return token


async def valid(store: Store, ids: Collection[str], now: datetime) -> set[str]:
    """Return which of these tokens are neither revoked nor expired, with one query."""
    if not ids:
        return set()
    statement = select(_TOKEN.id).where(_TOKEN.id.in_(sorted(ids)), _TOKEN.revoked_at.is_(None))
    return {row.id for row in await store.rows(statement.where(_TOKEN.expires_at > now))}


async def revoke(store: Store, token_id: str, now: datetime | None = None) -> bool:
    """Revoke a token; return False if there is none, or it was revoked before."""
    stamp = (
        update(tables.token)
        .where(_TOKEN.id == token_id, _TOKEN.revoked_at.is_(None))
        .values(revoked_at=now or datetime.now(UTC))
    )
    return await store.change(stamp) == 1


async def listing(store: Store) -> list[TokenRow]:
    """Return all tokens ever issued, oldest first."""
    statement = select(tables.token).order_by(_TOKEN.created_at, _TOKEN.id)
    return [_token_row(row) for row in await store.rows(statement)]
