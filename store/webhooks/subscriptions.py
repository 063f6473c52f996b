"""The subscriptions of other systems: who they are, their secrets, and whether they are sent to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from domain.actors import Role
from domain.webhooks.messages import OVERLAP, new_secret
from domain.webhooks.states import HookState as HookState
from domain.webhooks.states import Why as Why
from store.db import webhook_tables
from store.db.engine import ResultRow, Store
from store.secrets.encryption import Cipher
from store.secrets.key_ring import KeyRing
from store.webhooks.changes import Position
from store.webhooks.seeing import Viewer

_HOOK, _MESSAGE = webhook_tables.webhook.c, webhook_tables.webhook_message.c
_ATTEMPT = webhook_tables.webhook_attempt.c


@dataclass(frozen=True)
class Webhook:
    """A subscription without its secrets. `waiting`: messages that are made and not yet taken."""

    id: str
    name: str
    url: str
    viewer: Viewer
    kinds: tuple[str, ...]
    owner: str
    created_at: datetime
    state: HookState
    why: str
    state_at: datetime
    seq: int
    failures: int
    next_at: datetime
    before_until: datetime | None
    waiting: int = 0


@dataclass(frozen=True)
class NewWebhook:
    """A subscription to be made."""

    name: str
    url: str
    viewer: Viewer
    kinds: Sequence[str]
    owner: str
    after: Position


def cipher_of(ring: KeyRing) -> Cipher:
    """Return the encryption of secrets."""
    return Cipher(ring.root_key, "webhooks")


def new_webhook_id() -> str:
    return f"wh_{secrets.token_hex(8)}"


async def add(
    store: Store, cipher: Cipher, new: NewWebhook, now: datetime, webhook: str | None = None
) -> tuple[str, str] | None:
    """Make a subscription; return its id and its secret; None if there is one of that id."""
    webhook, secret = webhook or new_webhook_id(), new_secret()
    row = {
        "id": webhook,
        "name": new.name,
        "url": new.url,
        "role": new.viewer.role.value,
        "unit": new.viewer.unit,
        "city": new.viewer.city,
        "kinds": " ".join(new.kinds),
        "owner": new.owner,
        "secret": cipher.encrypt(webhook, secret),
        "created_at": now,
        "state": HookState.ACTIVE.value,
        "why": "",
        "state_at": now,
        "seq": new.after.seq,
        "failures": 0,
        "next_at": now,
        "claim": "",
        "claimed_until": now,
    } | dict.fromkeys(("secret_before", "before_until"))
    made = await store.change(store.insert(webhook_tables.webhook).on_conflict_do_nothing(), row)
    return (webhook, secret) if made else None


async def listing(store: Store) -> list[Webhook]:
    """Return all subscriptions, the oldest first."""
    waiting = (
        select(_MESSAGE.webhook, func.count().label("waiting"))
        .group_by(_MESSAGE.webhook)
        .subquery()
    )
    joined = webhook_tables.webhook.outerjoin(waiting, waiting.c.webhook == _HOOK.id)
    query = select(webhook_tables.webhook, func.coalesce(waiting.c.waiting, 0).label("waiting"))
    rows = await store.rows(query.select_from(joined).order_by(_HOOK.created_at, _HOOK.id))
    return [webhook_of(row, row.waiting) for row in rows]


async def get(store: Store, webhook: str) -> Webhook | None:
    """Return a subscription."""
    return next((one for one in await listing(store) if one.id == webhook), None)


def webhook_of(row: ResultRow, waiting: int = 0) -> Webhook:
    """Return a subscription of its row."""
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        viewer=Viewer(Role(row.role), row.unit, row.city),
        kinds=tuple(row.kinds.split()),
        owner=row.owner,
        created_at=row.created_at,
        state=HookState(row.state),
        why=row.why,
        state_at=row.state_at,
        seq=row.seq,
        failures=row.failures,
        next_at=row.next_at,
        before_until=row.before_until,
        waiting=waiting,
    )


async def secrets_of(store: Store, cipher: Cipher, webhook: str, now: datetime) -> list[str]:
    """Return the secrets that are valid now, the newest first; none of an unknown subscription."""
    row = await store.first(select(webhook_tables.webhook).where(_HOOK.id == webhook))
    if row is None:
        return []
    before = row.secret_before if row.before_until and row.before_until > now else None
    return [cipher.decrypt(webhook, one) for one in (row.secret, before) if one is not None]


async def rotate(store: Store, cipher: Cipher, webhook: str, now: datetime) -> str | None:
    """Give a new secret, and return it; the one before stays valid for a day."""
    secret = new_secret()
    changed = await store.change(
        update(webhook_tables.webhook)
        .where(_HOOK.id == webhook)
        .values(
            secret_before=_HOOK.secret,
            before_until=now + OVERLAP,
            secret=cipher.encrypt(webhook, secret),
        )
    )
    return secret if changed else None


async def set_state(
    store: Store,
    webhook: str,
    state: HookState,
    now: datetime,
    why: str = "",
    owner: str | None = None,
) -> bool:
    """Pause, resume or disable; return whether there is such a subscription.

    One that goes on is sent to at once, with three days before it can be disabled again.
    `owner`: who answers for it from now on.
    """
    values: dict[str, Any] = {"state": state.value, "why": why, "state_at": now}
    if owner is not None:
        values["owner"] = owner

    def work(connection: Connection) -> bool:
        if state is HookState.ACTIVE:
            values.update(failures=0, next_at=now)
            connection.execute(
                update(webhook_tables.webhook_message)
                .where(_MESSAGE.webhook == webhook)
                .values(next_at=now, failing_since=None)
            )
        done = connection.execute(
            update(webhook_tables.webhook).where(_HOOK.id == webhook).values(**values)
        )
        return bool(done.rowcount)

    return await store.write(work)


async def replay(store: Store, webhook: str, after: Position, now: datetime) -> bool:
    """Have everything after a position sent, with the same ids, also what was taken already."""

    def work(connection: Connection) -> bool:
        # A worker that is at it has lost its claim, and does not set the position back.
        moved = connection.execute(
            update(webhook_tables.webhook)
            .where(_HOOK.id == webhook)
            .values(seq=after.seq, claim="", claimed_until=now, next_at=now, failures=0)
        ).rowcount
        connection.execute(
            delete(webhook_tables.webhook_message).where(_MESSAGE.webhook == webhook)
        )
        return bool(moved)

    return await store.write(work)


async def remove(store: Store, webhook: str) -> bool:
    """Delete a subscription, its messages and its log."""

    def work(connection: Connection) -> bool:
        for table in (webhook_tables.webhook_message, webhook_tables.webhook_attempt):
            connection.execute(delete(table).where(table.c.webhook == webhook))
        gone = connection.execute(delete(webhook_tables.webhook).where(_HOOK.id == webhook))
        return bool(gone.rowcount)

    return await store.write(work)


async def attempts(store: Store, webhook: str, limit: int) -> Sequence[ResultRow]:
    """Return the log of a subscription, the latest attempt first."""
    return await store.rows(
        select(webhook_tables.webhook_attempt)
        .where(_ATTEMPT.webhook == webhook)
        .order_by(_ATTEMPT.at.desc(), _ATTEMPT.id)
        .limit(limit)
    )
