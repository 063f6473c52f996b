"""A topic as it is recorded, and the acts of people on it."""

from datetime import datetime
from enum import StrEnum

from domain.model import Instant, Recorded


class TopicActKind(StrEnum):
    """The kinds of acts of people on a topic."""

    MERGED = "merged"
    SPLIT = "split"
    NAMED = "named"
    TICKET_OPENED = "ticket_opened"
    INSPECTED = "inspected"
    SUBJECT_MADE = "subject_made"
    PROGRESS = "progress"


class TopicAct(Recorded):
    """An act on a topic. `about`: the ticket, the topic or the month that it concerns."""

    n: int = 0
    at: Instant
    actor: str
    role: str
    kind: TopicActKind
    about: str | None = None
    text: str = ""


class TopicRow(Recorded):
    """A topic. `people`: its citizens, each counted once. `words`: by which it is known.

    `title`: the name that a person gave it. `month`, `unit`: of which month it is the subject
    (每月一题), and who leads it. `merged_into`: the topic that it became part of.
    """

    number: str
    city: str
    n: int
    words: list[str]
    title: str | None
    tickets: int
    people: int
    first_at: Instant
    last_at: Instant
    merged_into: str | None = None
    month: str | None = None
    unit: str | None = None

    @property
    def name(self) -> str:
        return self.title or " ".join(self.words)


class TopicMember(Recorded):
    """A ticket of a topic, without its text."""

    number: str
    filed_at: Instant
    area: str | None
    unit: str | None
    category: str | None


def week_of(at: datetime) -> str:
    """Return the week of a moment, as its year and number (ISO 8601)."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"
