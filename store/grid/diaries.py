"""Diaries (民情日记): kept encrypted, and read by the street's staff only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from store.db.engine import Store
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


async def keep(store: Store, ring: KeyRing, new: DiaryRow, older: datetime) -> None:
    """Keep an entry, once; delete those of the city from before `older`."""
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

    def work(connection: Connection) -> None:
        connection.execute(adding, row)
        connection.execute(delete(diary).where(_DIARY.city == new.city, _DIARY.at < older))

    await store.write(work)


async def within(
    store: Store, ring: KeyRing, city: str, cell: str, since: datetime, limit: int
) -> list[DiaryRow]:
    """Return the entries of an area since then, the newest first."""
    rows = await store.rows(
        select(diary)
        .where(
            _DIARY.city == city,
            _DIARY.cell.startswith(cell, autoescape=True),
            _DIARY.at >= since,
        )
        .order_by(_DIARY.at.desc(), _DIARY.id)
        .limit(limit)
    )
    return [
        DiaryRow(
            row.id,
            row.city,
            row.cell,
            row.account,
            row.at,
            opened(ring, row.id, row.sealed),
            row.private,
            row.number,
        )
        for row in rows
    ]


async def feed(store: Store, entries: Sequence[str], number: str) -> None:
    """Record that a ticket was made of these entries; the first ticket of each stays."""
    which = _DIARY.id.in_(entries) & _DIARY.number.is_(None)
    await store.change(update(diary).where(which).values(number=number))
