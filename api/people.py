"""The complainant's data: masked for everybody who may see the ticket, unmasked for a purpose.

Each unmasked view is logged first, and the citizen may read the log.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import AfterValidator, Field, StringConstraints

from api.access import TicketNumber, anyone, staff, visible
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of
from api.problems import Problem, responses
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import UnknownUnit
from domain.ticket.complaint import Kind, clean_text
from domain.ticket.ticket import Ticket
from store.secrets.masks import MaskedPerson, masked
from store.secrets.phones import normal_phone
from store.secrets.vault import Person
from store.tickets import intake, tickets, view_log
from store.tickets.view_log import View

router = APIRouter(prefix=API)


def _meant(text: str) -> str:
    text = clean_text(text)
    if not text:
        raise ValueError("the purpose is empty")
    return text


Purpose = Annotated[str, StringConstraints(min_length=2, max_length=200), AfterValidator(_meant)]


class LookIn(Incoming):
    """The reason for a view."""

    purpose: Purpose = Field(description="For the log; the citizen can read it.")


class PhoneIn(Incoming):
    """The phone to find tickets by, and the reason."""

    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]
    purpose: Purpose = "来电查询"


class FoundTickets(Recorded):
    numbers: list[str] = Field(examples=[["2603021234560"]])


class Looked(Recorded):
    """One view of a citizen's data. `who` is not shown to citizens."""

    at: Instant
    role: Role
    unit: str | None = Field(None, examples=["北苑街道"])
    who: str | None = None
    fields: list[str] = Field(examples=[["name", "phone"]])
    purpose: str = Field(examples=["回访"])


class ViewLog(Recorded):
    items: list[Looked]


_ASKING = ("unauthenticated", "forbidden", "ticket_not_found", "bad_number", "store_unavailable")
_SEEING = (*_ASKING, "identity_protected", "person_unknown", "invalid_request")


@router.get(
    "/tickets/{number}/person",
    operation_id="get_person",
    summary="Who complained, behind a mask",
    tags=["Staff"],
    response_model=MaskedPerson,
    responses=responses(*_SEEING),
)
async def get_person(
    number: TicketNumber, caller: Annotated[Caller, staff("get_person")], door: TheDoor
) -> Response:
    """Return masked data (138****5678, 王**), to recognise a caller by. Not logged."""
    person_id = await _known(door, caller, number)
    person = await intake.person_of(door.store, door.vault, person_id)
    if person is None:
        raise Problem("person_unknown")
    return json_of(masked(person))


@router.post(
    "/tickets/{number}/person",
    operation_id="unmask_person",
    summary="Who complained, in full, for a purpose",
    tags=["Staff"],
    response_model=Person,
    responses=responses(*_SEEING, "malformed_json", "body_too_large"),
)
async def unmask_person(
    number: TicketNumber,
    caller: Annotated[Caller, staff("unmask_person")],
    body: Annotated[LookIn, Body(examples=[{"purpose": "回访"}])],
    door: TheDoor,
) -> Response:
    """Return the data to desk, dispatchers, supervisors and administrators; of officers, to those
    of the unit that leads, unless the complaint is anonymous or a report (举报). The view is logged
    with its purpose, and the citizen can read that.
    """
    person_id = await _known(door, caller, number)
    now = datetime.now(UTC)
    person = await view_log.look(
        door.store, door.vault, person_id, number, caller.actor, now, body.purpose
    )
    if person is None:
        raise Problem("person_unknown")
    return json_of(person)


async def _known(door: Door, caller: Caller, number: str) -> str:
    """Return the vault's id of the complainant, if this caller may know of them at all."""
    ticket = await visible(door, caller, number)
    if ticket is None and caller.unit is None:
        registered = await intake.get(door.store, number)
        ticket = Ticket.of(registered.complaint) if registered else None
    if ticket is None:
        raise Problem("ticket_not_found")
    complaint = ticket.complaint
    if caller.unit is not None:
        if caller.unit != ticket.unit:
            raise Problem("identity_protected", "Only the unit that leads may know who complained.")
        if complaint.anonymous or Kind.REPORT in (ticket.kind, complaint.kind):
            raise Problem("identity_protected")
    if complaint.person is None:
        raise Problem("person_unknown")
    return complaint.person


@router.post(
    "/people/search",
    operation_id="search_people",
    summary="The tickets of somebody who calls, by their phone",
    tags=["Staff"],
    response_model=FoundTickets,
    responses=responses(
        "malformed_json",
        "body_too_large",
        "unauthenticated",
        "forbidden",
        "invalid_request",
        "store_unavailable",
    ),
)
async def search_people(
    caller: Annotated[Caller, staff("search_people")],
    body: Annotated[PhoneIn, Body(examples=[{"phone": "010-00012345", "purpose": "来电查询"}])],
    door: TheDoor,
) -> Response:
    """Find tickets by phone, in any notation. At most a hundred, the last filed first; logged as a
    view of each.
    """
    now = datetime.now(UTC)
    numbers = await view_log.search(
        door.store, door.vault, body.phone, caller.actor, now, body.purpose
    )
    return json_of(FoundTickets(numbers=numbers))


@router.get(
    "/tickets/{number}/views",
    operation_id="list_views",
    summary="Who looked at the citizen's data, when and why",
    tags=["Citizens", "Staff"],
    response_model=ViewLog,
    responses=responses(*_ASKING, "invalid_request", "too_many_attempts"),
)
async def list_views(
    number: TicketNumber, caller: Annotated[Caller, anyone("list_views")], door: TheDoor
) -> Response:
    """List the views: for the citizen, by access code, without accounts; for the others in full."""
    registered = await intake.get(door.store, number)
    if registered is None and await tickets.get(door.store, number) is None:
        raise Problem("ticket_not_found")
    city = registered.complaint.city if registered else None
    seen = await view_log.views(door.store, number)
    return json_of(ViewLog(items=[_looked(door, caller, city, view) for view in seen]))


def _looked(door: Door, caller: Caller, city: str | None, view: View) -> Looked:
    unit = view.unit
    if caller.citizen and unit is not None and city is not None:
        try:
            unit = door.packs.get(city).unit(unit).name
        except UnknownUnit:  # removed from the pack since the view
            unit = view.unit
    return Looked(
        at=view.at,
        role=view.role,
        unit=unit,
        who=None if caller.citizen else view.actor,
        fields=view.fields,
        purpose=view.purpose,
    )
