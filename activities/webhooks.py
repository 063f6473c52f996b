"""Webhooks: number what changed, and send it to those who subscribed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from temporalio import activity

from activities.maintenance import keep_doing
from domain.webhooks.messages import body_of, signed_headers
from packs.registry import PackRegistry
from runtime.outbound import AddressRefused, Carrier, Unreachable
from store.db.engine import Store
from store.db.errors import StoreError
from store.secrets.encryption import Cipher
from store.webhooks import changes, delivery
from store.webhooks.delivery import LANES, LOGGED, AttemptOutcome, DueMessage, HookClaim
from store.webhooks.numbering import number_changes
from store.webhooks.seeing import change_of
from store.webhooks.subscriptions import secrets_of

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
"""The time for which changes are kept: a reader may be away for so long."""

WITHIN = 10.0
"""Seconds that a subscriber has to answer."""

_AT_ONCE = 20
"""The subscribers that one worker sends to at once: a slow one keeps none of the others."""

_SHARE = 20.0
"""Seconds for one subscriber before others have their turn."""

_BROKEN = timedelta(minutes=1)
"""The rest of one that broke here: else workers would do nothing but break, and say so."""

_LOOK = 0.2
_GRACE = 3.0
"""Seconds for answers that are under way when a worker stops; others are sent again."""

_DIGITS = 6
_TIDIED = timedelta(minutes=5)


@dataclass(frozen=True)
class ReceiverAnswer:
    """The answer of a subscriber. `status`: 0 without one, then `error` says why."""

    status: int
    error: str
    milliseconds: int
    pause_asked: timedelta | None


async def post(
    outbound: Carrier, url: str, message: str, body: bytes, keys: list[str], now: datetime
) -> ReceiverAnswer:
    """Send a signed message once, and return what came back."""
    began = monotonic()
    status, error, asked = 0, "", None
    try:
        headers = signed_headers(message, body, now, keys)
        reply = await outbound.send("POST", url, headers=headers, content=body, within=WITHIN)
        status, asked = reply.status, _asked(reply.headers.get("Retry-After", ""))
    except (AddressRefused, Unreachable) as refused:
        error = refused.code
    return ReceiverAnswer(status, error, round((monotonic() - began) * 1000), asked)


def _asked(text: str) -> timedelta | None:
    """Return the pause that a receiver asks for, if it says it in seconds."""
    plain = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return timedelta(seconds=int(text)) if plain else None


class Webhooks:
    """The job. `now` gives the time by which it is decided what is due."""

    def __init__(
        self,
        store: Store,
        packs: PackRegistry,
        cipher: Cipher,
        outbound: Carrier,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._packs, self._cipher = store, packs, cipher
        self._outbound, self._now = outbound, now
        self._running: set[asyncio.Task[int]] = set()
        self._stopping = False
        self._tidied: datetime | None = None

    @activity.defn(name="deliver_webhooks")
    async def deliver(self) -> int:
        """Send what is due for one run window; return how much was sent."""
        self._stopping = False
        try:
            return await keep_doing(self.step)
        finally:
            self._stopping = True
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=_GRACE)
                for task in late:
                    task.cancel()
            await self.settle()

    async def step(self) -> int:
        """Number what is new, begin with subscribers that are due; return how much was done."""
        now = self._now()
        done = await number_changes(self._store, now)
        await self._tidy(now)
        for one in await delivery.claim(self._store, now, _AT_ONCE - len(self._running)):
            self._running.add(asyncio.create_task(self._serve(one), name=one.webhook.id))
        if self._running:
            ended, self._running = await asyncio.wait(
                self._running, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED
            )
            done += sum(task.result() for task in ended)
        return done

    async def settle(self) -> int:
        """Wait for what is under way; return how much was sent."""
        ended = await asyncio.gather(*self._running, return_exceptions=True)
        self._running = set()
        return sum(count for count in ended if isinstance(count, int))

    async def _tidy(self, now: datetime) -> None:
        if self._tidied is not None and now - self._tidied < _TIDIED:
            return
        self._tidied = now
        while await changes.prune(self._store, now - KEPT):
            pass
        while await delivery.forget_attempts(self._store, now - LOGGED):
            pass

    async def _serve(self, one: HookClaim) -> int:
        """Send to one subscriber, until nothing is due, it fails, or others have their turn."""
        sent, until, rest = 0, monotonic() + _SHARE, timedelta()
        try:
            while monotonic() < until and not self._stopping:
                if not await delivery.renew(self._store, one, self._now()):
                    break
                made = await delivery.make_messages(self._store, self._packs, one, self._now())
                # One that fails is tried with one message: it need not refuse sixteen each time.
                most = 1 if one.webhook.failures and not sent else LANES
                due = await delivery.due_messages(self._store, self._packs, one, self._now(), most)
                if due:
                    sent += len(due)
                    outcomes = await self._send(one, due)
                    if not await delivery.record(self._store, one, outcomes, self._now()):
                        break
                elif not made:
                    break
        except StoreError as error:
            log.warning("webhook not served", webhook=one.webhook.id, code=error.code)
        except Exception as error:
            # One subscription, or the pack of its city, must not stop all others.
            log.error("webhook broke", webhook=one.webhook.id, error=type(error).__name__)
            rest = _BROKEN
        finally:
            await self._give_back(one, rest)
        return sent

    async def _give_back(self, one: HookClaim, rest: timedelta) -> None:
        try:
            await delivery.release(self._store, one, self._now(), rest)
        except StoreError as error:
            log.warning("webhook not released", webhook=one.webhook.id, code=error.code)

    async def _send(self, one: HookClaim, due: list[DueMessage]) -> list[AttemptOutcome]:
        keys = await secrets_of(self._store, self._cipher, one.webhook.id, self._now())
        feed = await changes.feed_of(self._store)

        async def sent(message: DueMessage) -> AttemptOutcome:
            at = self._now()
            body = body_of(change_of(feed, self._cipher, message.change))
            answer = await post(self._outbound, one.webhook.url, message.change.id, body, keys, at)
            return AttemptOutcome(
                message, at, answer.milliseconds, answer.status, answer.error, answer.pause_asked
            )

        return list(await asyncio.gather(*(sent(message) for message in due)))
