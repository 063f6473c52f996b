"""Reading changes in their order, and the cursors of that."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from domain.events import Event
from store.db import tables, webhook_tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.db.engine import ResultRow, Store
from store.db.errors import BadCursor, BadKey
from store.secrets.encryption import Cipher
from store.tickets.tickets import FACTS
from store.webhooks.errors import CursorForeign, CursorTooOld

_CHANGE, _EVENT, _FEED = webhook_tables.change.c, tables.event.c, webhook_tables.change_feed.c
_STATE = select(webhook_tables.change_feed)
_AT = select(_CHANGE.id).where(_CHANGE.seq == bindparam("seq"))
_ID_LENGTH, _LONGEST_NUMBER = 28, 19
_PRUNED_AT_ONCE = 1000
_SEALED, _OWNER = "c2.", "cursor of changes"

_AFTER = (
    select(
        *webhook_tables.change.c,
        _EVENT.actor.label("actor"),
        _EVENT.fact.label("fact"),
    )
    .select_from(
        webhook_tables.change.outerjoin(
            tables.event,
            (_EVENT.number == _CHANGE.number) & (_EVENT.version == _CHANGE.version),
        )
    )
    .where(_CHANGE.seq > bindparam("after"))
    .order_by(_CHANGE.seq)
)


@dataclass(frozen=True)
class Position:
    """A position in the feed: after the change with this number and id."""

    seq: int
    id: str


BEGINNING = Position(0, "")


@dataclass(frozen=True)
class Feed:
    """The state of the feed: its identity, the last number given, the last one deleted."""

    feed: str
    last: int
    pruned: int

    def cursor(self, cipher: Cipher, position: Position) -> str:
        """Return a position as text that nobody else reads.

        Changes of all cities are counted together: a number that could be read would tell everybody
        how much happens in cities that are not theirs.
        """
        number = str(position.seq).zfill(_LONGEST_NUMBER - 1)  # its length tells nothing either
        plain = cursor_of(self.feed, number, position.id)
        sealed = cipher.encrypt_alike(_OWNER, plain)
        return _SEALED + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


async def feed_of(store: Store) -> Feed:
    """Return the state of the feed."""
    row = await store.first(_STATE)
    if row is None:
        raise LookupError("the feed has no state: the database was not migrated")
    return Feed(row.feed, row.last, row.pruned)


async def position_of(store: Store, cipher: Cipher, text: str) -> Position:
    """Return the position of a cursor, also of one that was given out before they were encrypted.

    Raises:
        BadCursor: it is none.
        CursorTooOld: changes after it were deleted.
        CursorForeign: it is of another feed, or of numbers that were since given again.
    """
    named, number, change = (str(part) for part in key_of(_plain(cipher, text), str, str, str))
    if not (number.isdecimal() and len(number) < _LONGEST_NUMBER) or len(change) > _ID_LENGTH:
        raise BadCursor("not a cursor of this list")
    position, feed = Position(int(number), change), await feed_of(store)
    if named != feed.feed or position.seq > feed.last:
        raise CursorForeign("not a cursor of this installation's changes")
    if position.seq < feed.pruned:
        raise CursorTooOld("changes after this cursor were deleted meanwhile")
    if position.seq not in (0, feed.pruned):
        # The store may have been set back to an older copy, and gone on from there.
        known = await store.first(_AT, {"seq": position.seq})
        if known is None or known.id != position.id:
            raise CursorForeign("the record was set back to before this cursor")
    return position


def _plain(cipher: Cipher, text: str) -> str:
    if not text.startswith(_SEALED):
        return text
    body = text.removeprefix(_SEALED)
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadCursor("not a cursor of this list") from error
    try:
        return cipher.decrypt_alike(_OWNER, sealed)
    except BadKey as error:
        raise CursorForeign("not a cursor of this installation's changes") from error


async def end_of(store: Store) -> Position:
    """Return the position after the last change."""
    return await _position(store, (await feed_of(store)).last)


async def beginning_of(store: Store) -> Position:
    """Return the position before the first change that is kept."""
    return Position((await feed_of(store)).pruned, "")


async def _position(store: Store, seq: int) -> Position:
    row = await store.first(_AT, {"seq": seq})
    return Position(seq, "" if row is None else row.id)


async def after(store: Store, seq: int, limit: int) -> Sequence[ResultRow]:
    """Return the changes after a number, each with `actor` and `fact` of its event, if any."""
    return await store.rows(_AFTER.limit(limit), {"after": seq})


async def some(store: Store, numbers: Sequence[int]) -> Sequence[ResultRow]:
    """Return the changes of these numbers, as `after` does."""
    return await store.rows(_AFTER.where(_CHANGE.seq.in_(numbers)), {"after": 0})


def event_of(row: ResultRow) -> Event | None:
    """Return the event of a change as it is now; None if it is gone."""
    if row.fact is None:
        return None
    return Event.model_validate(
        {
            "number": row.number,
            "version": row.version,
            "at": row.at,
            "actor": {"role": row.role, "id": row.actor, "unit": row.unit},
            "stage": row.stage,
            "fact": FACTS.validate_json(row.fact),
        }
    )


async def prune(store: Store, before: datetime) -> int:
    """Delete changes recorded before then, some at a time; return how many."""

    def work(connection: Connection) -> int:
        feed = connection.execute(_STATE.with_for_update()).one()
        oldest = (
            select(_CHANGE.seq, _CHANGE.recorded_at)
            .where(_CHANGE.seq > feed.pruned)
            .order_by(_CHANGE.seq)
            .limit(_PRUNED_AT_ONCE)
            .subquery()
        )
        upto = connection.execute(
            select(func.max(oldest.c.seq)).where(oldest.c.recorded_at < before)
        ).scalar()
        if upto is None:
            return 0
        gone = delete(webhook_tables.change).where(_CHANGE.seq <= upto)
        count = connection.execute(gone).rowcount
        connection.execute(update(webhook_tables.change_feed).values(pruned=upto))
        return count

    return await store.write(work)
