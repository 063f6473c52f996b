"""The complainant of a ticket: behind a mask, unmasked for a purpose, and the log of views."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.canonical import folded
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import UnknownUnit
from domain.ticket.complaint import required
from domain.ticket.ticket import Ticket
from store.secrets.masks import MaskedPerson, masked
from store.secrets.phones import normal_phone
from store.secrets.vault import Person
from store.tickets import intake, tickets, view_log
from store.tickets.view_log import View


def _meant(text: str, info: ValidationInfo) -> str:
    text = required(text, info)
    if len(folded(text)) < _LEAST:
        raise ValueError("the purpose is too short")
    return text


_LEAST = 2
Purpose = Annotated[
    str, StringConstraints(min_length=_LEAST, max_length=200), AfterValidator(_meant)
]


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


async def masked_person(context: AppContext, caller: Caller, number: str) -> MaskedPerson:
    """Return who complained, behind a mask (138****5678, 王**). Not logged.

    Raises:
        Problem: ticket_not_found, identity_protected, person_unknown
    """
    await permit(context, caller, "get_person", number)
    person_id = await _known(context, caller, number)
    person = await intake.person_of(context.store, context.vault, person_id)
    if person is None:
        raise Problem("person_unknown")
    return masked(person)


async def unmasked_person(context: AppContext, caller: Caller, number: str, purpose: str) -> Person:
    """Return who complained, in full; the view is logged with its purpose first.

    Raises:
        Problem: ticket_not_found, identity_protected, person_unknown
    """
    await permit(context, caller, "unmask_person", number)
    person_id = await _known(context, caller, number)
    now = datetime.now(UTC)
    person = await view_log.look(
        context.store, context.vault, person_id, number, caller.actor, now, purpose
    )
    if person is None:
        raise Problem("person_unknown")
    return person


async def tickets_of(context: AppContext, caller: Caller, phone: PhoneIn) -> FoundTickets:
    """Return the numbers of tickets filed with a phone, where the caller serves; logged as a view
    of each."""
    await permit(context, caller, "search_people")
    now = datetime.now(UTC)
    numbers = await view_log.search(
        context.store, context.vault, phone.phone, caller.actor, now, phone.purpose, caller.city
    )
    return FoundTickets(numbers=numbers)


async def earlier_tickets(
    context: AppContext, caller: Caller, numbers: Sequence[str]
) -> tuple[list[Ticket], MaskedPerson | None]:
    """Return the tickets of a search as they are now, and who calls, behind a mask.

    That is taken from the first ticket with a name, else from the first.
    """
    await permit(context, caller, "search_people")
    states = await tickets.states(context.store, numbers)
    seen = [one for one in states if caller.serves(one.complaint.city)]
    known = [one.complaint.person for one in seen if one.complaint.person]
    persons = await intake.persons_of(context.store, context.vault, known)
    named = next((one for one in persons if one.name), next(iter(persons), None))
    return seen, masked(named) if named else None


async def views_of(context: AppContext, caller: Caller, number: str) -> ViewLog:
    """Return who looked at the citizen's data, when and why; citizens see no accounts.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_views", number)
    registered = await intake.get(context.store, number)
    if registered is None and await tickets.get(context.store, number) is None:
        raise Problem("ticket_not_found")
    city = registered.complaint.city if registered else None
    seen = await view_log.views(context.store, number)
    return ViewLog(items=[_looked(context, caller, city, view) for view in seen])


async def _known(context: AppContext, caller: Caller, number: str) -> str:
    """Return the vault's id of the complainant, if this caller may know of them at all."""
    ticket = await visible(context, caller, number)
    if ticket is None and caller.unit is None:
        registered = await intake.get(context.store, number)
        ticket = Ticket.of(registered.complaint) if registered else None
    if ticket is None:
        raise Problem("ticket_not_found")
    complaint = ticket.complaint
    if caller.unit is not None:
        if caller.unit != ticket.unit:
            raise Problem("identity_protected", "Only the unit that leads may know who complained.")
        if ticket.contact_hidden:
            raise Problem("identity_protected")
    if complaint.person is None:
        raise Problem("person_unknown")
    return complaint.person


def _looked(context: AppContext, caller: Caller, city: str | None, view: View) -> Looked:
    unit = view.unit
    if caller.citizen and unit is not None and city is not None:
        try:
            unit = context.packs.get(city).unit(unit).name
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
