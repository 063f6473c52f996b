"""The register of complaints of other systems: each is there once, by its number of there."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from store.db.engine import ResultRow, Store
from store.db.import_tables import imported

_ROW = imported.c
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ImportedComplaint:
    """A complaint of another system. `number`: its ticket; None where it was closed there."""

    city: str
    source: str
    own: str
    number: str | None
    link: str
    kind: str
    category: str | None
    unit: str | None
    filed_at: datetime | None
    closed_at: datetime | None
    imported_at: datetime


async def known(store: Store, city: str, source: str, own: Collection[str]) -> set[str]:
    """Return which of these numbers of the other system are in the register."""
    found: set[str] = set()
    numbers = sorted(own)
    for begin in range(0, len(numbers), _AT_ONCE):
        some = numbers[begin : begin + _AT_ONCE]
        which = select(_ROW.own).where(_ROW.city == city, _ROW.source == source, _ROW.own.in_(some))
        found |= {row.own for row in await store.rows(which)}
    return found


async def keep(store: Store, complaints: Sequence[ImportedComplaint]) -> int:
    """Enter complaints that are not there yet; return how many these were."""
    if not complaints:
        return 0
    statement = store.insert(imported).on_conflict_do_nothing()
    rows = [asdict(one) for one in complaints]
    return await store.write(
        lambda connection: sum(connection.execute(statement, row).rowcount for row in rows)
    )


async def of_ticket(store: Store, number: str) -> ImportedComplaint | None:
    """Return the complaint that a ticket was taken over as, if it was."""
    row = await store.first(select(imported).where(_ROW.number == number))
    return None if row is None else _complaint(row)


async def get(store: Store, city: str, source: str, own: str) -> ImportedComplaint | None:
    """Return a complaint by its number in the other system."""
    row = await store.first(
        select(imported).where(_ROW.city == city, _ROW.source == source, _ROW.own == own)
    )
    return None if row is None else _complaint(row)


def forget(connection: Connection, number: str) -> None:
    """Cut a ticket that is erased off from what it was in the other system.

    The row stays, so that the complaint is not imported again.
    """
    connection.execute(update(imported).where(_ROW.number == number).values(number=None, link=""))


def _complaint(row: ResultRow) -> ImportedComplaint:
    return ImportedComplaint(**row._mapping)
