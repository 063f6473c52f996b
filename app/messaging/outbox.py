"""The outbox: each message as it would be sent, behind a mask, and what became of it."""

from collections.abc import Sequence

import structlog
from pydantic import Field

from activities.composing import Composer, Unwritable
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.tickets.redaction import redacted
from domain.messaging.states import (
    PHONE_CODE,
    DeliveryState,
    NoticeState,
    WayOut,
)
from domain.messaging.texts import of_code
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from store.db.errors import StoreError, StoreUnavailable
from store.messaging import deliveries, notices
from store.messaging.deliveries import Delivery
from store.messaging.notices import OutsideNotice
from store.secrets.masks import masked_email, masked_phone

logger = structlog.stdlib.get_logger("jiesu.api")

_MOST = 20
_HIDDEN = "••••••"
"""The text in place of a one-time code."""


class OutboxQuery(Incoming):
    """The messages asked for."""

    state: NoticeState | None = None
    cursor: str | None = Field(None, max_length=300)


class DeliveryOut(Recorded):
    """One way that a message was sent, or is."""

    channel: WayOut
    state: DeliveryState
    attempts: int
    outcome: str
    to: str = Field(description="The address, behind a mask; empty if it is not known any more.")


class NoticeOut(Recorded):
    """A message as it would be sent. `texts`: by language; empty if `fault` says why not."""

    key: str
    number: str
    template: str
    state: NoticeState
    reason: str
    created_at: Instant
    due_at: Instant
    told_at: Instant | None
    texts: dict[str, str]
    fault: str = ""
    deliveries: list[DeliveryOut]
    again: bool


class OutboxOut(Recorded):
    """Messages, the newest first. `counts`: of the city, by state."""

    items: list[NoticeOut]
    next_cursor: str | None
    counts: dict[str, int]


def composer_of(context: AppContext) -> Composer:
    """Return the composer of this installation."""
    settings = context.settings
    staff = {name: one.get_secret_value() for name, one in settings.staff_addresses.items()}
    return Composer(
        context.store, context.packs, context.vault, redacted, settings.public_url, staff
    )


async def outbox(context: AppContext, caller: Caller, pack: Pack, query: OutboxQuery) -> OutboxOut:
    """Return messages of a city. Addresses are shown behind a mask, and no code is shown."""
    await permit(context, caller, "see_installation")
    _serves(caller, pack.city.id)
    found = await notices.page(context.store, pack.city.id, query.state, query.cursor, _MOST)
    composer = composer_of(context)
    return OutboxOut(
        items=[await _shown(context, composer, pack, one) for one in found.items],
        next_cursor=found.next_cursor,
        counts=await deliveries.counts(context.store, pack.city.id),
    )


async def send_again(context: AppContext, caller: Caller, key: str) -> None:
    """Have a message sent anew that failed, or of which it is not known whether it arrived.

    Raises:
        Problem: nothing_to_send_again
    """
    await permit(context, caller, "retry_waiting")
    told = await notices.get(context.store, key)
    if told is None or not caller.serves(told.city):
        raise Problem("nothing_to_send_again")
    if not await notices.again(context.store, key, context.now()):
        raise Problem("nothing_to_send_again")
    logger.info("message sent anew", key=key, by=caller.id)


async def send_failed_again(context: AppContext, caller: Caller, city: str) -> int:
    """Have every message that failed sent anew; return how many."""
    await permit(context, caller, "retry_waiting")
    _serves(caller, city)
    count = await notices.all_failed_again(context.store, city, context.now())
    logger.info("messages sent anew", count=count, city=city, by=caller.id)
    return count


def _serves(caller: Caller, city: str) -> None:
    if not caller.serves(city):
        raise Problem("not_your_city")


async def _shown(
    context: AppContext, composer: Composer, pack: Pack, one: OutsideNotice
) -> NoticeOut:
    texts, fault = await _texts(composer, pack, one)
    sent = await deliveries.of_notice(context.store, one.key)
    return NoticeOut(
        key=one.key,
        number=one.number,
        template=one.template,
        state=one.state,
        reason=one.reason,
        created_at=one.created_at,
        due_at=one.due_at,
        told_at=one.told_at,
        texts=texts,
        fault=fault,
        deliveries=await _deliveries(composer, one, sent),
        again=one.state in (NoticeState.FAILED, NoticeState.UNKNOWN) and one.template != PHONE_CODE,
    )


async def _texts(composer: Composer, pack: Pack, one: OutsideNotice) -> tuple[dict[str, str], str]:
    if one.template == PHONE_CODE:
        return of_code(pack, _HIDDEN).texts, ""
    try:
        written = await composer.written(one)
    except StoreUnavailable:
        raise
    except Unwritable as error:
        return {}, error.code
    except StoreError as error:
        return {}, error.code
    texts = {
        language: f"{text}\n{written.link}".strip() for language, text in written.texts.items()
    }
    return texts, ""


async def _deliveries(
    composer: Composer, one: OutsideNotice, sent: Sequence[Delivery]
) -> list[DeliveryOut]:
    return [
        DeliveryOut(
            channel=way.channel,
            state=way.state,
            attempts=way.attempts,
            outcome=way.outcome,
            to=await _masked(composer, one, way.channel),
        )
        for way in sent
    ]


async def _masked(composer: Composer, one: OutsideNotice, channel: WayOut) -> str:
    try:
        to = await composer.address(one, channel)
    except StoreUnavailable:
        raise
    except StoreError:
        return ""
    if to is None:
        return ""
    if channel is WayOut.EMAIL:
        return masked_email(to)
    return masked_phone(to) if channel is WayOut.SMS else ""  # a chat's address is a secret
