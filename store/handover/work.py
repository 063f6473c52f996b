"""The hand-overs for which the job has something to do."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from domain.handover.handover import HandoverKey, HandoverSide, HandoverState
from domain.ticket.stages import Stage
from store.db import tables
from store.db.engine import Store
from store.db.handover_tables import handover
from store.handover.handovers import where_key

_H, _TICKET = handover.c, tables.ticket.c


async def lapsing(store: Store, now: datetime, limit: int) -> list[HandoverKey]:
    """Return offers of ours whose window is over."""
    return await _keys(
        store, limit, _H.side == "out", _H.state == HandoverState.OFFERED.value, _H.due_at <= now
    )


async def overtaken(store: Store, limit: int) -> list[HandoverKey]:
    """Return offers of ours that nobody has answered, and whose ticket may not leave any more."""
    here = [Stage.TRIAGE.value, Stage.DISPATCH.value]
    rows = await store.rows(
        select(_H.neighbour, _H.side, _H.id)
        .select_from(handover.join(tables.ticket, _TICKET.number == _H.number))
        .where(
            _H.side == "out",
            _H.state == HandoverState.OFFERED.value,
            or_(_TICKET.stage.not_in(here), _TICKET.of_wrongdoing.is_(True)),
        )
        .limit(limit)
    )
    return [HandoverKey(row[0], HandoverSide(row[1]), row[2]) for row in rows]


async def accepted(store: Store, limit: int) -> list[HandoverKey]:
    """Return offers of ours that were accepted, and wait for their ticket to end here."""
    return await _keys(store, limit, _H.side == "out", _H.state == HandoverState.ACCEPTED.value)


async def unfiled(store: Store, limit: int) -> list[HandoverKey]:
    """Return what was given to us and has no ticket yet."""
    taken = HandoverState.TAKEN.value
    return await _keys(store, limit, _H.side == "in", _H.state == taken, _H.number.is_(None))


class Untold(NamedTuple):
    """A matter that we have, of which the other city does not know the latest.

    `version`: of our ticket. `heard`: of the status of the city that it went on to, if it did.
    """

    key: HandoverKey
    number: str
    version: int
    heard: int


async def untold(store: Store, limit: int) -> list[Untold]:
    """Return matters that we have and whose other city does not know the latest."""
    onward = handover.alias()
    on = and_(onward.c.number == _H.number, onward.c.side == "out", onward.c.state == "taken")
    heard = func.coalesce(onward.c.heard, 0)
    news = or_(_TICKET.version > _H.told, heard > _H.relayed)
    which = (
        select(_H.neighbour, _H.side, _H.id, _H.number, _TICKET.version, heard)
        .select_from(
            handover.join(tables.ticket, _TICKET.number == _H.number).outerjoin(onward, on)
        )
        .where(_H.side == "in", _H.state == HandoverState.TAKEN.value, news)
        .order_by(_H.due_at, _H.id)
        .limit(limit)
    )
    return [
        Untold(HandoverKey(row[0], HandoverSide(row[1]), row[2]), row[3], row[4], row[5])
        for row in await store.rows(which)
    ]


async def note_told(store: Store, of: Untold) -> None:
    """Record of which version the other city is told by a letter that was written."""
    await store.change(
        update(handover).where(*where_key(of.key)).values(told=of.version, relayed=of.heard)
    )


async def _keys(store: Store, limit: int, *where: ColumnElement[bool]) -> list[HandoverKey]:
    which = select(_H.neighbour, _H.side, _H.id).where(*where).order_by(_H.due_at).limit(limit)
    return [HandoverKey(row[0], HandoverSide(row[1]), row[2]) for row in await store.rows(which)]
