"""Hand-overs: whatever changes one locks its row, and writes its letters in the same transaction.

So a letter is never sent of what did not happen, and nothing happens of which no letter is sent.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from domain.handover.checks import check_content
from domain.handover.envelopes import CitizenNote, HandoverEnvelope, Offer
from domain.handover.handover import (
    LIVE,
    OTHER_SIDE,
    Handover,
    HandoverKey,
    HandoverSide,
    HandoverState,
    HandoverWords,
)
from domain.handover.steps import HandoverStep, Unexpected, received
from domain.refusals import Refused
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.handover_tables import handover, letter, note
from store.db.tables import Row
from store.secrets.encryption import Cipher

_H, _L, _NOTE, _TICKET = handover.c, letter.c, note.c, tables.ticket.c

Change = Callable[[Handover, HandoverWords, datetime], HandoverStep | None]
"""A step on the record as it is at the moment of the write; None: nothing is to be done."""


class RecordedHandover(NamedTuple):
    """A hand-over with what was said in it; `words` is None once its ticket is erased."""

    handover: Handover
    words: HandoverWords | None


MOST_UNDECIDED = 2_000
"""The offers of one neighbour that may wait for our answer: more are not taken for now."""


class OutOfOrder(Exception):
    """A letter before which others are missing: it is to come again after them."""


# --- changing -------------------------------------------------------------------------------------


async def offer(
    store: Store, cipher: Cipher, new: Handover, words: HandoverWords, content: Offer, most: int
) -> Handover:
    """Record an offer, with its letter. The same id again is the same offer.

    Raises:
        Refused: handed_over_already: it waits for an answer, or is given away;
            handover_cap: it was offered as often as it may be.
    """

    def work(connection: Connection) -> Handover:
        same = connection.execute(_one(new.key)).first()
        if same is not None:
            return _handover(same)
        rows = connection.execute(
            select(_H.state).where(_H.number == new.number, _H.side == HandoverSide.OUT.value)
        ).all()
        if any(row.state in LIVE for row in rows):
            raise _already()
        if len(rows) >= most:
            raise Refused("handover_cap", "The ticket was offered as often as it may be.")
        try:
            with connection.begin_nested():
                connection.execute(insert(handover), _NEW | _row(cipher, new, words))
        except IntegrityError:
            raise _already() from None
        return _send(connection, cipher, HandoverStep(new, words, [content]), new.offered_at)

    return await store.write(work)


def _already() -> Refused:
    return Refused("handed_over_already", "The ticket waits for another city, or is there.")


async def change(
    store: Store,
    cipher: Cipher,
    key: HandoverKey,
    by: Change,
    clock: Clock = written_at,
    *,
    once: Callable[[Connection], bool] = lambda _: True,
) -> Handover | None:
    """Take a step; return the record after it, or None if there is no such hand-over.

    `once`: a write of the same transaction that says whether the step was not taken before.

    Raises:
        Refused: by the step.
    """

    def work(connection: Connection) -> Handover | None:
        row = connection.execute(_one(key).with_for_update()).first()
        if row is None:
            return None
        now, before = clock(connection), _handover(row)
        if not once(connection):
            return before
        step = by(before, opened(cipher, row) or HandoverWords(), now)
        if step is None:
            return before
        return _send(connection, cipher, step, now, erased=row.words is None)

    return await store.write(work)


async def receive(
    store: Store,
    cipher: Cipher,
    neighbour: str,
    city: str,
    envelope: HandoverEnvelope,
    clock: Clock = written_at,
) -> bool:
    """Apply a letter of a neighbour, once; return whether it was new.

    Raises:
        OutOfOrder, Unexpected: nothing was changed.
    """
    key = HandoverKey(neighbour, OTHER_SIDE[envelope.side], envelope.handover)
    content = envelope.content

    def work(connection: Connection) -> bool:
        now = clock(connection)
        check_content(content, now)
        if isinstance(content, Offer):
            return _offered(connection, store, cipher, key, city, envelope.seq, content, now)
        row = connection.execute(_one(key).with_for_update()).first()
        if row is None:
            raise OutOfOrder
        before = _handover(row)
        if envelope.seq <= before.got:
            return False
        if envelope.seq > before.got + 1:
            raise OutOfOrder
        step = received(before, opened(cipher, row) or HandoverWords(), content, clock(connection))
        after = step.handover.model_copy(update={"got": envelope.seq})
        _save(connection, cipher, after, step.words, erased=row.words is None)
        if step.note is not None:
            owner = _owner(key, f"note/{envelope.seq}")
            connection.execute(
                insert(note),
                {
                    "neighbour": neighbour,
                    "handover": envelope.handover,
                    "seq": envelope.seq,
                    "sealed": cipher.encrypt(owner, step.note.model_dump_json()),
                    "got_at": now,
                    "next_at": now,
                },
            )
        return True

    return await store.write(work)


def _offered(
    connection: Connection,
    store: Store,
    cipher: Cipher,
    key: HandoverKey,
    city: str,
    seq: int,
    content: Offer,
    now: datetime,
) -> bool:
    if seq != 1 or key.side is not HandoverSide.IN:
        raise Unexpected(content.kind)
    new = Handover(
        neighbour=key.neighbour,
        side=HandoverSide.IN,
        id=key.id,
        city=city,
        other_number=content.number,
        kind=content.of,
        filed_at=content.filed_at,
        promised_until=content.promised_until,
        offered_at=content.offered_at,
        due_at=content.due_at,
        hops=content.hops,
        contact=content.contact,
        got=1,
    )
    waiting = connection.execute(
        select(func.count())
        .select_from(handover)
        .where(
            _H.neighbour == key.neighbour,
            _H.side == HandoverSide.IN.value,
            _H.state == HandoverState.OFFERED.value,
        )
    ).scalar_one()
    if waiting >= MOST_UNDECIDED and connection.execute(_one(key)).first() is None:
        raise OutOfOrder
    enter = store.insert(handover).on_conflict_do_nothing()
    return connection.execute(enter, _NEW | _row(cipher, new, content.words)).rowcount == 1


def _send(
    connection: Connection,
    cipher: Cipher,
    step: HandoverStep,
    now: datetime,
    *,
    erased: bool = False,
) -> Handover:
    """Save the record with its letters, each with the next number."""
    after, sent = step.handover, step.handover.sent
    for content in step.letters:
        sent += 1
        envelope = HandoverEnvelope(handover=after.id, side=after.side, seq=sent, content=content)
        connection.execute(
            insert(letter),
            {
                "neighbour": after.neighbour,
                "side": after.side.value,
                "handover": after.id,
                "seq": sent,
                "kind": content.kind,
                "mark": content.id or None if isinstance(content, CitizenNote) else None,
                "sealed": cipher.encrypt(
                    _owner(after.key, f"letter/{sent}"), envelope.model_dump_json()
                ),
                "made_at": now,
                "next_at": now,
                "attempts": 0,
            },
        )
    after = after.model_copy(update={"sent": sent})
    _save(connection, cipher, after, step.words, erased=erased)
    return after


def _save(
    connection: Connection, cipher: Cipher, of: Handover, words: HandoverWords, *, erased: bool
) -> None:
    values = _row(cipher, of, words)
    if of.side is HandoverSide.OUT and of.status is not None:
        values["heard"] = of.status.version
    if erased:
        values["words"] = None
    connection.execute(update(handover).where(*where_key(of.key)).values(values))


def is_unsaid(connection: Connection, mark: str) -> bool:
    """Return whether no letter has this mark yet."""
    return connection.execute(select(_L.seq).where(_L.mark == mark)).first() is None


# --- reading --------------------------------------------------------------------------------------


async def get(store: Store, cipher: Cipher, key: HandoverKey) -> RecordedHandover | None:
    """Return one hand-over."""
    row = await store.first(_one(key))
    return None if row is None else _told(cipher, row)


async def of_ticket(store: Store, cipher: Cipher, number: str) -> list[RecordedHandover]:
    """Return the hand-overs of a ticket, the first one first: from where it came, then to where."""
    rows = await store.rows(select(handover).where(_H.number == number))
    found = [_told(cipher, row) for row in rows]
    return sorted(found, key=lambda one: (one.handover.side is HandoverSide.OUT, _when(one)))


def _when(one: RecordedHandover) -> datetime:
    return one.handover.offered_at


async def listed(
    store: Store,
    cipher: Cipher,
    side: HandoverSide,
    states: Collection[HandoverState],
    city: str | None = None,
    limit: int = 200,
) -> list[RecordedHandover]:
    """Return the hand-overs of a side in these states, those that are due first coming first."""
    which = (
        select(handover)
        .where(_H.side == side.value, _H.state.in_([state.value for state in states]))
        .order_by(_H.due_at, _H.id)
        .limit(limit)
    )
    rows = await store.rows(which if city is None else which.where(_H.city == city))
    return [_told(cipher, row) for row in rows]


async def passed_on_often(
    store: Store, cipher: Cipher, hops: int, city: str | None, limit: int = 100
) -> list[RecordedHandover]:
    """Return the hand-overs of matters that were handed on at least so often, the latest first."""
    which = select(handover).where(_H.hops >= hops).order_by(_H.due_at.desc(), _H.id).limit(limit)
    rows = await store.rows(which if city is None else which.where(_H.city == city))
    return [_told(cipher, row) for row in rows]


async def first_of(store: Store, neighbour: str, other_number: str) -> str | None:
    """Return our ticket that went to this neighbour, and became that number there."""
    row = await store.first(
        select(_H.number).where(
            _H.neighbour == neighbour,
            _H.side == "out",
            _H.state == HandoverState.TAKEN.value,
            _H.other_number == other_number,
        )
    )
    return None if row is None else row.number


async def counted(store: Store) -> dict[tuple[str, str, str], int]:
    """Count the hand-overs by neighbour, side and state."""
    rows = await store.rows(
        select(_H.neighbour, _H.side, _H.state, func.count()).group_by(
            _H.neighbour, _H.side, _H.state
        )
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


# --- erasing --------------------------------------------------------------------------------------


def forget(connection: Connection, number: str) -> None:
    """Delete what was said in the hand-overs of a ticket; that it was handed over stays.

    A letter that is still to be delivered goes without its words (`domain.handover.blanks`).
    """
    rows = connection.execute(select(_H.neighbour, _H.side, _H.id).where(_H.number == number)).all()
    for row in rows:
        connection.execute(
            update(letter)
            .where(_L.neighbour == row[0], _L.side == row[1], _L.handover == row[2])
            .values(sealed=None)
        )
        connection.execute(delete(note).where(_NOTE.neighbour == row[0], _NOTE.handover == row[2]))
    connection.execute(update(handover).where(_H.number == number).values(words=None))


# --- rows -----------------------------------------------------------------------------------------

_NEW = {"told": 0, "relayed": 0, "heard": 0}


def where_key(key: HandoverKey) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of one record."""
    return _H.neighbour == key.neighbour, _H.side == key.side.value, _H.id == key.id


def _one(key: HandoverKey) -> Select[*tuple[object, ...]]:
    return select(handover).where(*where_key(key))


def _owner(key: HandoverKey, what: str) -> str:
    return f"handover/{key.neighbour}/{key.side.value}/{key.id}/{what}"


def _row(cipher: Cipher, of: Handover, words: HandoverWords) -> Row:
    return {
        "neighbour": of.neighbour,
        "side": of.side.value,
        "id": of.id,
        "city": of.city,
        "number": of.number,
        "other_number": of.other_number,
        "state": of.state.value,
        "hops": of.hops,
        "due_at": of.due_at,
        "record": of.model_dump_json(),
        "words": cipher.encrypt(_owner(of.key, "words"), words.model_dump_json()),
    }


def _handover(row: ResultRow) -> Handover:
    return Handover.model_validate_json(row.record)


def opened(cipher: Cipher, row: ResultRow) -> HandoverWords | None:
    """Return what was said; None once it is erased."""
    if row.words is None:
        return None
    key = HandoverKey(row.neighbour, HandoverSide(row.side), row.id)
    return HandoverWords.model_validate_json(cipher.decrypt(_owner(key, "words"), row.words))


def _told(cipher: Cipher, row: ResultRow) -> RecordedHandover:
    return RecordedHandover(_handover(row), opened(cipher, row))
