"""The day's budget of contacts with one citizen, as staff see it before they call (ADR 0062)."""

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from domain.commands.base import CommandBase
from domain.commands.citizens.call_back import CallBack
from domain.commands.units.contact import Contact
from domain.messaging.hours import day_begun
from domain.model import Recorded
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from store.messaging import notices
from store.messaging.marks import Marks
from store.tickets import intake, tickets


class ContactBudget(Recorded):
    """The number of times a citizen was written to, called or visited today, by any unit.

    `most`: the city's budget. `needs_reason`: a further call states its reason.
    """

    used: int
    most: int
    needs_reason: bool


async def budget_of(context: AppContext, caller: Caller, ticket: Ticket) -> ContactBudget | None:
    """Return the budget of a ticket's citizen; None where nobody is known.

    All tickets of one phone count together. No other ticket of theirs is told of.
    """
    await permit(context, caller, "get_ticket", ticket.complaint.number)
    return await _budget_of(context, ticket)


async def _budget_of(context: AppContext, ticket: Ticket) -> ContactBudget | None:
    person_id = ticket.complaint.person
    person = await intake.person_of(context.store, context.vault, person_id) if person_id else None
    recipient = Marks(context.vault.ring).recipient(person) if person else None
    if person_id is None or recipient is None:
        return None
    pack = context.packs.get(ticket.complaint.city)
    since = day_begun(pack.calendar.tz, context.now())
    used = await notices.told_since(context.store, recipient, since)
    used += await notices.contacts(context.store, person_id, since)
    policy = pack.messaging
    needs = used >= policy.budget and policy.beyond_budget == "reason"
    return ContactBudget(used=used, most=policy.budget, needs_reason=needs)


async def check_budget(context: AppContext, number: str, command: CommandBase) -> None:
    """Refuse a contact beyond the budget that says no reason in its note.

    Raises:
        Refused: contact_budget_spent
    """
    if not isinstance(command, Contact | CallBack) or command.note:
        return
    await check_contact(context, number)


async def check_contact(context: AppContext, number: str) -> None:
    """Refuse one more contact with a ticket's citizen, for which no reason is given.

    Raises:
        Refused: contact_budget_spent
    """
    ticket = await tickets.state(context.store, number)
    budget = await _budget_of(context, ticket) if ticket is not None else None
    if budget is not None and budget.needs_reason:
        raise Refused(
            "contact_budget_spent",
            "The citizen was contacted often enough today. Say in the note why once more.",
        )
