"""Messages to subscribers: claimed by one worker at a time, and of each ticket in order."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, or_, select, update

from domain.webhooks.hooks import HookState, Why
from domain.webhooks.messages import GIVEN_UP_AFTER, pause_after
from packs.registry import PackRegistry
from store.db import webhook_tables
from store.db.engine import ResultRow, Store
from store.db.tables import Row
from store.webhooks import changes
from store.webhooks.seeing import seen
from store.webhooks.subscriptions import Webhook, webhook_of

_HOOK, _MESSAGE = webhook_tables.webhook.c, webhook_tables.webhook_message.c
_ATTEMPT, _FEED = webhook_tables.webhook_attempt.c, webhook_tables.change_feed.c

CLAIMED = timedelta(seconds=60)
"""The time for which a subscription is one worker's, who renews that; from a dead one another
takes it."""

LANES = 16
"""The messages that are sent to one subscriber at once, each of another ticket."""

_AHEAD = 1000
"""The messages that are made for a subscriber before it has taken them."""

_BATCH = 500
LOGGED = timedelta(days=7)
_FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True)
class HookClaim:
    """A subscription that is this worker's for a while."""

    webhook: Webhook
    token: str


@dataclass(frozen=True)
class DueMessage:
    """A message that is due. `n`: which attempt this is."""

    change: ResultRow
    n: int


@dataclass(frozen=True)
class AttemptOutcome:
    """The outcome of an attempt. `status`: 0 without an answer, then `error` says why."""

    message: DueMessage
    at: datetime
    milliseconds: int
    status: int
    error: str = ""
    pause_asked: timedelta | None = None

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


async def claim(store: Store, now: datetime, most: int) -> list[HookClaim]:
    """Claim subscriptions for which there is something to do."""
    if most <= 0:
        return []
    due = exists().where(_MESSAGE.webhook == _HOOK.id, _MESSAGE.next_at <= now)
    last = select(_FEED.last).scalar_subquery()
    free = (
        select(webhook_tables.webhook)
        .where(
            _HOOK.state == HookState.ACTIVE.value,
            _HOOK.claimed_until <= now,
            _HOOK.next_at <= now,
            or_(due, _HOOK.seq < last),
        )
        .order_by(_HOOK.claimed_until)
        .limit(most)
    )
    if not await store.rows(free.limit(1)):
        return []

    def work(connection: Connection) -> list[HookClaim]:
        taken = []
        for row in connection.execute(free.with_for_update(skip_locked=True)).all():
            one = HookClaim(webhook_of(row), secrets.token_hex(8))
            _write(connection, row.id, claim=one.token, claimed_until=now + CLAIMED)
            taken.append(one)
        return taken

    return await store.write(work)


def _write(connection: Connection, webhook: str, **values: Any) -> None:
    connection.execute(update(webhook_tables.webhook).where(_HOOK.id == webhook).values(**values))


def _holds(connection: Connection, one: HookClaim) -> ResultRow | None:
    """Return the subscription, locked, if the claim is still this worker's."""
    mine = select(webhook_tables.webhook).where(
        _HOOK.id == one.webhook.id, _HOOK.claim == one.token, _HOOK.state == HookState.ACTIVE.value
    )
    return connection.execute(mine.with_for_update()).first()


async def renew(store: Store, one: HookClaim, now: datetime) -> bool:
    """Hold a claim for longer; return whether it is still this worker's."""
    still = update(webhook_tables.webhook).where(
        _HOOK.id == one.webhook.id, _HOOK.claim == one.token, _HOOK.state == HookState.ACTIVE.value
    )
    return await store.change(still.values(claimed_until=now + CLAIMED)) > 0


async def release(
    store: Store, one: HookClaim, now: datetime, rest: timedelta = timedelta()
) -> None:
    """Give a claim back. `rest`: for so long nobody takes it again."""
    mine = update(webhook_tables.webhook).where(
        _HOOK.id == one.webhook.id, _HOOK.claim == one.token
    )
    await store.change(mine.values(claim="", claimed_until=now + rest))


async def make_messages(store: Store, packs: PackRegistry, one: HookClaim, now: datetime) -> int:
    """Make messages of the next changes; return how many changes were looked at."""
    hook = one.webhook
    row = await store.first(select(_HOOK.seq).where(_HOOK.id == hook.id))
    if row is None:
        return 0
    begin = int(row.seq)
    if begin < (await changes.feed_of(store)).pruned:
        await disable(store, one, Why.TOO_OLD, now)
        return 0
    waiting = await store.first(select(func.count().label("n")).where(_MESSAGE.webhook == hook.id))
    if waiting is not None and waiting.n >= _AHEAD:
        return 0
    rows = await changes.after(store, begin, _BATCH)
    if not rows:
        return 0
    asked = [row for row in rows if not hook.kinds or row.kind in hook.kinds]
    theirs = await seen(store, packs, hook.viewer, asked)
    made = [
        {
            "webhook": hook.id,
            "seq": row.seq,
            "number": row.number,
            "attempts": 0,
            "failing_since": None,
            "next_at": now,
        }
        for row in theirs
    ]

    def work(connection: Connection) -> int:
        held = _holds(connection, one)
        if held is None or held.seq != begin:  # somebody has it sent again from elsewhere
            return 0
        if made:
            insert = store.insert(webhook_tables.webhook_message).on_conflict_do_nothing()
            connection.execute(insert, made)
        _write(connection, hook.id, seq=rows[-1].seq)
        return len(rows)

    return await store.write(work)


async def due_messages(
    store: Store, packs: PackRegistry, one: HookClaim, now: datetime, most: int
) -> list[DueMessage]:
    """Return the messages that are due: of each ticket the first one, if that is due.

    What the subscriber may not know of since is deleted.
    """
    earlier = webhook_tables.webhook_message.alias()
    first = ~exists().where(
        earlier.c.webhook == _MESSAGE.webhook,
        earlier.c.number == _MESSAGE.number,
        earlier.c.seq < _MESSAGE.seq,
    )
    query = (
        select(_MESSAGE.seq, _MESSAGE.attempts)
        .where(_MESSAGE.webhook == one.webhook.id, _MESSAGE.next_at <= now, first)
        .order_by(_MESSAGE.next_at, _MESSAGE.seq)
        .limit(most)
    )
    while attempts := {row.seq: row.attempts for row in await store.rows(query)}:
        rows = await changes.some(store, sorted(attempts))
        if len(rows) < len(attempts):
            await disable(store, one, Why.TOO_OLD, now)
            break
        theirs = await seen(store, packs, one.webhook.viewer, rows)
        kept = {row.seq for row in theirs}
        hidden = [row.seq for row in rows if row.seq not in kept]
        if hidden:
            of = (_MESSAGE.webhook == one.webhook.id, _MESSAGE.seq.in_(hidden))
            await store.change(delete(webhook_tables.webhook_message).where(*of))
        if theirs:
            return [DueMessage(row, attempts[row.seq] + 1) for row in theirs]
    return []


async def record(
    store: Store, one: HookClaim, outcomes: Sequence[AttemptOutcome], now: datetime
) -> bool:
    """Record attempts; return whether to go on at once.

    What was taken is recorded even if the claim was lost meanwhile: nobody needs it twice.
    """

    def work(connection: Connection) -> bool:
        connection.execute(
            webhook_tables.webhook_attempt.insert(), [_logged(one, each) for each in outcomes]
        )
        for each in outcomes:
            _settle(connection, one.webhook.id, each, now)
        held = _holds(connection, one)
        if held is None:
            return False
        gone = any(each.gone for each in outcomes)
        if gone or _given_up(connection, one.webhook.id, now):
            why = Why.GONE if gone else Why.FAILING
            _write(
                connection,
                one.webhook.id,
                state=HookState.DISABLED.value,
                why=why.value,
                state_at=now,
            )
            return False
        healthy = any(each.taken for each in outcomes)
        failures = 0 if healthy else held.failures + 1
        asked = max((each.pause_asked for each in outcomes if each.pause_asked), default=None)
        next_at = now if healthy else now + pause_after(failures, asked)
        _write(connection, one.webhook.id, failures=failures, next_at=next_at)
        return healthy

    return await store.write(work)


def _settle(connection: Connection, webhook: str, outcome: AttemptOutcome, now: datetime) -> None:
    this = (_MESSAGE.webhook == webhook, _MESSAGE.seq == outcome.message.change.seq)
    if outcome.taken:
        connection.execute(delete(webhook_tables.webhook_message).where(*this))
        return
    connection.execute(
        update(webhook_tables.webhook_message)
        .where(*this)
        .values(
            attempts=outcome.message.n,
            failing_since=func.coalesce(_MESSAGE.failing_since, outcome.at),
            next_at=now + pause_after(outcome.message.n, outcome.pause_asked),
        )
    )


def _given_up(connection: Connection, webhook: str, now: datetime) -> bool:
    too_long = (_MESSAGE.webhook == webhook, _MESSAGE.failing_since <= now - GIVEN_UP_AFTER)
    return connection.execute(select(_MESSAGE.seq).where(*too_long).limit(1)).first() is not None


def _logged(one: HookClaim, outcome: AttemptOutcome) -> Row:
    change = outcome.message.change
    return {
        "id": secrets.token_hex(12),
        "webhook": one.webhook.id,
        "change": change.id,
        "kind": change.kind,
        "number": change.number,
        "n": outcome.message.n,
        "at": outcome.at,
        "milliseconds": outcome.milliseconds,
        "status": outcome.status,
        "error": outcome.error,
    }


async def disable(store: Store, one: HookClaim, why: Why, now: datetime) -> None:
    """Disable a subscription that is claimed."""
    mine = update(webhook_tables.webhook).where(
        _HOOK.id == one.webhook.id, _HOOK.claim == one.token, _HOOK.state == HookState.ACTIVE.value
    )
    values = {"state": HookState.DISABLED.value, "why": why.value, "state_at": now}
    await store.change(mine.values(**values))


async def forget_attempts(store: Store, before: datetime) -> int:
    """Delete attempts of before then, some at a time; return how many."""
    old = select(_ATTEMPT.id).where(_ATTEMPT.at < before).limit(_FORGOTTEN_AT_ONCE)
    return await store.change(delete(webhook_tables.webhook_attempt).where(_ATTEMPT.id.in_(old)))


async def log_test(
    store: Store, webhook: str, message: str, at: datetime, status: int, error: str
) -> None:
    """Note a test message in the log."""
    row = {
        "id": secrets.token_hex(12),
        "webhook": webhook,
        "change": message,
        "kind": "test",
        "number": "",
        "n": 1,
        "at": at,
        "milliseconds": 0,
        "status": status,
        "error": error,
    }
    await store.change(webhook_tables.webhook_attempt.insert(), row)
