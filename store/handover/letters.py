"""Letters to neighbours: delivered at least once, of each hand-over in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from domain.handover.envelopes import CitizenNote
from domain.handover.handover import HandoverKey, HandoverSide
from store.db.engine import Store
from store.db.errors import BadKey
from store.db.handover_tables import letter, neighbour, note
from store.secrets.encryption import Cipher

_L, _NOTE, _N = letter.c, note.c, neighbour.c

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
"""The pause after a failed attempt, doubled each time up to the longest."""

_ERROR_LENGTH = 60


@dataclass(frozen=True)
class HandoverLetter:
    """A letter to be sent. `body`: its envelope as JSON; None if it cannot be decrypted.

    `erased`: the ticket was erased, and the words of the letter with it.
    """

    key: HandoverKey
    seq: int
    kind: str
    body: str | None
    attempts: int
    mark: str | None
    made_at: datetime
    erased: bool


@dataclass(frozen=True)
class WaitingNote:
    """A note of a citizen at the other city, to be passed on to our ticket.

    `note`: None if it cannot be decrypted.
    """

    neighbour: str
    handover: str
    seq: int
    note: CitizenNote | None


@dataclass(frozen=True)
class WaitingFor:
    """The letters that wait for a neighbour. `since`: of the oldest. `error`: of the last one."""

    neighbour: str
    letters: int
    since: datetime
    attempts: int
    error: str | None


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after this number of failed attempts."""
    doubled: timedelta = FIRST_PAUSE * (1 << min(attempts, 12))
    return min(doubled, LONGEST_PAUSE)


async def due(store: Store, cipher: Cipher, now: datetime, limit: int) -> list[HandoverLetter]:
    """Return letters to send now: of each hand-over only the first that is not delivered.

    Letters to neighbours that ended wait for ever, and are shown to operators.
    """
    earlier = letter.alias()
    before = exists().where(
        earlier.c.neighbour == _L.neighbour,
        earlier.c.side == _L.side,
        earlier.c.handover == _L.handover,
        earlier.c.seq < _L.seq,
        earlier.c.delivered_at.is_(None),
    )
    ended = exists().where(_N.code == _L.neighbour, _N.ended_at.is_not(None))
    which = (
        select(letter)
        .where(_L.delivered_at.is_(None), _L.next_at <= now, ~before, ~ended)
        .order_by(_L.next_at, _L.made_at)
        .limit(limit)
    )
    found = []
    for row in await store.rows(which):
        key = HandoverKey(row.neighbour, HandoverSide(row.side), row.handover)
        erased = row.sealed is None
        body = None if erased else _opened(cipher, key, f"letter/{row.seq}", row.sealed)
        found.append(
            HandoverLetter(
                key, row.seq, row.kind, body, row.attempts, row.mark, row.made_at, erased
            )
        )
    return found


async def delivered(store: Store, of: HandoverLetter, now: datetime) -> None:
    """Record that the neighbour has it; its content is not kept."""
    await store.change(
        update(letter)
        .where(*_which(of), _L.delivered_at.is_(None))
        .values(delivered_at=now, sealed=None, error=None)
    )


async def failed(store: Store, of: HandoverLetter, error: str, now: datetime) -> None:
    """Record an attempt without a receipt. `error`: a code, never words of the other side."""
    await store.change(
        update(letter)
        .where(*_which(of), _L.delivered_at.is_(None))
        .values(
            attempts=_L.attempts + 1,
            error=error[:_ERROR_LENGTH],
            next_at=now + pause_after(of.attempts),
        )
    )


async def rest(store: Store, code: str, until: datetime) -> None:
    """Let nothing be tried before `until` for a neighbour that cannot be reached.

    Else what waits for it would stand in front of what is for others.
    """
    await store.change(
        update(letter)
        .where(_L.neighbour == code, _L.delivered_at.is_(None), _L.next_at < until)
        .values(next_at=until)
    )


async def hurry(store: Store, code: str, now: datetime) -> int:
    """Let all that waits for a neighbour be tried now; return how many letters."""
    return await store.change(
        update(letter)
        .where(_L.neighbour == code, _L.delivered_at.is_(None), _L.next_at > now)
        .values(next_at=now)
    )


async def waiting_count(store: Store, key: HandoverKey, kind: str) -> int:
    """Return how many letters of this kind wait to be delivered."""
    row = await store.first(
        select(func.count()).where(
            _L.neighbour == key.neighbour,
            _L.side == key.side.value,
            _L.handover == key.id,
            _L.kind == kind,
            _L.delivered_at.is_(None),
        )
    )
    return 0 if row is None else int(row[0])


async def waiting(store: Store) -> Sequence[WaitingFor]:
    """Return what waits for each neighbour."""
    rows = await store.rows(
        select(
            _L.neighbour,
            func.count().label("letters"),
            func.min(_L.made_at).label("since"),
            func.max(_L.attempts).label("attempts"),
            func.max(_L.error).label("error"),
        )
        .where(_L.delivered_at.is_(None))
        .group_by(_L.neighbour)
        .order_by(_L.neighbour)
    )
    return [WaitingFor(*row) for row in rows]


# --- notes ----------------------------------------------------------------------------------------


async def waiting_notes(
    store: Store, cipher: Cipher, now: datetime, limit: int
) -> list[WaitingNote]:
    """Return notes to pass on now: of each hand-over only the first that waits."""
    earlier = note.alias()
    before = exists().where(
        earlier.c.neighbour == _NOTE.neighbour,
        earlier.c.handover == _NOTE.handover,
        earlier.c.seq < _NOTE.seq,
        earlier.c.done_at.is_(None),
    )
    rows = await store.rows(
        select(note)
        .where(_NOTE.done_at.is_(None), _NOTE.next_at <= now, ~before)
        .order_by(_NOTE.next_at, _NOTE.got_at)
        .limit(limit)
    )
    found = []
    for row in rows:
        key = HandoverKey(row.neighbour, HandoverSide.IN, row.handover)
        said = _opened(cipher, key, f"note/{row.seq}", row.sealed)
        content = None if said is None else CitizenNote.model_validate_json(said)
        found.append(WaitingNote(row.neighbour, row.handover, row.seq, content))
    return found


async def passed_on(store: Store, of: WaitingNote, outcome: str, now: datetime) -> None:
    """Record what became of a note; its content is not kept."""
    await store.write(lambda connection: mark_passed_on(connection, of, outcome, now))


def mark_passed_on(connection: Connection, of: WaitingNote, outcome: str, now: datetime) -> bool:
    """Record what became of a note; return False if that is recorded already."""
    done = connection.execute(
        update(note)
        .where(
            _NOTE.neighbour == of.neighbour,
            _NOTE.handover == of.handover,
            _NOTE.seq == of.seq,
            _NOTE.done_at.is_(None),
        )
        .values(done_at=now, outcome=outcome[:_ERROR_LENGTH], sealed=None)
    )
    return done.rowcount == 1


async def put_off(store: Store, of: WaitingNote, until: datetime) -> None:
    """Try a note again later: the engine is away, or the ticket has not begun."""
    await store.change(
        update(note)
        .where(
            _NOTE.neighbour == of.neighbour,
            _NOTE.handover == of.handover,
            _NOTE.seq == of.seq,
        )
        .values(next_at=until)
    )


def _which(of: HandoverLetter) -> tuple[ColumnElement[bool], ...]:
    return (
        _L.neighbour == of.key.neighbour,
        _L.side == of.key.side.value,
        _L.handover == of.key.id,
        _L.seq == of.seq,
    )


def _opened(cipher: Cipher, key: HandoverKey, what: str, sealed: bytes) -> str | None:
    """Return the content; None where the key is another one: the others are not held up by it."""
    try:
        return cipher.decrypt(_owner(key, what), sealed)
    except BadKey:
        return None


def _owner(key: HandoverKey, what: str) -> str:
    return f"handover/{key.neighbour}/{key.side.value}/{key.id}/{what}"
