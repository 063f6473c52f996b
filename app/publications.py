"""Published answers and common problems."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.caller import Caller
from app.citizen_view import category_name
from app.context import AppContext
from app.periods import MonthQuery, month_or_span
from app.permission import permit
from app.visibility import city_of
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.complaint import Kind
from domain.ticket.rating import Grade
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from store.reporting import common_problems, published_answers
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


async def topics(context: AppContext, caller: Caller, city: str, query: TopicsQuery) -> TopicsPage:
    """Return the common problems of a period, the largest first; officers see no numbers: a topic
    holds tickets of several units.

    Raises:
        UnknownCity, Problem
    """
    await permit(context, caller, "list_topics")
    city_of(caller, city)
    pack = context.packs.get(city)
    period = month_or_span(query, pack, datetime.now(UTC))
    problems = await topics_in(context, caller, city, period, query.least)
    lines = [_line(topic, pack) for topic in problems]
    return TopicsPage(city=city, since=period.since, until=period.until, topics=lines)


async def topics_in(
    context: AppContext, caller: Caller, city: str, period: Period, least: int
) -> list[Topic]:
    """Return the common problems of a period; officers see no numbers.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "list_topics")
    city_of(caller, city)
    problems = await common_problems.topics(context.store, city, period.since, period.until, least)
    return problems if caller.unit is None else [replace(topic, numbers=[]) for topic in problems]


def _line(topic: Topic, pack: Pack) -> TopicLine:
    street = pack.street_of(topic.area)
    return TopicLine(
        category=topic.category,
        category_name=category_name(pack, topic.category) or topic.category,
        area=topic.area,
        street=street.name if street else None,
        count=topic.count,
        numbers=topic.numbers,
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


async def answers(context: AppContext, city: str, query: AnswersQuery) -> AnswersPage:
    """Return answered complaints whose citizens agreed to it; never reports of wrongdoing.

    Raises:
        UnknownCity, BadCursor
    """
    pack = context.packs.get(city)
    published = await published_tickets(context, pack, query.cursor, query.limit)
    return AnswersPage(
        items=[_answer(ticket, pack) for ticket in published.tickets],
        next_cursor=published.next_cursor,
    )


async def published_tickets(
    context: AppContext, pack: Pack, cursor: str | None, limit: int
) -> published_answers.Answers:
    """Return the city's tickets whose citizens agreed that they are published."""
    await permit(context, None, "list_answers")
    return await published_answers.answers(context.store, pack.city.id, cursor, limit)


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
