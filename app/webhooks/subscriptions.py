"""Subscriptions of other systems: made, tried, paused, sent again and removed by administrators."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import structlog
from pydantic import Field, StringConstraints

from activities.webhooks import post
from app.access.accounts import Line
from app.access.caller import Caller
from app.access.permission import permit
from app.access.role_scope import scope_of
from app.context import AppContext
from app.errors import Problem
from app.webhooks.changes import NOW
from domain.actors import Role
from domain.facts.transitions import FACTS
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code
from domain.webhooks.messages import body_of_test
from packs.registry import PackRegistry
from runtime.outbound import AddressRefused, Outbound, Unreachable
from store.db.engine import Store
from store.secrets.encryption import Cipher
from store.webhooks import changes, delivery, subscriptions
from store.webhooks.changes import Position
from store.webhooks.numbering import new_id, number_changes
from store.webhooks.seeing import Viewer
from store.webhooks.subscriptions import HookState, NewWebhook, Webhook, cipher_of

logger = structlog.stdlib.get_logger("jiesu.api")

KINDS = frozenset(str(fact.model_fields["kind"].default) for fact in FACTS)
"""The kinds of events."""

_LOOKING_UP = 10
"""Seconds for the name of a host."""

_SHOWN = 100
"""The attempts of a subscription that are listed."""


class WebhookIn(Incoming):
    """A subscription to make. `unit`: it sees as an officer of that; otherwise as a supervisor."""

    name: Line = Field("", description="Whose system it is; shown in lists.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="Where messages are sent: https, or what the operator allows."
    )
    unit: Code | None = None
    city: Code | None = Field(None, description="Only of this city; none: of all that are served.")
    kinds: list[Code] = Field([], max_length=100, description="Of events; empty: all.")
    after: Annotated[str, Field(max_length=500)] = Field(
        NOW, description="A cursor of `/changes`, or `now`; empty: from the oldest that is kept."
    )


class ReplayIn(Incoming):
    """From where everything is sent again. Messages keep their ids."""

    after: Annotated[str, Field(max_length=500)] = Field(
        "", description="A cursor of `/changes`; empty: from the oldest change that is kept."
    )


class WebhookOut(Recorded):
    """A subscription. `waiting`: messages that are not taken yet. `failures`: in a row, since the
    last success; the next attempt is at `next_at`. `why` says why the system disabled it."""

    id: str
    name: str
    url: str
    unit: str | None
    city: str | None
    kinds: list[str]
    state: HookState
    why: str
    state_at: Instant
    created_at: Instant
    waiting: int
    failures: int
    next_at: Instant
    old_secret_until: Instant | None


class WebhookList(Recorded):
    items: list[WebhookOut]


class IssuedWebhook(Recorded):
    """A subscription with its secret, which is shown only here."""

    id: str
    secret: str


class AttemptOut(Recorded):
    """An attempt. `status`: of the answer; 0 without one, then `error` says why."""

    change: str
    kind: str
    number: str
    n: int
    at: Instant
    milliseconds: int
    status: int
    error: str


class WebhookWithLog(WebhookOut):
    """A subscription with its attempts of the last days, the latest first."""

    attempts: list[AttemptOut]


class TestedOut(Recorded):
    """The answer to a test message."""

    taken: bool
    status: int
    error: str
    milliseconds: int


@dataclass(frozen=True)
class Subscriptions:
    """The subscriptions of an installation. `within`: only those of this city."""

    store: Store
    packs: PackRegistry
    cipher: Cipher
    outbound: Outbound
    within: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def listed(self) -> list[WebhookOut]:
        """Return them, the oldest first."""
        return [_out(one) for one in await subscriptions.listing(self.store) if self._mine(one)]

    async def add(self, body: WebhookIn, owner: str, webhook: str | None = None) -> IssuedWebhook:
        """Make one.

        Raises:
            Problem: address_refused, unknown_event_kind, not_your_city, already_issued
            UnknownCity, UnknownUnit, BadCursor, CursorTooOld, CursorForeign
        """
        role = Role.OFFICER if body.unit else Role.SUPERVISOR
        city = body.city or self.within
        who = scope_of(self.packs, role, body.unit, city, within=self.within)
        unknown = sorted(set(body.kinds) - KINDS)
        if unknown:
            raise Problem("unknown_event_kind", f"There is no such kind: {unknown[0]}.")
        await self._check(body.url)
        new = NewWebhook(
            name=body.name,
            url=body.url,
            viewer=Viewer(who.role, who.unit, who.city),
            kinds=sorted(set(body.kinds)),
            owner=owner,
            after=await self._position(body.after),
        )
        made = await subscriptions.add(self.store, self.cipher, new, self.now(), webhook)
        if made is None:
            raise Problem("already_issued")
        return IssuedWebhook(id=made[0], secret=made[1])

    async def one(self, webhook: str) -> WebhookWithLog:
        """Return one with its log.

        Raises:
            Problem: webhook_not_found
        """
        found = await self._the(webhook)
        rows = await subscriptions.attempts(self.store, webhook, _SHOWN)
        names = AttemptOut.model_fields
        log = [AttemptOut(**{name: getattr(row, name) for name in names}) for row in rows]
        return WebhookWithLog(**_out(found).model_dump(), attempts=log)

    async def rotate(self, webhook: str) -> IssuedWebhook:
        """Give it a new secret; the one before stays valid for a day."""
        await self._the(webhook)
        secret = await subscriptions.rotate(self.store, self.cipher, webhook, self.now())
        if secret is None:
            raise Problem("webhook_not_found")
        return IssuedWebhook(id=webhook, secret=secret)

    async def set_state(self, webhook: str, state: HookState, by: str | None = None) -> WebhookOut:
        """Pause it, or let it go on. `by`: who answers for what goes on, from now on."""
        await self._the(webhook)
        owner = by if state is HookState.ACTIVE else None
        await subscriptions.set_state(self.store, webhook, state, self.now(), owner=owner)
        return _out(await self._the(webhook))

    async def replay(self, webhook: str, after: str) -> WebhookOut:
        """Have everything after a cursor sent again."""
        await self._the(webhook)
        await subscriptions.replay(self.store, webhook, await self._position(after), self.now())
        return _out(await self._the(webhook))

    async def remove(self, webhook: str) -> None:
        """Delete it with its log."""
        await self._the(webhook)
        await subscriptions.remove(self.store, webhook)

    async def test(self, webhook: str) -> TestedOut:
        """Send a message that is about no ticket, now, and return the answer."""
        found, now = await self._the(webhook), self.now()
        keys = await subscriptions.secrets_of(self.store, self.cipher, webhook, now)
        message = new_id()
        body = body_of_test(message, now)
        answer = await post(self.outbound, found.url, message, body, keys, now)
        await delivery.log_test(self.store, webhook, message, now, answer.status, answer.error)
        return TestedOut(
            taken=200 <= answer.status < 300,
            status=answer.status,
            error=answer.error,
            milliseconds=answer.milliseconds,
        )

    async def _the(self, webhook: str) -> Webhook:
        found = await subscriptions.get(self.store, webhook)
        if found is None or not self._mine(found):
            raise Problem("webhook_not_found")
        return found

    def _mine(self, one: Webhook) -> bool:
        return self.within in (None, one.viewer.city)

    async def _check(self, url: str) -> None:
        try:
            async with asyncio.timeout(_LOOKING_UP):
                await self.outbound.check(url)
        except TimeoutError:
            raise Problem("address_refused", "Not reachable: unknown_host.") from None
        except AddressRefused as refused:
            raise Problem("address_refused", f"Refused: {refused.code}.") from None
        except Unreachable as unknown:
            raise Problem("address_refused", f"Not reachable: {unknown.code}.") from None

    async def _position(self, after: str) -> Position:
        if after == NOW:
            while await number_changes(self.store, self.now()):
                pass
            return await changes.end_of(self.store)
        if not after:
            return await changes.beginning_of(self.store)
        return await changes.position_of(self.store, after)


def _out(one: Webhook) -> WebhookOut:
    return WebhookOut(
        id=one.id,
        name=one.name,
        url=one.url,
        unit=one.viewer.unit,
        city=one.viewer.city,
        kinds=list(one.kinds),
        state=one.state,
        why=one.why,
        state_at=one.state_at,
        created_at=one.created_at,
        waiting=one.waiting,
        failures=one.failures,
        next_at=one.next_at,
        old_secret_until=one.before_until,
    )


def _of(context: AppContext, caller: Caller) -> Subscriptions:
    return Subscriptions(
        context.store,
        context.packs,
        cipher_of(context.vault.ring),
        Outbound.of(context.settings),
        caller.city,
        context.now,
    )


async def listed(context: AppContext, caller: Caller) -> list[WebhookOut]:
    """Return the subscriptions that this caller manages."""
    await permit(context, caller, "manage_webhooks")
    return await _of(context, caller).listed()


async def one(context: AppContext, caller: Caller, webhook: str) -> WebhookWithLog:
    """Return one with its log; Problem: webhook_not_found."""
    await permit(context, caller, "manage_webhooks")
    return await _of(context, caller).one(webhook)


async def add(
    context: AppContext, caller: Caller, body: WebhookIn, key: str | None = None
) -> IssuedWebhook:
    """Make a subscription; the same `key` a second time is refused as already_issued.

    Raises: as `Subscriptions.add`.
    """
    await permit(context, caller, "manage_webhooks")
    own = _of(context, caller)
    named = f"wh_{context.mark(f'webhook/{caller.id}/{key}')[:16]}" if key else None
    made = await own.add(body, caller.id, named)
    logger.info("webhook", what="made", webhook=made.id, by=caller.id)
    return made


async def rotate(context: AppContext, caller: Caller, webhook: str) -> IssuedWebhook:
    """Give it a new secret, and return that."""
    await permit(context, caller, "manage_webhooks")
    made = await _of(context, caller).rotate(webhook)
    logger.info("webhook", what="rotated", webhook=webhook, by=caller.id)
    return made


async def set_state(
    context: AppContext, caller: Caller, webhook: str, state: HookState
) -> WebhookOut:
    """Pause it, or let it go on."""
    await permit(context, caller, "manage_webhooks")
    changed = await _of(context, caller).set_state(webhook, state, caller.id)
    logger.info("webhook", what=state.value, webhook=webhook, by=caller.id)
    return changed


async def replay(context: AppContext, caller: Caller, webhook: str, body: ReplayIn) -> WebhookOut:
    """Have everything after a cursor sent again."""
    await permit(context, caller, "manage_webhooks")
    changed = await _of(context, caller).replay(webhook, body.after)
    logger.info("webhook", what="replayed", webhook=webhook, by=caller.id)
    return changed


async def test(context: AppContext, caller: Caller, webhook: str) -> TestedOut:
    """Send a message that is about no ticket, and return the answer."""
    await permit(context, caller, "manage_webhooks")
    return await _of(context, caller).test(webhook)


async def remove(context: AppContext, caller: Caller, webhook: str) -> None:
    """Delete it with its log."""
    await permit(context, caller, "manage_webhooks")
    await _of(context, caller).remove(webhook)
    logger.info("webhook", what="removed", webhook=webhook, by=caller.id)
