"""The entries of grid workers' phones: each is taken once, whatever comes twice."""

from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, select, update

from domain.refusals import Refused
from store.db.engine import ResultRow, Store
from store.db.grid_tables import entry

_ENTRY = entry.c


@dataclass(frozen=True)
class EntryRow:
    """An entry as it came. See `store.db.grid_tables`."""

    account: str
    id: str
    digest: str
    kind: str
    city: str
    cell: str
    day: date
    at: datetime
    received_at: datetime
    outside: bool
    settled: bool = False
    number: str | None = None


_ROW = tuple(_ENTRY[field.name] for field in fields(EntryRow))


def _row(row: ResultRow) -> EntryRow:
    return EntryRow(*row)


async def take(store: Store, new: EntryRow, most: int) -> EntryRow:
    """Record an entry that is about to be carried out; the one of the same id, if there is one.

    Raises:
        Refused: entry_differs: the same id came before with other content; that one stays.
            grid_entry_cap: the worker has sent `most` on this day.
    """
    which = (_ENTRY.account == new.account) & (_ENTRY.id == new.id)
    adding = store.insert(entry).on_conflict_do_nothing(index_elements=["account", "id"])
    values = {field.name: getattr(new, field.name) for field in fields(EntryRow)}

    def work(connection: Connection) -> EntryRow:
        known = connection.execute(select(*_ROW).where(which)).first()
        if known is None:
            today = select(func.count()).where(_ENTRY.account == new.account, _ENTRY.day == new.day)
            if int(connection.execute(today).scalar_one()) >= most:
                raise Refused("grid_entry_cap", "As many entries as one may send in a day.")
            if connection.execute(adding, values).rowcount == 1:
                return new
            known = connection.execute(select(*_ROW).where(which)).one()
        if known.digest != new.digest:
            raise Refused("entry_differs", "An entry of this id came before, with other content.")
        return _row(known)

    return await store.write(work)


async def settle(store: Store, account: str, entry_id: str, number: str | None) -> None:
    """Record that nothing of the entry is left to do, and its ticket."""
    which = (_ENTRY.account == account) & (_ENTRY.id == entry_id)
    await store.change(update(entry).where(which).values(settled=True, number=number))


async def drop(store: Store, account: str, entry_id: str) -> None:
    """Forget an entry that was refused: corrected, it may come again under its id."""
    which = (_ENTRY.account == account) & (_ENTRY.id == entry_id)
    await store.change(delete(entry).where(which, _ENTRY.settled.is_(False)), {})


async def forget(store: Store, city: str, before: datetime) -> int:
    """Delete what is known of entries that came before then: it says who was where, and when.

    Return how many. A report's stays as long as the words of its ticket, of which it says whether
    it was filed from another cell.
    """
    of_ticket = (_ENTRY.kind == "report") & _ENTRY.number.is_not(None)
    old = delete(entry).where(_ENTRY.city == city, _ENTRY.received_at < before, ~of_ticket)
    return await store.change(old)


async def of_worker(store: Store, account: str, limit: int) -> list[EntryRow]:
    """Return what a worker sent last, the newest first."""
    rows = await store.rows(
        select(*_ROW)
        .where(_ENTRY.account == account)
        .order_by(_ENTRY.received_at.desc(), _ENTRY.id)
        .limit(limit)
    )
    return [_row(row) for row in rows]


async def of_ticket(store: Store, number: str) -> EntryRow | None:
    """Return the entry that a ticket was filed from."""
    row = await store.first(select(*_ROW).where(_ENTRY.number == number, _ENTRY.kind == "report"))
    return None if row is None else _row(row)
