"""A citizen's tickets, found by a phone that they have confirmed."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming, Instant, Recorded
from domain.ticket.stages import Outcome, Stage
from store.secrets.phones import normal_phone

Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]


class VerifyIn(Incoming):
    phone: Phone


class ConfirmIn(Incoming):
    phone: Phone
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{6}$")]


class Sent(Recorded):
    """The answer for every phone, so that it does not reveal whether the phone is known."""

    expires_in: int = Field(examples=[600], description="Seconds the code is good for.")


class Pass(Recorded):
    citizen_pass: str
    expires_in: int = Field(examples=[900], description="Seconds.")


class OwnTicket(Recorded):
    """A ticket of the phone's owner; `access_code` opens it."""

    number: str
    access_code: str
    city: str
    title: str
    stage: Stage
    outcome: Outcome | None
    filed_at: Instant
    updated_at: Instant


class OwnTickets(Recorded):
    items: list[OwnTicket]
