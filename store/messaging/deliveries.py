"""Deliveries: taken up by one worker at a time, and begun. How they end: `store.messaging.endings`.

A delivery is *claimed* before anything happens, and *sending* from the moment at which it can no
longer be called back. Of a worker that dies the claimed ones are taken up again by another; what
became of those sending is asked, or stays unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, update

from domain.messaging.states import (
    LEASE,
    DeliveryState,
    WayOut,
)
from store.db.engine import ResultRow, Store
from store.db.message_tables import channel as channels
from store.db.message_tables import delivery, notice

_D, _N, _C = delivery.c, notice.c, channels.c
OPEN = tuple(
    state.value for state in (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENDING)
)


@dataclass(frozen=True)
class Delivery:
    """One message on one channel, as a worker has taken it up."""

    id: str
    notice: str
    number: str
    city: str
    channel: WayOut
    state: DeliveryState
    attempts: int
    claim: str | None
    created_at: datetime
    vendor_id: str | None = None
    outcome: str = ""


FIELDS = tuple(Delivery.__dataclass_fields__)
WHOLE = select(*(_D[name] for name in FIELDS))


def as_delivery(row: ResultRow) -> Delivery:
    values = dict(row._mapping)
    return Delivery(
        **values | {"channel": WayOut(values["channel"]), "state": DeliveryState(values["state"])}
    )


async def claim(
    store: Store, usable: Sequence[WayOut], who: str, limit: int, now: datetime
) -> list[Delivery]:
    """Take up deliveries that are due, of each recipient only the first.

    Of a channel that could not be reached only one is tried when its pause is over.
    """

    def work(connection: Connection) -> list[Delivery]:
        claimed: list[Delivery] = []
        for channel, most in _allowed(connection, usable, limit, now):
            rows = connection.execute(_due(channel, most, now)).all()
            for row in rows:
                connection.execute(
                    update(delivery)
                    .where(_D.id == row.id)
                    .values(
                        state=DeliveryState.CLAIMED.value,
                        claim=who,
                        claimed_at=now,
                        attempts=_D.attempts + 1,
                    )
                )
                one = as_delivery(row)
                claimed.append(
                    Delivery(
                        **{name: getattr(one, name) for name in FIELDS}
                        | {
                            "state": DeliveryState.CLAIMED,
                            "claim": who,
                            "attempts": one.attempts + 1,
                        }
                    )
                )
        return claimed

    return await store.write(work)


def _allowed(
    connection: Connection, usable: Sequence[WayOut], limit: int, now: datetime
) -> list[tuple[WayOut, int]]:
    known = {row.channel: row for row in connection.execute(select(channels))}
    allowed = []
    for channel in usable:
        row = known.get(channel.value)
        if row is None or row.failures == 0:
            allowed.append((channel, limit))
        elif row.paused_until is None or row.paused_until <= now:
            allowed.append((channel, 1))
    return allowed


def _due(channel: WayOut, limit: int, now: datetime) -> Select[Any]:
    before = delivery.alias("before")
    first = and_(
        before.c.lane == _D.lane,
        before.c.id != _D.id,
        before.c.state.in_(OPEN),
        or_(
            before.c.place < _D.place,
            and_(before.c.place == _D.place, before.c.version < _D.version),
            and_(
                before.c.place == _D.place,
                before.c.version == _D.version,
                before.c.id < _D.id,
            ),
        ),
    )
    return (
        WHOLE.where(
            _D.state == DeliveryState.WAITING.value,
            _D.channel == channel.value,
            _D.next_at <= now,
            or_(_D.lane == "", ~exists().where(first)),
        )
        .order_by(_D.next_at, _D.place, _D.version, _D.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=delivery)
    )


async def begin(store: Store, one: Delivery, now: datetime) -> bool:
    """Record that it leaves now; False if another worker has taken it up, or it was stopped."""
    statement = (
        update(delivery)
        .where(_D.id == one.id, _D.claim == one.claim, _D.state == DeliveryState.CLAIMED.value)
        .values(state=DeliveryState.SENDING.value, claimed_at=now)
    )
    return await store.change(statement) == 1


async def orphans(store: Store, who: str, now: datetime) -> list[Delivery]:
    """Return what workers that are gone had begun, now held by `who`; put back what they had not.

    A delivery that was only claimed has not left: it is due again.
    """

    def work(connection: Connection) -> list[Delivery]:
        late = _D.claimed_at < now - LEASE
        connection.execute(
            update(delivery)
            .where(_D.state == DeliveryState.CLAIMED.value, late)
            .values(state=DeliveryState.WAITING.value, claim=None, claimed_at=None, next_at=now)
        )
        statement = WHOLE.where(_D.state == DeliveryState.SENDING.value, late)
        rows = connection.execute(
            statement.order_by(_D.place, _D.id).limit(50).with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            connection.execute(
                update(delivery).where(_D.id == row.id).values(claim=who, claimed_at=now)
            )
        return [Delivery(**{**as_delivery(row).__dict__, "claim": who}) for row in rows]

    return await store.write(work)


async def get(store: Store, delivery_id: str) -> Delivery | None:
    """Return a delivery."""
    row = await store.first(WHOLE.where(_D.id == delivery_id))
    return None if row is None else as_delivery(row)


async def of_notice(store: Store, key: str) -> list[Delivery]:
    """Return the deliveries of a message, the first begun first."""
    rows = await store.rows(WHOLE.where(_D.notice == key).order_by(_D.created_at, _D.id))
    return [as_delivery(row) for row in rows]


async def counts(store: Store, city: str | None = None) -> dict[str, int]:
    """Count the messages by their state, of one city or of all."""
    statement = select(_N.state, func.count()).group_by(_N.state)
    if city is not None:
        statement = statement.where(_N.city == city)
    return {row[0]: int(row[1]) for row in await store.rows(statement)}


@dataclass(frozen=True)
class ChannelHealth:
    """The health of a channel."""

    channel: WayOut
    failures: int
    paused_until: datetime | None
    error: str


async def health(store: Store) -> list[ChannelHealth]:
    """Return the channels that could not be reached when last tried."""
    rows = await store.rows(select(channels).where(_C.failures > 0).order_by(_C.channel))
    return [
        ChannelHealth(WayOut(row.channel), row.failures, row.paused_until, row.error)
        for row in rows
    ]


async def put_back(store: Store, one: Delivery, now: datetime) -> None:
    """Let go of a delivery that was taken up, and of which nothing has left."""
    statement = (
        update(delivery)
        .where(_D.id == one.id, _D.claim == one.claim, _D.state == DeliveryState.CLAIMED.value)
        .values(
            state=DeliveryState.WAITING.value,
            claim=None,
            claimed_at=None,
            next_at=now,
            attempts=_D.attempts - 1,
        )
    )
    await store.change(statement)
