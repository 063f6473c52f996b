"""As whom a reader of changes sees, and which of them are theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select

from domain.actors import OF_UNITS, Role
from domain.commands.relations import relation
from domain.events import Event
from domain.facts.merging import OF_MERGING
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.policy.withheld import about, named_in
from domain.webhooks.changes import ChangeStatus, TicketChange, details
from packs.registry import PackRegistry
from store.db import tables
from store.db.engine import ResultRow, Store
from store.secrets.encryption import Cipher
from store.tickets import tickets
from store.tickets.accused_units import hidden_of
from store.webhooks.changes import Feed, Position, event_of

_TICKET, _SHARE = tables.ticket.c, tables.assignment.c
_MERGING = frozenset(str(fact.model_fields["kind"].default) for fact in OF_MERGING)


@dataclass(frozen=True)
class Viewer:
    """As whom somebody sees: of one city or of all, officers with their unit."""

    role: Role
    unit: str | None = None
    city: str | None = None


async def seen(
    store: Store, packs: PackRegistry, viewer: Viewer, rows: Sequence[ResultRow]
) -> list[ResultRow]:
    """Return those of the changes that the viewer may know of, by what is recorded today."""
    if not RIGHTS["list_changes"].allows(viewer.role):
        return []
    own = [row for row in rows if viewer.city in (None, row.city)]
    if viewer.role not in OF_UNITS:
        return own
    if viewer.unit is None:
        return []
    return await _of_unit(store, packs, viewer, own)


async def _of_unit(
    store: Store, packs: PackRegistry, viewer: Viewer, rows: Sequence[ResultRow]
) -> list[ResultRow]:
    theirs: list[ResultRow] = []
    for city in sorted({row.city for row in rows}):
        pack = packs.get(city)
        here = [row for row in rows if row.city == city]
        known = await _known(store, pack, viewer, sorted({row.number for row in here}))
        here = [row for row in here if row.number in known]
        gone = await _about_hidden(store, pack, viewer, here)
        theirs += [row for row in here if (row.number, row.version) not in gone]
    return sorted(theirs, key=lambda row: row.seq)


async def _known(store: Store, pack: Pack, viewer: Viewer, numbers: Sequence[str]) -> set[str]:
    """Return the tickets that exist for the unit: see `domain.commands.relations`."""
    unit = viewer.unit or ""
    under = [one.code for one in pack.units if pack.is_under(one.code, unit)]
    having = [unit, *under]
    shared = exists().where(_SHARE.number == _TICKET.number, _SHARE.unit.in_(having))
    possible = select(_TICKET.number).where(
        _TICKET.number.in_(numbers), or_(_TICKET.unit.in_(having), shared)
    )
    found = set[str]()
    for row in await store.rows(possible) if numbers else ():
        ticket = await tickets.state(store, row.number)
        near = relation(ticket, unit, pack) if ticket is not None else None
        if RIGHTS["get_ticket"].allows(viewer.role, near):
            found.add(row.number)
    return found


async def _about_hidden(
    store: Store, pack: Pack, viewer: Viewer, rows: Sequence[ResultRow]
) -> set[tuple[str, int]]:
    """Return the events that are about another ticket, which accuses the unit (举报)."""
    gone = set[tuple[str, int]]()
    if viewer.unit is None or not pack.has_unit(viewer.unit):
        return gone
    for number in sorted({row.number for row in rows if row.kind in _MERGING}):
        events = await tickets.events(store, number)
        named = {one for event in events for one in named_in(event.fact)}
        hidden = await hidden_of(store, named, {pack.city.id: pack.chain(viewer.unit)})
        gone |= {(number, version) for version in about(hidden, events)}
        # Of an event that is gone nobody can say any more which ticket it was about.
        known = {event.version for event in events}
        gone |= {(row.number, row.version) for row in rows if _is_lost(row, number, known)}
    return gone


def _is_lost(row: ResultRow, number: str, known: set[int]) -> bool:
    return row.number == number and row.kind in _MERGING and row.version not in known


def change_of(feed: Feed, cipher: Cipher, row: ResultRow) -> TicketChange:
    """Return a change as it is told."""
    event: Event | None = event_of(row) if row.what != ChangeStatus.WITHDRAWN else None
    told: dict[str, Any] = details(event) if event is not None else {}
    return TicketChange(
        id=row.id,
        cursor=feed.cursor(cipher, Position(row.seq, row.id)),
        what=ChangeStatus(row.what),
        city=row.city,
        number=row.number,
        version=row.version,
        kind=row.kind,
        at=row.at,
        recorded_at=row.recorded_at,
        stage=row.stage or None,
        role=row.role,
        unit=row.unit,
        details=told,
    )
