"""The ends of deliveries: each is recorded once, and its message follows it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from domain.messaging.states import (
    GIVEN_UP,
    DeliveryState,
    NoticeState,
    SendingOutcome,
    SendingResult,
    WayOut,
    next_attempt,
    pause_of_channel,
)
from store.db.engine import Insert, Store
from store.db.message_tables import channel as channels
from store.db.message_tables import delivery, notice
from store.db.tables import Row
from store.messaging import choices
from store.messaging.deliveries import OPEN, WHOLE, Delivery, as_delivery
from store.messaging.notices import as_notice, delivery_id, new_delivery

_D, _N, _C = delivery.c, notice.c, channels.c

_MAY_HAVE_LEFT = (
    *OPEN,
    DeliveryState.ACCEPTED.value,
    DeliveryState.UNKNOWN.value,
)


async def settle(
    store: Store,
    one: Delivery,
    outcome: SendingOutcome,
    others: Sequence[WayOut],
    now: datetime,
) -> bool:
    """Record what an attempt came to, once; False if that was recorded before.

    `others`: the channels that are tried next if this one has failed for good.
    """
    insert, paused = store.once(_insert_delivery), store.once(_insert_channel)

    def work(connection: Connection) -> bool:
        held = (DeliveryState.CLAIMED.value, DeliveryState.SENDING.value)
        values = _after(one, outcome, now)
        which = update(delivery).where(_D.id == one.id, _D.claim == one.claim, _D.state.in_(held))
        if connection.execute(which.values(**values)).rowcount != 1:
            return False
        _channel_did(connection, paused, one.channel, outcome, now)
        _follow(connection, insert, one, DeliveryState(values["state"]), others, now)
        return True

    return await store.write(work)


def _after(one: Delivery, outcome: SendingOutcome, now: datetime) -> Row:
    """Return the delivery's new values."""
    values: Row = {"claim": None, "claimed_at": None, "outcome": outcome.code[:60]}
    match outcome.result:
        case SendingResult.DELIVERED:
            state = DeliveryState.DELIVERED
        case SendingResult.ACCEPTED:
            state = DeliveryState.ACCEPTED
        case SendingResult.UNKNOWN:
            state = DeliveryState.UNKNOWN
        case SendingResult.REFUSED:
            state = DeliveryState.FAILED
        case SendingResult.AWAY if now - one.created_at > GIVEN_UP:
            state = DeliveryState.FAILED
        case SendingResult.AWAY:
            # The channel's pause counts, and not how often this one was at its turn.
            return values | {
                "state": DeliveryState.WAITING.value,
                "attempts": one.attempts - 1,
                "next_at": now,
            }
        case SendingResult.LATER:
            if now - one.created_at > GIVEN_UP:
                state = DeliveryState.FAILED
            else:
                return values | {
                    "state": DeliveryState.WAITING.value,
                    "next_at": now + next_attempt(one.attempts),
                }
    values["state"] = state.value
    if outcome.vendor_id is not None:
        values["vendor_id"] = outcome.vendor_id[:100]
    # When it was accepted is when to begin waiting for the receipt.
    return values | {"ended_at": now}


def _insert_delivery(store: Store) -> Insert:
    return store.insert(delivery).on_conflict_do_nothing()


def _insert_channel(store: Store) -> Insert:
    return store.insert(channels)


def _channel_did(
    connection: Connection, insert: Insert, channel: WayOut, outcome: SendingOutcome, now: datetime
) -> None:
    row = connection.execute(select(_C.failures).where(_C.channel == channel.value)).first()
    before = 0 if row is None else int(row.failures)
    if outcome.result is SendingResult.AWAY:
        values: Row = {
            "failures": before + 1,
            "paused_until": now + pause_of_channel(before + 1),
            "error": outcome.code[:60],
        }
    elif before or row is None:
        values = {"failures": 0, "paused_until": None, "error": ""}
    else:
        return
    connection.execute(
        insert.values(channel=channel.value, **values).on_conflict_do_update(
            index_elements=["channel"], set_=values
        )
    )


_FOLLOWS = (NoticeState.SENDING.value, NoticeState.TOLD.value, NoticeState.UNKNOWN.value)
_TELLS = {
    DeliveryState.ACCEPTED: NoticeState.TOLD,
    DeliveryState.DELIVERED: NoticeState.TOLD,
    DeliveryState.UNKNOWN: NoticeState.UNKNOWN,
}


def _follow(
    connection: Connection,
    insert: Insert,
    one: Delivery,
    state: DeliveryState,
    others: Sequence[WayOut],
    now: datetime,
) -> None:
    """Let the message follow its delivery: told, or tried on the next channel, or failed."""
    if state is DeliveryState.WAITING:
        return
    row = connection.execute(select(notice).where(_N.key == one.notice)).first()
    if row is None or row.state not in _FOLLOWS:
        return
    change = update(notice).where(_N.key == one.notice)
    if state in _TELLS:
        told_at = row.told_at or now
        connection.execute(change.values(state=_TELLS[state].value, reason="", told_at=told_at))
        return
    told = as_notice(row)
    ids = {delivery_id(told.key, channel.value, told.tries): channel for channel in others}
    known = connection.execute(select(_D.id).where(_D.id.in_(ids)))
    tried = {ids[known_id] for (known_id,) in known}
    without = (
        choices.read(connection, row.recipient, row.number).without
        if row.recipient
        else frozenset()
    )
    left = [c for c in others if c not in tried and c not in without]
    if state is DeliveryState.FAILED and left:
        connection.execute(insert, [new_delivery(told, row.recipient, left[0], now)])
        connection.execute(change.values(state=NoticeState.SENDING.value, told_at=None))
        return
    ended = NoticeState.FAILED if state is DeliveryState.FAILED else NoticeState.DROPPED
    connection.execute(change.values(state=ended.value, reason="no_way_left", told_at=None))


async def drop(store: Store, one: Delivery, why: str, now: datetime) -> bool:
    """End a delivery that is not to be sent any more, and its message."""

    def work(connection: Connection) -> bool:
        which = update(delivery).where(
            _D.id == one.id, _D.claim == one.claim, _D.state == DeliveryState.CLAIMED.value
        )
        values = {"state": DeliveryState.DROPPED.value, "outcome": why, "ended_at": now}
        if connection.execute(which.values(claim=None, **values)).rowcount != 1:
            return False
        connection.execute(
            update(notice)
            .where(_N.key == one.notice, _N.state == NoticeState.SENDING.value)
            .values(state=NoticeState.DROPPED.value, reason=why)
        )
        return True

    return await store.write(work)


async def without_receipt(store: Store, since: timedelta, now: datetime) -> list[Delivery]:
    """Return deliveries that a vendor accepted so long ago, and said nothing more of."""
    statement = WHOLE.where(_D.state == DeliveryState.ACCEPTED.value, _D.ended_at < now - since)
    rows = await store.rows(statement.order_by(_D.ended_at).limit(50))
    return [as_delivery(row) for row in rows]


async def receipt(
    store: Store,
    delivery_id: str,
    outcome: SendingOutcome,
    others: Sequence[WayOut],
    now: datetime,
    *,
    until: timedelta | None = None,
) -> bool:
    """Record what became of an accepted delivery, the first time; False: nothing to record.

    `until`: only if it has waited for so long.
    """
    insert = store.once(_insert_delivery)
    state = (
        DeliveryState.DELIVERED
        if outcome.result is SendingResult.DELIVERED
        else DeliveryState.FAILED
    )

    def work(connection: Connection) -> bool:
        # A receipt may come before the answer of the request, and after one that got no answer.
        which = [_D.id == delivery_id, _D.state.in_(_MAY_HAVE_LEFT)]
        if until is not None:
            which = [
                _D.id == delivery_id,
                _D.state == DeliveryState.ACCEPTED.value,
                _D.ended_at < now - until,
            ]
        row = connection.execute(WHOLE.where(*which)).first()
        if row is None:
            return False
        values: Row = {"state": state.value, "outcome": outcome.code[:60], "ended_at": now}
        values |= {"claim": None, "claimed_at": None}
        changed = connection.execute(update(delivery).where(*which).values(**values))
        if changed.rowcount != 1:
            return False
        _follow(connection, insert, as_delivery(row), state, others, now)
        return True

    return await store.write(work)
