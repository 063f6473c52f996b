"""Diaries (民情日记): kept encrypted, and read by the street's staff only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from store.db.engine import ResultRow, Store
from store.db.grid_tables import diary
from store.secrets.diaries import opened, sealed
from store.secrets.key_ring import KeyRing

_DIARY = diary.c


@dataclass(frozen=True)
class DiaryRow:
    """An entry with its text. `number`: the ticket that was made of it."""

    id: str
    city: str
    cell: str
    account: str
    at: datetime
    text: str
    private: bool
    number: str | None = None


async def keep(store: Store, ring: KeyRing, new: DiaryRow) -> None:
    """Keep an entry, once."""
    adding = store.insert(diary).on_conflict_do_nothing(index_elements=["id"])
    row = {
        "id": new.id,
        "city": new.city,
        "cell": new.cell,
        "account": new.account,
        "at": new.at,
        "sealed": sealed(ring, new.id, new.text),
        "key_id": ring.current,
        "private": new.private,
        "number": None,
    }

    await store.change(adding, row)


async def within(
    store: Store,
    ring: KeyRing,
    city: str,
    cell: str,
    since: datetime,
    limit: int,
    fed: bool | None = None,
) -> list[DiaryRow]:
    """Return the entries of an area since then, the newest first.

    `fed`: only those of which a ticket was made, or was not.
    """
    which = [_DIARY.city == city, _DIARY.cell.startswith(cell, autoescape=True), _DIARY.at >= since]
    if fed is not None:
        which.append(_DIARY.number.is_not(None) if fed else _DIARY.number.is_(None))
    rows = await store.rows(
        select(diary).where(*which).order_by(_DIARY.at.desc(), _DIARY.id).limit(limit)
    )
    return [_opened(ring, row) for row in rows]


async def named(
    store: Store, ring: KeyRing, city: str, cell: str, ids: Sequence[str]
) -> dict[str, DiaryRow]:
    """Return the entries of these ids that are of an area, by id."""
    rows = await store.rows(
        select(diary).where(
            _DIARY.id.in_(ids),
            _DIARY.city == city,
            _DIARY.cell.startswith(cell, autoescape=True),
        )
    )
    return {row.id: _opened(ring, row) for row in rows}


def _opened(ring: KeyRing, row: ResultRow) -> DiaryRow:
    return DiaryRow(
        row.id,
        row.city,
        row.cell,
        row.account,
        row.at,
        opened(ring, row.id, row.sealed),
        row.private,
        row.number,
    )


async def feed(store: Store, entries: Sequence[str], number: str) -> None:
    """Record that a ticket was made of these entries; the first ticket of each stays."""
    which = _DIARY.id.in_(entries) & _DIARY.number.is_(None)
    await store.change(update(diary).where(which).values(number=number))


async def forget(store: Store, city: str, before: datetime) -> int:
    """Delete the entries of a city from before then; return how many."""
    return await store.change(delete(diary).where(_DIARY.city == city, _DIARY.at < before))
