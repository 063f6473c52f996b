"""The tickets of a period, page by page: an export of a million rows holds a few hundred."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, null, select, tuple_

from domain.actors import Actor
from store.db import tables
from store.db.engine import ResultRow, Store
from store.secrets.vault import Person, Vault
from store.tickets.view_log import entry

PAGE = 500

_TICKET, _PERSON = tables.ticket.c, tables.person.c
_COLUMNS = (
    "number", "city", "kind", "channel", "category", "tier", "area", "unit", "title", "address",
    "lat", "lon", "filed_at", "updated_at", "promised_at", "ended_at", "stage", "outcome",
    "returns", "reworks", "yellow_cards", "red_cards", "rated", "contacted", "resolved", "grade",
    "satisfied", "severity", "parent", "public", "anonymous", "of_wrongdoing", "person", "state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportedPeriod:
    """The tickets of a city filed in since ≤ t < until. `reports`: those of wrongdoing as well;
    without them no ticket says either that it was merged into one."""

    city: str
    since: datetime | None
    until: datetime | None
    reports: bool


async def pages(
    store: Store, period: ExportedPeriod, size: int = PAGE
) -> AsyncIterator[Sequence[ResultRow]]:
    """Yield the tickets by the time of their filing, a page at a time.

    Each page is a query of its own: nothing is held open between them.
    """
    columns: dict[str, Any] = {name: _TICKET[name] for name in _COLUMNS}
    if not period.reports:
        columns["parent"] = _parent_if_told()
    statement = (
        select(*columns.values())
        .where(_TICKET.city == period.city)
        .order_by(_TICKET.filed_at, _TICKET.number)
        .limit(size)
    )
    if period.since is not None:
        statement = statement.where(_TICKET.filed_at >= period.since)
    if period.until is not None:
        statement = statement.where(_TICKET.filed_at < period.until)
    if not period.reports:
        statement = statement.where(_TICKET.of_wrongdoing.is_(False))
    rows = await store.rows(statement)
    while rows:
        yield rows
        if len(rows) < size:
            return
        last = (rows[-1].filed_at, rows[-1].number)
        rows = await store.rows(statement.where(tuple_(_TICKET.filed_at, _TICKET.number) > last))


def _parent_if_told() -> ColumnElement[str | None]:
    """Return the ticket that one is merged into; nothing where that is a report of wrongdoing."""
    other = tables.ticket.alias()
    secret = exists().where(other.c.number == _TICKET.parent, other.c.of_wrongdoing)
    return case((secret, null()), else_=_TICKET.parent).label("parent")


async def persons_noted(
    store: Store,
    vault: Vault,
    persons: Mapping[str, str],
    who: Actor,
    at: datetime,
    purpose: str,
) -> dict[str, Person]:
    """Return the persons of tickets, and log each view in the same transaction.

    `persons`: the person's id by the ticket's number. Those that were erased are left out.
    """
    numbers = {person: number for number, person in persons.items()}
    statement = select(_PERSON.id, _PERSON.sealed).where(_PERSON.id.in_(list(numbers)))

    def work(connection: Connection) -> dict[str, Person]:
        sealed = {row.id: row.sealed for row in connection.execute(statement)}
        found = {
            number: vault.decrypt(person, sealed[person])
            for number, person in persons.items()
            if person in sealed
        }
        entries = [
            entry(number, who, at, person.fields, purpose) for number, person in found.items()
        ]
        if entries:
            connection.execute(tables.view_log.insert(), entries)
        return found

    return await store.write(work) if persons else {}
