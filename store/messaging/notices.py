"""Messages to be told outside: which are due, and the one decision about each."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from domain.messaging.states import JOINED, PHONE_CODE, DeliveryState, NoticeState, WayOut
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import Insert, ResultRow, Store
from store.db.locks import lock
from store.db.message_tables import delivery, notice
from store.db.satisfaction_tables import satisfaction_answer
from store.db.tables import Row
from store.messaging import choices

_NOTICE, _PERSON, _TICKET, _EVENT = notice.c, tables.person.c, tables.ticket.c, tables.event.c
_ANSWER = satisfaction_answer.c
_OPEN = (NoticeState.NEW.value, NoticeState.WAITING.value)
_COUNTS = (NoticeState.SENDING.value, NoticeState.TOLD.value, NoticeState.UNKNOWN.value)
_CONTACTS = ("contacted", "called_back", "revisited")
"""The events in which a citizen was called or visited."""
_SAME_WORDS = timedelta(days=1)


@dataclass(frozen=True)
class OutsideNotice:
    """A message to one recipient. See `NoticeTable`."""

    key: str
    number: str
    version: int
    city: str
    audience: str
    unit: str | None
    template: str
    state: NoticeState
    reason: str
    recipient: str | None
    joined: str | None
    created_at: datetime
    due_at: datetime
    told_at: datetime | None
    tries: int = 0


_FIELDS = tuple(OutsideNotice.__dataclass_fields__)
_WHOLE = select(*(_NOTICE[name] for name in _FIELDS))


@dataclass(frozen=True)
class NoticePlan:
    """The facts known of a message before it is decided.

    `channels`: those that can reach the recipient, in the city's order. `without`: why there is
    none. `opens_at`: when people may be told. `budget`: how often a day; None: without a limit.
    `contacts`: how often they were called or visited since `day_since`. `later`: when to tell what
    is over the budget.
    """

    recipient: str | None
    channels: tuple[WayOut, ...]
    without: str = ""
    signature: str | None = None
    opens_at: datetime | None = None
    budget: int | None = None
    contacts: int = 0
    day_since: datetime | None = None
    later: datetime | None = None


@dataclass
class NoticeDecision:
    """The decision about a message."""

    state: NoticeState
    reason: str = ""
    due_at: datetime | None = None
    channel: WayOut | None = None
    members: list[OutsideNotice] = field(default_factory=list)


def as_notice(row: ResultRow) -> OutsideNotice:
    values = {name: getattr(row, name) for name in _FIELDS}
    return OutsideNotice(**values | {"state": NoticeState(row.state)})


async def due(store: Store, now: datetime, limit: int) -> list[OutsideNotice]:
    """Return messages to decide about, in the order in which they came."""
    statement = (
        _WHOLE.where(_NOTICE.state.in_(_OPEN), _NOTICE.due_at <= now)
        .order_by(_NOTICE.created_at, _NOTICE.version, _NOTICE.key)
        .limit(limit)
    )
    return [as_notice(row) for row in await store.rows(statement)]


async def get(store: Store, key: str) -> OutsideNotice | None:
    """Return a message."""
    row = await store.first(_WHOLE.where(_NOTICE.key == key))
    return None if row is None else as_notice(row)


async def members(store: Store, key: str) -> list[OutsideNotice]:
    """Return the messages that are told in this one, in order."""
    statement = _WHOLE.where(_NOTICE.joined == key)
    statement = statement.order_by(_NOTICE.created_at, _NOTICE.version, _NOTICE.key)
    return [as_notice(row) for row in await store.rows(statement)]


def _insert_notice(store: Store) -> Insert:
    return store.insert(notice).on_conflict_do_nothing()


def _insert_delivery(store: Store) -> Insert:
    return store.insert(delivery).on_conflict_do_nothing()


async def add(store: Store, one: OutsideNotice) -> bool:
    """Add a message that no ticket's event has made; return whether it was new."""
    values = {name: getattr(one, name) for name in _FIELDS} | {"state": one.state.value}
    insert = store.once(_insert_notice)
    return await store.change(insert.values(**values)) == 1


async def decide(
    store: Store, one: OutsideNotice, plan: NoticePlan, now: datetime
) -> NoticeDecision | None:
    """Decide what becomes of a message, and begin its first delivery.

    None if somebody else has. Of one recipient one message is decided after the other, so that
    neither the budget nor the search for the same words misses one.
    """
    insert, made = store.once(_insert_delivery), store.once(_insert_notice)

    def work(connection: Connection) -> NoticeDecision | None:
        lock(store, connection, f"notice/{plan.recipient or one.key}")
        still = select(_NOTICE.key).where(
            _NOTICE.key == one.key, _NOTICE.state == one.state.value, _NOTICE.due_at == one.due_at
        )
        if connection.execute(still).first() is None:
            return None
        decision = _decision(connection, one, plan, now)
        told = one
        if decision.members:
            told = _joined(one, plan, now)
            connection.execute(made, [_row(told, plan, NoticeState.SENDING, now)])
            for member in decision.members:
                connection.execute(_change(member.key, state=NoticeState.JOINED, joined=told.key))
        else:
            _keep(connection, one, plan, decision, now)
        if decision.channel is not None:
            connection.execute(insert, [new_delivery(told, plan.recipient, decision.channel, now)])
        return decision

    return await store.write(work)


def _keep(
    connection: Connection,
    one: OutsideNotice,
    plan: NoticePlan,
    decision: NoticeDecision,
    now: datetime,
) -> None:
    values: Row = {"state": decision.state, "reason": decision.reason}
    values |= {"recipient": plan.recipient, "signature": plan.signature}
    if decision.due_at is not None:
        values["due_at"] = decision.due_at
    if decision.state is NoticeState.SENDING:
        values["routed_at"] = now
    connection.execute(_change(one.key, **values))


def _decision(
    connection: Connection, one: OutsideNotice, plan: NoticePlan, now: datetime
) -> NoticeDecision:
    if not plan.channels:
        kept = plan.without == "no_channel"
        return NoticeDecision(NoticeState.KEPT if kept else NoticeState.DROPPED, plan.without)
    channels = plan.channels
    if plan.recipient is not None and one.template != PHONE_CODE:
        chosen = choices.read(connection, plan.recipient, one.number)
        channels = tuple(one for one in channels if one not in chosen.without)
    if not channels:
        return NoticeDecision(NoticeState.DROPPED, "opted_out")
    if plan.opens_at is not None and plan.opens_at > now:
        return NoticeDecision(NoticeState.WAITING, one.reason or "quiet", plan.opens_at)
    if _repeated(connection, one, plan, now):
        return NoticeDecision(NoticeState.DROPPED, "repeated")
    if one.reason == "budget":
        waiting = _held_back(connection, one, plan, channels[0], now)
        joined = waiting if len(waiting) > 1 else []
        return NoticeDecision(NoticeState.SENDING, channel=channels[0], members=joined)
    if _is_spent(connection, plan):
        return NoticeDecision(NoticeState.WAITING, "budget", plan.later)
    return NoticeDecision(NoticeState.SENDING, channel=channels[0])


def _repeated(connection: Connection, one: OutsideNotice, plan: NoticePlan, now: datetime) -> bool:
    """Return whether the same words were told this recipient of another ticket, of late."""
    if plan.recipient is None or plan.signature is None:
        return False
    same = select(_NOTICE.key).where(
        _NOTICE.recipient == plan.recipient,
        _NOTICE.signature == plan.signature,
        _NOTICE.number != one.number,
        _NOTICE.routed_at >= now - _SAME_WORDS,
        _NOTICE.state.in_(_COUNTS),
    )
    return connection.execute(same.limit(1)).first() is not None


def _is_spent(connection: Connection, plan: NoticePlan) -> bool:
    if plan.budget is None or plan.recipient is None or plan.later is None:
        return False
    told = connection.execute(_told(plan.recipient, plan.day_since)).scalar_one()
    return int(told) + plan.contacts >= plan.budget


def _told(recipient: str, since: datetime | None) -> Any:
    return (
        select(func.count())
        .select_from(notice)
        .where(
            _NOTICE.recipient == recipient,
            _NOTICE.routed_at >= since,
            _NOTICE.state.in_(_COUNTS),
            _NOTICE.template != PHONE_CODE,
        )
    )


async def told_since(store: Store, recipient: str, since: datetime) -> int:
    """Count the messages to a recipient that used up the day's budget since then."""
    return int((await store.rows(_told(recipient, since)))[0][0])


def _held_back(
    connection: Connection, one: OutsideNotice, plan: NoticePlan, channel: WayOut, now: datetime
) -> list[OutsideNotice]:
    """Return what the budget has held back for this recipient until now."""
    statement = _WHOLE.where(
        _NOTICE.recipient == plan.recipient,
        _NOTICE.city == one.city,
        _NOTICE.state == NoticeState.WAITING.value,
        _NOTICE.reason == "budget",
        _NOTICE.due_at <= now,
    ).order_by(_NOTICE.created_at, _NOTICE.version, _NOTICE.key)
    held = [as_notice(row) for row in connection.execute(statement)]
    # What another ticket's choice keeps off this channel is told by itself.
    return [
        member
        for member in held
        if channel not in choices.read(connection, str(plan.recipient), member.number).without
    ]


def _joined(first: OutsideNotice, plan: NoticePlan, now: datetime) -> OutsideNotice:
    return OutsideNotice(
        key=f"{JOINED}/{delivery_id(first.key, 'joined')}",
        number="",
        version=0,
        city=first.city,
        audience=first.audience,
        unit=None,
        template=JOINED,
        state=NoticeState.SENDING,
        reason="",
        recipient=plan.recipient,
        joined=None,
        created_at=now,
        due_at=now,
        told_at=None,
    )


def _row(one: OutsideNotice, plan: NoticePlan, state: NoticeState, now: datetime) -> Row:
    values: Row = {name: getattr(one, name) for name in _FIELDS}
    return values | {"state": state.value, "recipient": plan.recipient, "routed_at": now}


def _change(key: str, **values: Any) -> Any:
    plain = {
        name: value.value if isinstance(value, NoticeState) else value
        for name, value in values.items()
    }
    return update(notice).where(_NOTICE.key == key).values(**plain)


def delivery_id(key: str, channel: str, tries: int = 0) -> str:
    """Return the id of a message on a channel, the same however often a worker tries it.

    `tries`: somebody had it sent anew, and it is to arrive although the one before may have.
    """
    text = f"{key}\0{channel}\0{tries}" if tries else f"{key}\0{channel}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def new_delivery(one: OutsideNotice, recipient: str | None, channel: WayOut, now: datetime) -> Row:
    """Return the row of a delivery that is to begin."""
    by_itself = one.template == PHONE_CODE or recipient is None
    return {
        "id": delivery_id(one.key, channel.value, one.tries),
        "notice": one.key,
        "number": one.number,
        "city": one.city,
        "channel": channel.value,
        "state": DeliveryState.WAITING.value,
        "attempts": 0,
        "next_at": now,
        "lane": "" if by_itself else recipient,
        "place": one.created_at,
        "version": one.version,
        "outcome": "",
        "created_at": now,
    }


async def contacts(store: Store, person: str, since: datetime) -> int:
    """Count how often a citizen was called or visited, all tickets of their phone together.

    So is a call by which they are asked again how satisfied they are, once a day and ticket.
    """
    same = select(_PERSON.phone_hash).where(_PERSON.id == person).scalar_subquery()
    persons = select(_PERSON.id).where((_PERSON.id == person) | (_PERSON.phone_hash == same))
    statement = (
        select(func.count())
        .select_from(tables.event.join(tables.ticket, _TICKET.number == _EVENT.number))
        .where(_TICKET.person.in_(persons), _EVENT.at >= since, _EVENT.kind.in_(_CONTACTS))
    )
    again = (
        select(func.count())
        .select_from(satisfaction_answer.join(tables.ticket, _TICKET.number == _ANSWER.number))
        .where(_TICKET.person.in_(persons), _ANSWER.at >= since)
    )
    return int((await store.rows(statement))[0][0]) + int((await store.rows(again))[0][0])


# --- looking, and having them sent anew -----------------------------------------------------------


@dataclass(frozen=True)
class NoticePage:
    """Some messages, the newest first."""

    items: list[OutsideNotice]
    next_cursor: str | None


_AGAIN = (NoticeState.FAILED.value, NoticeState.UNKNOWN.value)


async def page(
    store: Store, city: str, state: NoticeState | None, cursor: str | None, limit: int
) -> NoticePage:
    """Return messages of a city, the newest first.

    Raises:
        BadCursor
    """
    statement = _WHOLE.where(_NOTICE.city == city)
    if state is not None:
        statement = statement.where(_NOTICE.state == state.value)
    if cursor is not None:
        at, key = key_of(cursor, str, str)
        since = moment(at)
        older = and_(_NOTICE.created_at == since, _NOTICE.key < str(key))
        statement = statement.where(or_(_NOTICE.created_at < since, older))
    statement = statement.order_by(_NOTICE.created_at.desc(), _NOTICE.key.desc())
    found = [as_notice(row) for row in await store.rows(statement.limit(limit + 1))]
    more = len(found) > limit
    last = found[limit - 1] if more else None
    following = cursor_of(last.created_at.isoformat(), last.key) if last is not None else None
    return NoticePage(found[:limit], following)


async def again(store: Store, key: str, now: datetime) -> bool:
    """Have a message that failed, or perhaps arrived, sent anew; False if it is neither."""
    return await store.change(_anew(now).where(_NOTICE.key == key)) == 1


async def all_failed_again(store: Store, city: str, now: datetime) -> int:
    """Have the messages that failed sent anew; those that perhaps arrived stay. Return how many."""
    failed = _NOTICE.state == NoticeState.FAILED.value
    return await store.change(_anew(now).where(failed, _NOTICE.city == city))


def _anew(now: datetime) -> Any:
    return (
        update(notice)
        .where(_NOTICE.state.in_(_AGAIN), _NOTICE.template != PHONE_CODE)
        .values(
            state=NoticeState.NEW.value,
            reason="",
            due_at=now,
            tries=_NOTICE.tries + 1,
            routed_at=None,
            told_at=None,
        )
    )


# --- erasure --------------------------------------------------------------------------------------


async def forget_old(store: Store, before: datetime, limit: int) -> int:
    """Delete messages of before then that are not under way, and their deliveries."""
    open_ones = (*_OPEN, NoticeState.SENDING.value)
    old = (
        select(_NOTICE.key)
        .where(_NOTICE.created_at < before, _NOTICE.state.not_in(open_ones))
        .limit(limit)
    )

    def work(connection: Connection) -> int:
        keys = [key for (key,) in connection.execute(old)]
        connection.execute(delete(delivery).where(delivery.c.notice.in_(keys)))
        connection.execute(delete(notice).where(_NOTICE.key.in_(keys)))
        return len(keys)

    return await store.write(work)
