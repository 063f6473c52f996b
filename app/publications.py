"""Published answers and common problems."""

from typing import Annotated

from pydantic import Field

from app.citizen_view import category_name
from app.periods import MonthQuery
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from domain.ticket.rating import Grade
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from store.reporting.common_problems import Topic
from store.reporting.ranking import named


class TopicsQuery(MonthQuery):
    least: int = Field(5, ge=2, le=10_000, description="So many complaints make a topic.")


class TopicLine(Recorded):
    """Complaints of one category in one street; `numbers` are the newest."""

    category: str
    category_name: str
    area: str
    street: str | None = Field(description="The street's name; null where no unit has it.")
    count: int
    numbers: list[str]


class TopicsPage(Recorded):
    city: str
    since: Instant
    until: Instant
    topics: list[TopicLine]


def _topic(topic: Topic, pack: Pack, *, named_to: bool) -> TopicLine:
    street = pack.street_of(topic.area)
    return TopicLine(
        category=topic.category,
        category_name=category_name(pack, topic.category) or topic.category,
        area=topic.area,
        street=street.name if street else None,
        count=topic.count,
        numbers=topic.numbers if named_to else [],
    )


class AnswersQuery(Incoming):
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(20, ge=1, le=100)


class PublicAnswer(Recorded):
    """A complaint whose citizen agreed that question and answer are published.

    It shows neither the citizen nor the address that it is about.
    """

    number: str
    kind: Kind
    title: str
    text: str
    category: str | None = Field(None, examples=["路灯"])
    street: str | None = Field(None, examples=["北苑街道"])
    unit: str | None = Field(None, examples=["城管委"])
    filed_at: Instant
    reply: str
    outcome: Outcome | None = Field(description="Null while the citizen may still rate it.")
    grade: Grade | None = None


class AnswersPage(Recorded):
    items: list[PublicAnswer]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


def _answer(ticket: Ticket, pack: Pack) -> PublicAnswer:
    complaint, street = ticket.complaint, pack.street_of(ticket.area)
    return PublicAnswer(
        number=complaint.number,
        kind=ticket.kind,
        title=complaint.title,
        text=complaint.text,
        category=category_name(pack, ticket.category),
        street=street.name if street else None,
        unit=named(pack, ticket.unit).name if ticket.unit else None,
        filed_at=complaint.filed_at,
        reply=ticket.reply or "",
        outcome=ticket.outcome,
        grade=ticket.rating.grade if ticket.rating else None,
    )
