"""A topic that councils are held on, beside the tickets of its kind."""

from pydantic import Field

from domain.council.council import Subject
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code


class TopicDraft(Incoming):
    """A topic as it is opened."""

    title: Subject
    area: Code = Field(description="The division that it is about: a street, or a part of one.")
    category: Code = Field(description="The category of the tickets that are of its kind.")
    unit: Code | None = Field(
        None, description="The unit that holds its councils; none: of whoever opens it, the street."
    )


class CouncilTopic(Recorded):
    """A topic as it is recorded. `number`: the city and a count. `unit`: holds its councils."""

    id: str
    number: str
    city: str
    n: int
    title: str
    area: str
    category: str
    unit: str
    opened_at: Instant


def is_topic(number: str) -> bool:
    """Return whether it is the number of a topic: those of tickets have digits alone."""
    return not number.isdigit()


def ticket_of(number: str) -> str | None:
    """Return the ticket that a council hangs on; None: it hangs on a topic."""
    return None if is_topic(number) else number
