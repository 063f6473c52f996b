"""The recipients of messages: one ticket, or all of a phone that is proved."""

from typing import NamedTuple

from app.context import AppContext
from app.errors import Problem
from app.tickets.phone_lookup import VerifyIn, prove, send_code
from domain.ticket.ticket import Ticket
from store.messaging import choices
from store.messaging.marks import Marks
from store.secrets.vault import Person
from store.tickets import intake, tickets


class _Known(NamedTuple):
    """A ticket, and the citizen as far as known."""

    ticket: Ticket
    person: Person


async def known(context: AppContext, number: str) -> _Known:
    """Return a ticket and its citizen.

    Raises:
        Problem: ticket_not_found
    """
    ticket = await tickets.state(context.store, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    person_id = ticket.complaint.person
    person = await intake.person_of(context.store, context.vault, person_id) if person_id else None
    return _Known(ticket, person or Person())


async def recipient_for(context: AppContext, number: str, proof: str, network: str) -> str:
    """Return the ticket as a recipient; with a one-time code of its phone, the whole phone.

    Raises:
        Problem: ticket_not_found, person_unknown, wrong_code, too_many_attempts
    """
    person = (await known(context, number)).person
    if not proof:
        return choices.of_ticket(number)
    if not person.phone:
        raise Problem("person_unknown")
    await prove(context, network, person.phone, proof)
    return Marks(context.vault.ring).of_phone(person.phone)


async def send_proof(context: AppContext, number: str, network: str) -> None:
    """Send a one-time code to the phone of a ticket, if it has one.

    Raises:
        Problem: ticket_not_found, rate_limited
    """
    person = (await known(context, number)).person
    if person.phone:
        await send_code(context, network, VerifyIn(phone=person.phone))
