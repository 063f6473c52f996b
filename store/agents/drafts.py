"""Drafts of replies that machines proposed: a person sends one, changed or not, or discards it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from domain.refusals import Refused
from store.db import tables
from store.db.agent_tables import reply_draft
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store

MOST = 50
"""The most drafts on one ticket."""

_DRAFT = reply_draft.c
_TICKET = tables.ticket.c


@dataclass(frozen=True)
class ReplyDraft:
    """A draft. `assignment`: the share of the unit it is for. `used`: a person has sent a reply
    that began with it; else, once decided, it is discarded."""

    id: str
    number: str
    assignment: int
    unit: str
    text: str
    proposed_at: datetime
    proposed_by: str
    n: int = 0
    decided_at: datetime | None = None
    decided_by: str | None = None
    used: bool = False


async def propose(store: Store, new: ReplyDraft) -> ReplyDraft:
    """Record a draft; the same text that waits already is returned instead.

    Raises:
        Refused: not_started_yet, person_request_cap
    """

    def work(connection: Connection) -> ReplyDraft:
        _lock(connection, new.number)
        same = select(reply_draft).where(
            _DRAFT.number == new.number,
            _DRAFT.assignment == new.assignment,
            _DRAFT.text == new.text,
            _DRAFT.decided_at.is_(None),
        )
        known = connection.execute(same).first()
        if known is not None:
            return _draft(known)
        last = select(func.max(_DRAFT.n)).where(_DRAFT.number == new.number)
        count = connection.execute(last).scalar() or 0
        if count >= MOST:
            raise Refused("person_request_cap", "Enough was proposed for this ticket.")
        made = replace(new, n=count + 1)
        connection.execute(insert(reply_draft), {name: getattr(made, name) for name in _FIELDS})
        return made

    return await store.write(work)


async def decide(
    store: Store, number: str, n: int, by: str, *, used: bool, clock: Clock = written_at
) -> ReplyDraft:
    """Record that a person sent or discarded a draft; the same again by the same is no harm.

    Raises:
        Refused: draft_not_found, draft_decided
    """

    def work(connection: Connection) -> ReplyDraft:
        _lock(connection, number)
        which = and_(_DRAFT.number == number, _DRAFT.n == n)
        row = connection.execute(select(reply_draft).where(which)).first()
        if row is None:
            raise Refused("draft_not_found", "There is no such draft.")
        found = _draft(row)
        if found.decided_at is not None:
            if (found.decided_by, found.used) == (by, used):
                return found
            raise Refused("draft_decided", "A person has decided this already.")
        now = clock(connection)
        decided = {"decided_at": now, "decided_by": by, "used": used}
        connection.execute(update(reply_draft).where(which).values(decided))
        return replace(found, decided_at=now, decided_by=by, used=used)

    return await store.write(work)


def _lock(connection: Connection, number: str) -> None:
    locked = select(_TICKET.number).where(_TICKET.number == number).with_for_update()
    if connection.execute(locked).first() is None:
        raise Refused("not_started_yet", "The complaint is not started yet.")


async def of_ticket(store: Store, number: str) -> list[ReplyDraft]:
    """Return the drafts of a ticket, the first one first."""
    statement = select(reply_draft).where(_DRAFT.number == number).order_by(_DRAFT.n)
    return [_draft(row) for row in await store.rows(statement)]


def forget(connection: Connection, number: str) -> None:
    """Blank the texts of a ticket's drafts."""
    connection.execute(update(reply_draft).where(_DRAFT.number == number).values(text=""))


_FIELDS = tuple(ReplyDraft.__dataclass_fields__)


def _draft(row: ResultRow) -> ReplyDraft:
    return ReplyDraft(**{name: getattr(row, name) for name in _FIELDS})
