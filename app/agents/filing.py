"""Complaints that machines file for others, where the city allows it."""

from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.filing import intake
from app.filing.intake import ComplaintIn
from domain.model import Incoming, Recorded
from domain.ticket.complaint import Channel, Code, Kind, Place, Text, Title
from domain.ticket.stages import Stage
from store.secrets.vault import ContactDetails, Person


class AgentComplaintIn(Incoming):
    """A complaint that somebody asked the machine to file, in their words."""

    text: Text
    title: Title = ""
    kind: Kind = Kind.COMPLAINT
    channel: Channel = Channel.OTHER
    category: Code | None = None
    place: Place = Field(default_factory=Place)
    anonymous: bool = False
    contact: ContactDetails | None = Field(
        None, description="How to reach who complains: kept encrypted, and not told to you again."
    )
    key: Annotated[str, Field(min_length=8, max_length=100)] = Field(
        description="A text of your own: the same again with the same content files nothing more."
    )


class AgentReceipt(Recorded):
    """The number. The access code is not told to a machine: the hotline tells it to the citizen."""

    number: str
    stage: Stage
    new: bool


async def file_complaint(
    context: AppContext, caller: Caller, asked: AgentComplaintIn
) -> AgentReceipt:
    """File a complaint, as a machine.

    Raises:
        Problem: not_for_machines, of a report of wrongdoing; and those of filing
        KeyReused
    """
    await permit(context, caller, "file_complaint")
    values = asked.model_dump(exclude={"key", "contact"})
    contact = Person(**asked.contact.model_dump()) if asked.contact else None
    body = ComplaintIn(**values, city=caller.city, contact=contact)
    filed = await intake.take(context, caller, body, f"{caller.id}/{asked.key}")
    return AgentReceipt(number=filed.receipt.number, stage=filed.receipt.stage, new=filed.new)
