"""Common problems (共性问题), for the staff; published answers (政民零距离), for everybody."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.caller import Caller
from app.context import API
from app.periods import month_or_span
from app.publications import AnswersPage, AnswersQuery, TopicsPage, TopicsQuery, _answer, _topic
from app.visibility import city_of
from store.reporting.common_problems import topics
from store.reporting.published_answers import answers

router = APIRouter(prefix=API)


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
    context: Context,
    caller: Annotated[Caller, staff("list_topics")],
    query: Annotated[TopicsQuery, Query()],
) -> Response:
    """List the topics of complaints filed in the period, the largest first. Officers see no
    numbers: a topic holds tickets of several units.
    """
    city_of(caller, city)
    pack, now = context.packs.get(city), datetime.now(UTC)
    period = month_or_span(query, pack, now)
    found = await topics(context.store, pack.city.id, period.since, period.until, query.least)
    lines = [_topic(topic, pack, named_to=caller.unit is None) for topic in found]
    return json_of(
        TopicsPage(city=pack.city.id, since=period.since, until=period.until, topics=lines)
    )


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
    city: str, context: Context, query: Annotated[AnswersQuery, Query()]
) -> Response:
    """List answered complaints whose citizens agreed to it; never reports of wrongdoing."""
    pack = context.packs.get(city)
    found = await answers(context.store, pack.city.id, query.cursor, query.limit)
    return json_of(
        AnswersPage(
            items=[_answer(ticket, pack) for ticket in found.tickets],
            next_cursor=found.next_cursor,
        ),
        Cache_Control="public, max-age=300",
    )
