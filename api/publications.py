"""Common problems (共性问题), for the staff; published answers (政民零距离), for everybody."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.access import city_of, public, staff
from api.caller import Caller
from api.door import API, TheDoor, json_of
from api.periods import MonthQuery, month_or_span
from api.problems import responses
from api.views import category_name
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from domain.ticket.rating import Grade
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from store.reporting.common_problems import Topic, topics
from store.reporting.published_answers import answers
from store.reporting.ranking import named

router = APIRouter(prefix=API)


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


@router.get(
    "/cities/{city}/topics",
    operation_id="list_topics",
    summary="Common problems: many complaints about one kind of thing in one street",
    tags=["Staff"],
    response_model=TopicsPage,
    responses=responses(
        "unauthenticated",
        "forbidden",
        "not_your_city",
        "unknown_city",
        "invalid_request",
        "store_unavailable",
    ),
)
async def list_topics(
    city: str,
    door: TheDoor,
    caller: Annotated[Caller, staff("list_topics")],
    query: Annotated[TopicsQuery, Query()],
) -> Response:
    """List the topics of complaints filed in the period, the largest first. Officers see no
    numbers: a topic holds tickets of several units.
    """
    city_of(caller, city)
    pack, now = door.packs.get(city), datetime.now(UTC)
    period = month_or_span(query, pack, now)
    found = await topics(door.store, pack.city.id, period.since, period.until, query.least)
    lines = [_topic(topic, pack, named_to=caller.unit is None) for topic in found]
    return json_of(
        TopicsPage(city=pack.city.id, since=period.since, until=period.until, topics=lines)
    )


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


@router.get(
    "/cities/{city}/answers",
    operation_id="list_answers",
    dependencies=[public("list_answers")],
    summary="Published questions and answers, the last filed first",
    tags=["Cities"],
    response_model=AnswersPage,
    responses=responses("unknown_city", "bad_cursor", "invalid_request", "store_unavailable"),
)
async def list_answers(
    city: str, door: TheDoor, query: Annotated[AnswersQuery, Query()]
) -> Response:
    """List answered complaints whose citizens agreed to it; never reports of wrongdoing."""
    pack = door.packs.get(city)
    found = await answers(door.store, pack.city.id, query.cursor, query.limit)
    return json_of(
        AnswersPage(
            items=[_answer(ticket, pack) for ticket in found.tickets],
            next_cursor=found.next_cursor,
        ),
        Cache_Control="public, max-age=300",
    )


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
