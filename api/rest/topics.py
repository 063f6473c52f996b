"""Topics (共性问题): what many citizens complain about, what is done about it, and duplicates."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import BODY, OF_CITY, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.topics import acts, views
from app.topics.acts import (
    InspectTopicIn,
    MergeTopicIn,
    MonthlySubjectIn,
    NameTopicIn,
    SplitTopicIn,
    TopicProgressIn,
    TopicTicketIn,
)
from app.topics.views import (
    AlikeTicketsOut,
    CitizenTopicPage,
    CitizenTopicsOut,
    CitizenTopicsQuery,
)

router = APIRouter(prefix=API)

TopicPath = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$",
        description="The number of the topic.",
        examples=["jinan-g3"],
    ),
]

_ACTING = (*READING, *BODY, "csrf_failed", "topic_not_found", "topic_merged")


@router.get(
    "/cities/{city}/citizen-topics",
    operation_id="list_citizen_topics",
    summary="See what many citizens complain about",
    tags=["Staff"],
    response_model=CitizenTopicsOut,
    responses=responses(*READING, *OF_CITY, "invalid_request"),
)
async def listed(
    city: str,
    caller: Annotated[Caller, staff("list_citizen_topics")],
    context: Context,
    query: Annotated[CitizenTopicsQuery, Query()],
) -> Response:
    """Return topics that grow, those of most citizens first: who writes ten times counts once."""
    return json_of(await views.citizen_topics(context, caller, city, query))


@router.get(
    "/citizen-topics/{topic}",
    operation_id="get_citizen_topic",
    summary="See a topic with its trend, places, units, tickets and acts",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*READING, "topic_not_found"),
)
async def show(
    topic: TopicPath, caller: Annotated[Caller, staff("get_citizen_topic")], context: Context
) -> Response:
    """Return it with those of its tickets that the caller may see."""
    return json_of(await views.citizen_topic(context, caller, topic))


@router.get(
    "/tickets/{number}/alike",
    operation_id="list_alike_tickets",
    summary="See which tickets may be about the same",
    tags=["Staff"],
    response_model=AlikeTicketsOut,
    responses=responses(*READING, "bad_number", "ticket_not_found"),
)
async def alike(
    number: TicketNumber, caller: Annotated[Caller, staff("list_alike_tickets")], context: Context
) -> Response:
    """Return the three tickets most like it, with a score and what they share."""
    return json_of(await views.alike_tickets(context, caller, number))


@router.post(
    "/citizen-topics/{topic}/merge",
    operation_id="merge_topics",
    summary="Make a topic part of another",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING, "same_topic"),
)
async def merge(
    topic: TopicPath,
    caller: Annotated[Caller, staff("merge_topics")],
    context: Context,
    body: Annotated[MergeTopicIn, Body(examples=[{"into": "jinan-g2", "reason": "同一问题"}])],
) -> Response:
    """Return the other topic, which has the tickets of both from then on."""
    return json_of(await acts.merge_topics(context, caller, topic, body))


@router.post(
    "/citizen-topics/{topic}/split",
    operation_id="split_topic",
    summary="Give tickets of a topic one of their own",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING, "not_of_topic", "whole_topic"),
)
async def split(
    topic: TopicPath,
    caller: Annotated[Caller, staff("split_topic")],
    context: Context,
    body: Annotated[
        SplitTopicIn, Body(examples=[{"tickets": ["2603021234560"], "reason": "两个小区"}])
    ],
) -> Response:
    """Return the new topic."""
    return json_of(await acts.split_topic(context, caller, topic, body))


@router.post(
    "/citizen-topics/{topic}/name",
    operation_id="name_topic",
    summary="Name a topic",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING),
)
async def name(
    topic: TopicPath,
    caller: Annotated[Caller, staff("name_topic")],
    context: Context,
    body: Annotated[NameTopicIn, Body(examples=[{"title": "小区底商油烟扰民"}])],
) -> Response:
    """Give it the name by which people know it; its words stay beside it."""
    return json_of(await acts.name_topic(context, caller, topic, body))


@router.post(
    "/citizen-topics/{topic}/tickets",
    operation_id="open_topic_ticket",
    summary="Open a ticket on behalf of the city (未诉先办)",
    tags=["Staff"],
    status_code=201,
    response_model=CitizenTopicPage,
    responses=responses(
        *_ACTING, "unknown_city", "unknown_category", "idempotency_key_reused", "accused_unsaid"
    ),
)
async def open_ticket(
    topic: TopicPath,
    caller: Annotated[Caller, staff("open_topic_ticket")],
    context: Context,
    body: Annotated[TopicTicketIn, Body(examples=[{"text": "请全面排查底商油烟。"}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """File one ticket for the topic's place, and link it."""
    made = await acts.open_topic_ticket(context, caller, topic, body, idempotency_key)
    return json_of(made, 201)


@router.post(
    "/citizen-topics/{topic}/inspections",
    operation_id="inspect_topic",
    summary="Have sibling units inspect what a topic is about",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING, "not_of_topic", "ticket_not_found", "unknown_unit",
                        "no_siblings", "idempotency_key_reused"),
)  # fmt: skip
async def inspect(
    topic: TopicPath,
    caller: Annotated[Caller, staff("inspect_topic")],
    context: Context,
    body: Annotated[
        InspectTopicIn, Body(examples=[{"ticket": "2603021234560", "text": "排查底商油烟。"}])
    ],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Open inspections (举一反三) from one of its tickets, or one that was opened from it."""
    return json_of(await acts.inspect_topic(context, caller, topic, body, idempotency_key))


@router.post(
    "/citizen-topics/{topic}/month",
    operation_id="make_monthly_subject",
    summary="Make a topic the subject of a month (每月一题)",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING, "unknown_unit"),
)
async def subject(
    topic: TopicPath,
    caller: Annotated[Caller, staff("make_monthly_subject")],
    context: Context,
    body: Annotated[
        MonthlySubjectIn,
        Body(examples=[{"month": "2026-03", "unit": "urban", "text": "底商油烟全部整改"}]),
    ],
) -> Response:
    """Say of which month it is the subject, which unit leads, and what is to be reached."""
    return json_of(await acts.make_monthly_subject(context, caller, topic, body))


@router.post(
    "/citizen-topics/{topic}/progress",
    operation_id="note_topic_progress",
    summary="Say how far a month's subject is",
    tags=["Staff"],
    response_model=CitizenTopicPage,
    responses=responses(*_ACTING, "no_subject", "idempotency_key_reused"),
)
async def progress(
    topic: TopicPath,
    caller: Annotated[Caller, staff("note_topic_progress")],
    context: Context,
    body: Annotated[TopicProgressIn, Body(examples=[{"text": "十二家餐馆装了排烟管道"}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add to its progress."""
    made = await acts.note_topic_progress(context, caller, topic, body, idempotency_key)
    return json_of(made)
