"""Simulated tickets: written many at a time, with the rows that the projector would write.

The outbox gets none: nobody is told anything about a ticket that is invented.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, exists, insert, select, update
from sqlalchemy.exc import OperationalError, ProgrammingError

from domain.events import Event
from domain.policy.record import ATTEMPTS
from domain.search.texts import SEARCHED, RecordedFact
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.simulation_tables import simulation
from store.db.tables import Row
from store.tickets import intake, search_index
from store.tickets.rows import assignment_rows, event_row, ticket_row

_SIMULATION = simulation.c
_INTAKE, _TICKET = tables.intake.c, tables.ticket.c


@dataclass
class SimulatedRows:
    """The rows of some tickets, by table. `documents`: those of the search, with their terms."""

    intake: list[Row] = field(default_factory=list)
    person: list[Row] = field(default_factory=list)
    ticket: list[Row] = field(default_factory=list)
    assignment: list[Row] = field(default_factory=list)
    event: list[Row] = field(default_factory=list)
    documents: list[tuple[Row, str]] = field(default_factory=list)

    def add(self, other: "SimulatedRows") -> None:
        """Add the rows of `other`."""
        for name in ("intake", "person", "ticket", "assignment", "event", "documents"):
            getattr(self, name).extend(getattr(other, name))


def rows_of(ticket: Ticket, events: Sequence[Event]) -> SimulatedRows:
    """Return the rows of a ticket with all its events, each projected by itself."""
    # As a projection of this number: later events have higher ones.
    number, city = projection_of(ticket.version), ticket.complaint.city
    row = ticket_row(ticket, number)
    made = SimulatedRows(
        intake=[intake.entry_of_simulated(ticket.complaint)],
        ticket=[row],
        assignment=list(assignment_rows(ticket, number)),
        event=[event_row(event, city, projection_of(event.version)) for event in events],
    )
    made.documents = [document_of(row, ticket.complaint, events)]
    return made


def projection_of(version: int) -> int:
    """Return the number of the projection of an event of a simulated ticket."""
    return version * ATTEMPTS


def document_of(row: Row, complaint: Complaint, events: Sequence[Event]) -> tuple[Row, str]:
    """Return what the search has of a ticket."""
    said = [
        RecordedFact(event.kind, event.actor.role == "system", event.fact.model_dump(mode="json"))
        for event in events
        if event.kind in SEARCHED
    ]
    values = {
        "title": complaint.title,
        "text": complaint.text,
        "place": {"address": complaint.place.address},
    }
    document = search_index.document_of(row, values, said)
    return document, search_index.terms_in(document)


async def write(store: Store, rows: SimulatedRows) -> None:
    """Write the rows in one transaction.

    Raises:
        StoreUnavailable: none of them is written.
    """
    await store.write(lambda connection: _written(connection, rows))


def _written(connection: Connection, rows: SimulatedRows) -> None:
    for table, made in (
        (tables.intake, rows.intake),
        (tables.person, rows.person),
        (tables.ticket, rows.ticket),
        (tables.assignment, rows.assignment),
        (tables.event, rows.event),
    ):
        if made:
            connection.execute(insert(table), made)
    if rows.documents:
        search_index.add_new(connection, rows.documents)


async def has_tickets(store: Store) -> bool:
    """Return whether the store has any complaint or ticket."""
    any_of_them = exists(select(_INTAKE.number)) | exists(select(_TICKET.number))
    found = await store.first(select(any_of_them.label("any")))
    return found is not None and bool(found.any)


async def simulations(store: Store) -> Sequence[ResultRow]:
    """Return the simulated histories of the store, the first one first."""
    return await store.rows(select(simulation).order_by(_SIMULATION.began_at, _SIMULATION.seed))


async def simulated_cities(store: Store) -> frozenset[str]:
    """Return the cities that have a simulated history."""
    try:
        rows = await store.rows(select(_SIMULATION.city).distinct())
    except (OperationalError, ProgrammingError):  # it has no tables yet, as `/readyz` says
        return frozenset()
    return frozenset(row.city for row in rows)


async def begin(
    store: Store, city: str, seed: int, tickets: int, months: int, until: date, now: datetime
) -> None:
    """Record that a history is being written, before the first of its tickets."""
    row = {
        "city": city,
        "seed": seed,
        "tickets": tickets,
        "months": months,
        "until": until,
        "began_at": now,
    }
    await store.change(insert(simulation), row)


async def end(store: Store, city: str, seed: int, now: datetime) -> None:
    """Record that a history is complete."""
    which = (_SIMULATION.city == city, _SIMULATION.seed == seed)
    await store.change(update(simulation).where(*which).values(done_at=now))
