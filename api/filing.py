"""Filing, for all entry points that take a complaint: registration, start and receipt."""

from datetime import datetime
from typing import Annotated

from fastapi import Header, Response
from pydantic import Field

from api.door import API, Door, json_of
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from domain.ticket.ticket import Snapshot
from store.files.files import Attaching
from store.secrets.vault import Person
from store.tickets import intake, tickets
from store.tickets.numbers import new_number
from store.tickets.tickets import TicketRow

WAITING = "已登记，系统恢复后自动开始办理。请保存好编号和查询码。"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Something unguessable, a UUID for instance. The same key again gives the "
        "same answer, and nothing happens twice.",
    ),
]


class Receipt(Recorded):
    """The receipt for the citizen: number and access code are needed to follow the ticket."""

    number: str = Field(examples=["2603021234560"])
    access_code: str = Field(examples=["04217735"], description="Shown only here.")
    stage: Stage
    due_at: Instant | None = None
    status_url: str
    message: str | None = None


async def register(
    door: Door,
    pack: Pack,
    complaint: Complaint,
    person: Person | None,
    idempotency_key: str | None,
    said: str,
    attaching: Attaching | None = None,
) -> intake.Registered:
    """Register the complaint in the store, which gives it its number.

    `said` is the whole request: the same key with other content is refused.

    Raises:
        KeyReused, UnknownFile, TooManyFiles, StoreUnavailable
    """
    day = complaint.filed_at.astimezone(pack.calendar.tz).date()
    return await intake.register(
        door.store,
        complaint,
        person,
        door.vault,
        idempotency_key,
        door.mark(said),
        lambda: new_number(day),
        door.keys,
        attaching,
    )


Standing = Snapshot | TicketRow | None


async def start(door: Door, registered: intake.Registered) -> Standing:
    """Start the ticket, if new, and return its state; None while it waits for the engine."""
    if registered.started:
        row = await tickets.get(door.store, registered.number)
        if row is not None:
            return row
    return await door.engine.file(registered.complaint, new=registered.new)


def receipt(door: Door, registered: intake.Registered, standing: Standing) -> Response:
    """Return 201 with number and access code; 202 if the engine will start it later."""
    url = f"{API}/tickets/{registered.number}"
    told = Receipt(
        number=registered.number,
        access_code=door.vault.access_code(registered.number),
        stage=standing.stage if standing else Stage.ACCEPT,
        due_at=standing.due_at if standing else None,
        status_url=url,
        message=None if standing else WAITING,
    )
    replayed = {} if registered.new else {"Idempotent_Replayed": "true"}
    return json_of(told, 201 if standing else 202, Location=url, **replayed)


def draft(pack: Pack, filed_at: datetime, **said: object) -> Complaint:
    """Return a complaint without a number."""
    return Complaint.model_validate(
        {"number": "", "city": pack.city.id, "filed_at": filed_at, **said}
    )
