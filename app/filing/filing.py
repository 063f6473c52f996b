"""Filing, for all entry points that take a complaint: registration, start and receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from app.access.caller import BY_CITIZEN, Caller
from app.context import API, AppContext
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from domain.ticket.state import Snapshot
from store.files.files import Attaching
from store.secrets.vault import Person
from store.tickets import intake, tickets
from store.tickets.numbers import new_number

WAITING = "已登记，系统恢复后自动开始办理。请保存好编号和查询码。"


class IncidentTold(Recorded):
    """The incident (突发事件) that a report is about, and what is said of it at present.

    `over`: it has ended.
    """

    id: str
    title: str = Field(examples=["新华大街停水"])
    statement: str = Field(examples=["供水管爆裂，正在抢修，预计今晚十点恢复供水。"])
    version: int
    over: bool = False
    url: str


class Receipt(Recorded):
    """The receipt: with number and access code the citizen follows the ticket.

    The code is the citizen's: it is told to them, and to the desk that reads it out. A unit that
    knew it could rate its own work. `due_at`: until when they are promised an answer; None until a
    unit has the ticket. `incident`: it is one of many reports of the same, and starts later.
    """

    number: str = Field(examples=["2603021234560"])
    access_code: str | None = Field(
        examples=["04217735"],
        description="Shown only here; null where the caller is neither the citizen nor the desk.",
    )
    stage: Stage
    due_at: Instant | None = None
    status_url: str
    message: str | None = None
    incident: IncidentTold | None = None


async def register(
    context: AppContext,
    pack: Pack,
    complaint: Complaint,
    person: Person | None,
    idempotency_key: str | None,
    text: str,
    attaching: Attaching | None = None,
    entries: Sequence[intake.Entry] = (),
) -> intake.Registered:
    """Register the complaint in the store, which gives it its number.

    `text` is the whole request: the same key with other content is refused. `entries`: what is
    entered with it.

    Raises:
        KeyReused, UnknownFile, TooManyFiles, StoreUnavailable
    """
    day = complaint.filed_at.astimezone(pack.calendar.tz).date()
    return await intake.register(
        context.store,
        complaint,
        person,
        context.vault,
        idempotency_key,
        context.mark(text),
        lambda: new_number(day),
        context.keys,
        attaching,
        entries,
    )


async def start(context: AppContext, registered: intake.Registered) -> Snapshot | None:
    """Start the ticket, if new, and return its state; None while it waits for the engine.

    A member of an incident waits for its turn.
    """
    if registered.started:
        ticket = await tickets.state(context.store, registered.number)
        if ticket is not None:
            return ticket.snapshot()
    if registered.incident is not None:
        return None
    return await context.engine.file(registered.complaint, new=registered.new)


@dataclass(frozen=True)
class Filed:
    """A filed complaint: its receipt, whether its ticket has started, and whether it is new."""

    receipt: Receipt
    started: bool
    new: bool


def filed(
    context: AppContext,
    caller: Caller | None,
    registered: intake.Registered,
    state: Snapshot | None,
    *,
    known: bool = False,
    incident: IncidentTold | None = None,
) -> Filed:
    """Return the receipt; `state` None: the engine starts later.

    `known`: the caller has shown another access code of the citizen. Else a repetition is told the
    code only if the caller is who filed it: a key that a unit has used opens nothing to a stranger.
    Nor is one told that was renewed since: it was renewed to shut somebody out.
    """
    first = registered.code_generation == 0 and _same(caller, registered)
    told = is_told_codes(caller) and (registered.new or known or first)
    receipt = Receipt(
        number=registered.number,
        access_code=context.vault.access_code(registered.number, registered.code_generation)
        if told
        else None,
        stage=state.stage if state else Stage.ACCEPT,
        due_at=state.answer_due_at if state else None,
        status_url=f"{API}/tickets/{registered.number}",
        message=None if state or incident else WAITING,
        incident=incident,
    )
    return Filed(receipt, state is not None, registered.new)


def is_told_codes(caller: Caller | None) -> bool:
    """Return whether access codes of tickets that this caller files are told to them."""
    return caller is None or caller.may(RIGHTS["access_code"])


def _same(caller: Caller | None, registered: intake.Registered) -> bool:
    filer = registered.complaint.filed_by
    return filer is None or filer == (caller.filer if caller else BY_CITIZEN)


def unnumbered(pack: Pack, filed_at: datetime, **values: object) -> Complaint:
    """Return a complaint without a number."""
    return Complaint.model_validate(
        {"number": "", "city": pack.city.id, "filed_at": filed_at, **values}
    )
