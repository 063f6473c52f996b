"""Writing of the record anew from a ticket's history, where the engine was set back."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client

from audit.archive import HistoryArchive
from audit.errors import NoHistory
from audit.replay import runs_by_history
from domain.activity_io import Projection
from domain.events import Event
from domain.policy.record import projection_number
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from store.tickets import tickets
from store.tickets.projector import Projector
from store.tickets.setbacks import LostEvent, lost_events, set_aside_before, take_back


@dataclass(frozen=True)
class Followed:
    """A ticket whose record was written from its history: up to which version, and before that.

    `aside`: the events of the record that the history does not have.
    """

    number: str
    version: int
    before: int
    aside: list[LostEvent]


async def follow(
    client: Client, store: Store, number: str, archive: HistoryArchive | None = None
) -> Followed:
    """Write the record from the ticket's history, and set aside what the record alone has.

    A ticket that goes on meanwhile writes the rest itself.

    Raises:
        HistoryErased, NoHistory, ArchiveDamaged, NotDeterministic
        StoreUnavailable
    """
    began = datetime.now(UTC)
    events: list[Event] = []
    ticket: Ticket | None = None
    length = 0
    async for run in runs_by_history(client, store, number, archive=archive):
        events += run.events
        ticket = run.ticket
        length = (run.began.history_length if run.began else 0) + run.length
    if ticket is None:
        raise NoHistory(f"there is no history of ticket {number}")
    row = await tickets.get(store, number)
    told = projection_number(length, began - ticket.complaint.filed_at)
    projection = Projection(ticket=ticket, events=events, told=told)
    await set_aside_before(store, projection, began)
    projector = Projector(store)
    await projector.project(projection)
    await projector.close()
    await take_back(store, number)
    before = row.version if row else 0
    return Followed(number, ticket.version, before, await lost_events(store, number))
