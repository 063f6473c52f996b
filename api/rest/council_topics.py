"""Topics that councils are held on, and the councils that a city publishes."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.http.access import public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.matters import TopicNumber
from api.http.problem_responses import BODY, OF_CITY, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import council_topics
from app.tickets.council_topics import CouncilTopicOut, CouncilTopicsOut, LinkTicketIn
from domain.council.topic import TopicDraft
from store.tickets.numbers import parse_number

router = APIRouter(prefix=API)

_OF_CITY = (*READING, *OF_CITY, "not_in_this_city")
_SENDING = (*BODY, "csrf_failed")

EXAMPLE = {"title": "小区停车位怎么安排", "area": "370102001", "category": "road"}
LINKING = {"number": "2603021234560"}


@router.get(
    "/cities/{city}/council-topics",
    operation_id="list_council_topics",
    summary="See the topics of a city's councils",
    tags=["Staff"],
    response_model=CouncilTopicsOut,
    responses=responses(*_OF_CITY),
)
async def listed(
    city: str, caller: Annotated[Caller, staff("list_council_topics")], context: Context
) -> Response:
    """Return the newest topics first, each with its councils."""
    items = await council_topics.council_topics(context, caller, city)
    return json_of(CouncilTopicsOut(items=items))


@router.post(
    "/cities/{city}/council-topics",
    operation_id="open_council_topic",
    summary="Open a topic for councils",
    tags=["Staff"],
    status_code=201,
    response_model=CouncilTopicOut,
    responses=responses(
        *_OF_CITY,
        *_SENDING,
        "not_your_unit",
        "place_without_area",
        "unknown_unit",
        "unknown_category",
        "idempotency_key_reused",
    ),
)
async def open_(
    city: str,
    caller: Annotated[Caller, staff("open_council_topic")],
    context: Context,
    body: Annotated[TopicDraft, Body(examples=[EXAMPLE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Open it; its councils are then prepared by its unit, a dispatcher or a supervisor."""
    out = await council_topics.open_topic(context, caller, city, body, idempotency_key)
    return json_of(out, 201)


@router.get(
    "/council-topics/{topic}",
    operation_id="get_council_topic",
    summary="See a topic with its councils",
    tags=["Staff"],
    response_model=CouncilTopicOut,
    responses=responses(*READING, "council_topic_not_found"),
)
async def show(
    topic: TopicNumber, caller: Annotated[Caller, staff("list_council_topics")], context: Context
) -> Response:
    """Return it with those of its tickets that the caller may see."""
    return json_of(await council_topics.council_topic(context, caller, topic))


@router.post(
    "/council-topics/{topic}/tickets",
    operation_id="link_to_council_topic",
    summary="Link a ticket to a topic",
    tags=["Staff"],
    response_model=CouncilTopicOut,
    responses=responses(
        *READING,
        *_SENDING,
        "council_topic_not_found",
        "bad_number",
        "ticket_not_found",
        "not_of_this_kind",
        "council_of_report",
    ),
)
async def link(
    topic: TopicNumber,
    caller: Annotated[Caller, staff("link_to_council_topic")],
    context: Context,
    body: Annotated[LinkTicketIn, Body(examples=[LINKING])],
) -> Response:
    """Link a ticket of the topic's category: its timeline tells of the councils from then on."""
    number = parse_number(body.number)
    return json_of(await council_topics.link_to_topic(context, caller, topic, number))


@router.get(
    "/cities/{city}/councils",
    operation_id="list_public_councils",
    summary="Read a city's councils by topic",
    tags=["Citizens"],
    dependencies=[public("list_public_councils")],
    response_model=CouncilTopicsOut,
    responses=responses(
        "unknown_city", "not_in_this_city", "too_many_requests", "store_unavailable"
    ),
)
async def published(city: str, context: Context) -> Response:
    """Return the topics with councils that were opened, redacted; no ticket is named."""
    items = await council_topics.public_councils(context, city)
    return json_of(CouncilTopicsOut(items=items))
