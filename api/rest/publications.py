"""Common problems (共性问题), for the staff; published answers (政民零距离), for everybody."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets.publications import (
    AnswersPage,
    AnswersQuery,
    TopicsPage,
    TopicsQuery,
    answers,
    topics,
)

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
    return json_of(await topics(context, caller, city, query))


@router.get(
    "/cities/{city}/answers",
    operation_id="list_answers",
    dependencies=[public("list_answers")],
    summary="Published questions and answers, newest first",
    tags=["Cities"],
    response_model=AnswersPage,
    responses=responses("unknown_city", "bad_cursor", "invalid_request", "store_unavailable"),
)
async def list_answers(
    city: str, context: Context, query: Annotated[AnswersQuery, Query()]
) -> Response:
    """List answered complaints whose citizens agreed to it; never reports of wrongdoing."""
    return json_of(await answers(context, city, query), Cache_Control="public, max-age=300")
