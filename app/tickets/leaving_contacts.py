"""Leaving a contact later: the data goes to the vault, and the ticket is told that it is there."""

import secrets
from datetime import UTC, datetime

from pydantic import ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import EngineUnavailable, NotRunning
from app.sending.commands import execute
from domain.commands.citizens.leave_contact import LeaveContact
from domain.policy.permissions import COMMANDS
from domain.refusals import Refused
from domain.ticket.state import Snapshot
from store.secrets.vault import ContactDetails, Person
from store.tickets import intake, tickets


class LeftContact(ContactDetails):
    """A phone or an e-mail address of the citizen, perhaps with a name."""

    model_config = ConfigDict(validate_default=True)

    @field_validator("email", mode="after")
    @classmethod
    def _reaches_somebody(cls, email: str | None, info: ValidationInfo) -> str | None:
        # A phone that is refused is not among the data; its own fault is enough.
        if email is None and "phone" in info.data and info.data["phone"] is None:
            raise PydanticCustomError("missing", "A phone or an e-mail address is needed.")
        return email


async def leave_contact(
    context: AppContext, caller: Caller, number: str, contact: LeftContact, key: str | None
) -> Snapshot:
    """Encrypt the contact as at filing, with what was known of the citizen, and record that.

    What is refused leaves nothing in the vault. What nobody knows the outcome of is deleted by
    retention, unless a ticket has it.

    Raises:
        Problem, Refused: also `contact_known`: one was left already.
    """
    await permit(context, caller, COMMANDS[LeaveContact].key, number)
    person_id = _id(context, caller, number, key)
    person = await _with_what_is_known(context, number, contact)
    now = datetime.now(UTC)
    new = await intake.keep_person(context.store, context.vault, person_id, person, now)
    mark = context.mark(contact.model_dump_json())
    try:
        return await execute(
            context, caller, number, LeaveContact(person=person_id), key, marks=[mark]
        )
    except EngineUnavailable:
        raise  # the ticket may have it: without the data nobody could be reached
    except (Problem, Refused, NotRunning):
        if new:
            await intake.drop_person(context.store, person_id)
        raise


def _id(context: AppContext, caller: Caller, number: str, key: str | None) -> str:
    """Return the id of the data in the vault: of a repetition with the same key, the same."""
    if key is None:
        return secrets.token_hex(16)
    return context.mark(f"contact/{number}/{caller.id}/{key}")[:32]


async def _with_what_is_known(context: AppContext, number: str, contact: LeftContact) -> Person:
    """Return the contact, with a name or an address that was left without one."""
    ticket = await tickets.state(context.store, number)
    known = ticket.complaint.person if ticket is not None else None
    before = await intake.person_of(context.store, context.vault, known) if known else None
    given = contact.model_dump(exclude_none=True)
    return (before or Person()).model_copy(update=given)
