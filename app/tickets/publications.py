"""Published answers and common problems."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.cities.periods import MonthQuery, month_or_span
from app.context import AppContext
from app.tickets.citizen_view import category_name
from app.tickets.redaction import redacted
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
from store.tickets.rows import point_of

_VAGUE = 3
"""Decimals of a degree of a published point: a hundred metres."""


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
    context: AppContext,
    caller: Caller,
    city: str,
    period: Period,
    least: int,
    most: int = common_problems.MOST,
) -> list[Topic]:
    """Return the common problems of a period, at most so many; officers see no numbers.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "list_topics")
    city_of(caller, city)
    since, until = period.since, period.until
    problems = await common_problems.topics(context.store, city, since, until, least, most)
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

    It shows neither the citizen nor the address that it is about; phones, plates, flats and the
    like are covered in its texts.
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


@dataclass(frozen=True)
class Publication:
    """A ticket as the public may read it; texts are redacted here, for every place that shows them.

    `category`, `area`, `unit`: codes. `point`: WGS-84, to a hundred metres, to identify no home.
    """

    number: str
    kind: Kind
    title: str
    text: str
    reply: str
    category: str | None
    area: str | None
    unit: str | None
    filed_at: datetime
    outcome: Outcome | None
    grade: Grade | None
    point: tuple[float, float] | None


@dataclass(frozen=True)
class Publications:
    """Part of the list; `next_cursor` is None at its end."""

    items: list[Publication]
    next_cursor: str | None


async def answers(context: AppContext, city: str, query: AnswersQuery) -> AnswersPage:
    """Return answered complaints whose citizens agreed to it; never reports of wrongdoing.

    Raises:
        UnknownCity, BadCursor
    """
    pack = context.packs.get(city)
    published = await publications(context, pack, query.cursor, query.limit)
    return AnswersPage(
        items=[public_answer(one, pack) for one in published.items],
        next_cursor=published.next_cursor,
    )


async def publications(
    context: AppContext, pack: Pack, cursor: str | None, limit: int
) -> Publications:
    """Return what is published of the city's tickets whose citizens agreed to it.

    Raises:
        BadCursor
    """
    await permit(context, None, "list_answers")
    found = await published_answers.answers(context.store, pack.city.id, cursor, limit)
    return Publications([published(ticket) for ticket in found.tickets], found.next_cursor)


async def published_among(
    context: AppContext, pack: Pack, numbers: Collection[str]
) -> list[Publication]:
    """Return those of these tickets that are published, by number."""
    await permit(context, None, "list_answers")
    found = await published_answers.among(context.store, pack.city.id, numbers)
    return [published(ticket) for ticket in found]


def published(ticket: Ticket) -> Publication:
    """Return what the public may read of a ticket, if it is published: ask that before."""
    complaint, point = ticket.complaint, point_of(ticket.complaint.place)
    return Publication(
        number=complaint.number,
        kind=ticket.kind,
        title=redacted(complaint.title),
        text=redacted(complaint.text),
        reply=redacted(ticket.answer or ""),
        category=ticket.category,
        area=ticket.area,
        unit=ticket.unit,
        filed_at=complaint.filed_at,
        outcome=ticket.outcome,
        grade=ticket.verdict.grade if ticket.verdict else None,
        point=point and (round(point[0], _VAGUE), round(point[1], _VAGUE)),
    )


def public_answer(publication: Publication, pack: Pack) -> PublicAnswer:
    """Return the publication with the names of the city."""
    street = pack.street_of(publication.area)
    unit = named(pack, publication.unit).name if publication.unit else None
    return PublicAnswer(
        **{name: getattr(publication, name) for name in _AS_PUBLISHED},
        category=category_name(pack, publication.category),
        street=street.name if street else None,
        unit=unit,
    )


_AS_PUBLISHED = tuple(PublicAnswer.model_fields.keys() - {"category", "street", "unit"})
