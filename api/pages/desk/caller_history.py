"""A caller's earlier tickets: found by phone, shown masked, and each search logged.

The form carries the result, signed, so that drawing the screen again needs no second search.
"""

from dataclasses import dataclass, field

from itsdangerous import BadSignature

from api.pages.shared.forms import Form
from app.access.caller import Caller
from app.context import AppContext
from app.tickets import contacts
from app.tickets.contacts import PhoneIn
from domain.ticket.ticket import Ticket
from store.secrets.masks import MaskedPerson

_SHOWN = 10
_LONGEST = 2 * 3600


@dataclass(frozen=True)
class Earlier:
    """The newest tickets with their full state; `person`: the masked complainant, if known."""

    tickets: list[Ticket] = field(default_factory=list)
    person: MaskedPerson | None = None

    @property
    def numbers(self) -> list[str]:
        return [ticket.complaint.number for ticket in self.tickets]


async def search(context: AppContext, caller: Caller, form: Form) -> Earlier:
    """Search for the tickets, log the search, and put the signed result into the form.

    Raises:
        ValidationError: the phone or the purpose is not valid.
    """
    phone = PhoneIn.model_validate(form.filled("phone", "purpose"))
    numbers = (await contacts.tickets_of(context, caller, phone)).numbers
    signer = context.signer("earlier")
    form.typed["earlier"] = str(signer.dumps([caller.id, numbers[:_SHOWN]]))
    return await reload_earlier(context, caller, form)


async def reload_earlier(context: AppContext, caller: Caller, form: Form) -> Earlier:
    """Return the found tickets as they are now; none if the signature is invalid or another's."""
    try:
        who, numbers = context.signer("earlier").loads(form.typed["earlier"], max_age=_LONGEST)
    except (BadSignature, ValueError):
        form.typed["earlier"] = ""
        return Earlier()
    if who != caller.id or not numbers:
        return Earlier()
    return Earlier(*await contacts.earlier_tickets(context, caller, numbers))
