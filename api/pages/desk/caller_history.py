"""A caller's earlier tickets: found by phone, shown masked, and each search logged.

The form carries the result, signed, so that drawing the screen again needs no second search.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from itsdangerous import BadSignature

from api.pages.shared.forms import Form
from app.caller import Caller
from app.contacts import PhoneIn
from app.context import AppContext
from domain.ticket.ticket import Ticket
from store.secrets.masks import MaskedPerson, masked
from store.tickets import intake, tickets, view_log

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
    said = PhoneIn.model_validate(form.given("phone", "purpose"))
    now = datetime.now(UTC)
    numbers = await view_log.search(
        context.store, context.vault, said.phone, caller.actor, now, said.purpose
    )
    seal = context.signer("earlier")
    form.typed["earlier"] = str(seal.dumps([caller.id, numbers[:_SHOWN]]))
    return await found_again(context, caller, form)


async def found_again(context: AppContext, caller: Caller, form: Form) -> Earlier:
    """Return the found tickets as they are now; none if the signature is invalid or another's."""
    try:
        who, numbers = context.signer("earlier").loads(form.typed["earlier"], max_age=_LONGEST)
    except (BadSignature, ValueError):
        form.typed["earlier"] = ""
        return Earlier()
    if who != caller.id or not numbers:
        return Earlier()
    found = await tickets.states(context.store, numbers)
    seen = [one for one in found if caller.serves(one.complaint.city)]
    return Earlier(seen, await _person(context, seen))


async def _person(context: AppContext, found: list[Ticket]) -> MaskedPerson | None:
    """Return the masked caller, from the newest ticket with a name, else from the newest."""
    known = [one.complaint.person for one in found if one.complaint.person]
    persons = await intake.persons_of(context.store, context.vault, known)
    named = next((one for one in persons if one.name), next(iter(persons), None))
    return masked(named) if named else None
