"""A public hearing: its tickets, the answers of units, and what residents say to them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming, Instant, Recorded
from domain.refusals import Refused
from domain.ticket.complaint import Code, cleaned, required

LONGEST = timedelta(days=366)
"""The longest time until a hearing begins, and since one that is recorded afterwards."""
MOST_TICKETS = 30
"""The most tickets of one hearing."""
MOST_INVITED = 500
"""The most invitations of one hearing."""
MOST_QUESTIONS = 5
"""The most questions with one invitation."""

Heading = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(required)]
HearingAnswer = Annotated[
    str, StringConstraints(min_length=1, max_length=2000), AfterValidator(required)
]
HearingQuestion = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(required)
]
Label = Annotated[str, StringConstraints(max_length=30), AfterValidator(cleaned)]


class Decision(StrEnum):
    """The decision of a supervisor on a question."""

    WAITING = "waiting"
    SHOWN = "shown"
    REFUSED = "refused"


class HearingDraft(Incoming):
    """A hearing as it is prepared. `open`: everybody may come; else those invited."""

    title: Heading
    place: Heading
    starts_at: Instant
    open: bool = True
    tickets: list[Code] = Field(min_length=1, max_length=MOST_TICKETS)


class Hearing(Recorded):
    """A hearing as it is recorded. `number`: the city and a count, as in its public address."""

    id: str
    number: str
    city: str
    n: int
    title: str
    place: str
    starts_at: Instant
    open: bool
    made_at: Instant
    made_by: str
    invited: int = 0
    published_at: Instant | None = None


def check_beginning(of: HearingDraft, now: datetime) -> None:
    """Refuse a hearing whose year is mistyped.

    Raises:
        Refused: in_the_past, too_far
    """
    if of.starts_at < now - LONGEST:
        raise Refused("in_the_past", "The hearing was long ago.")
    if of.starts_at > now + LONGEST:
        raise Refused("too_far", "The hearing is too far away.")
