"""Acts of machines, contests and wishes for a person, and replies that machines propose."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, citizen_or_staff, staff
from api.http.dependencies import Context
from api.http.problem_responses import ACTING, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.agents import drafts, requests
from app.agents.drafts import DiscardIn, DraftIn, UseDraftIn
from app.agents.request_views import (
    MachineActsOut,
    PersonRequestOut,
    PersonRequestsOut,
    ReplyDraftOut,
)
from app.agents.requests import ContestIn, PersonDecisionIn, PersonIn, PersonRequestsQuery
from app.context import API

router = APIRouter(prefix=API)

_READING = (*READING, *OF_TICKET, "too_many_attempts")
_ACTING = (*ACTING, *OF_TICKET, "too_many_attempts", "not_started_yet", "not_in_this_city")
_ASKING = (*_ACTING, "no_machine_acted", "person_request_cap")
_DRAFT = (*ACTING, *OF_TICKET, "not_started_yet", "draft_not_found", "draft_decided")

CONTEST = {"version": 3, "reason": "分类错了：这里不是河道，是小区内的水池。"}
PERSON = {"reason": "请工作人员看一下。"}
DECISION = {"outcome": "corrected", "answer": "已重新分类，转园林部门办理。"}
DRAFT = {"assignment": 1, "text": "您好，路灯已修复。"}
USING = {"reply": "您好，路灯已于今日修复。", "resolved": True}

RequestN = Annotated[int, Path(ge=1, le=10_000, description="Its number on the ticket, from 1.")]


@router.get(
    "/tickets/{number}/machine-acts",
    operation_id="list_machine_acts",
    summary="See what machines did with a ticket, and what was asked about it",
    tags=["Citizens", "Staff"],
    response_model=MachineActsOut,
    responses=responses(*_READING),
)
async def machine_acts(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_machine_acts")],
    context: Context,
) -> Response:
    """Return the events that machines caused, contests and wishes with their answers, and for the
    unit the replies that machines propose."""
    return json_of(await requests.acts_of(context, caller, number))


@router.post(
    "/tickets/{number}/contests",
    operation_id="contest_machine",
    summary="Contest what a machine did",
    tags=["Citizens", "Staff"],
    status_code=201,
    response_model=PersonRequestOut,
    responses=responses(*_ASKING),
)
async def contest(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("contest_machine")],
    context: Context,
    body: Annotated[ContestIn, Body(examples=[CONTEST])],
) -> Response:
    """Put it before a person. Until one has decided, no machine acts on the ticket."""
    return json_of(await requests.contest_machine(context, caller, number, body), 201)


@router.post(
    "/tickets/{number}/ask-person",
    operation_id="ask_for_person",
    summary="Ask for a person",
    tags=["Citizens", "Staff"],
    status_code=201,
    response_model=PersonRequestOut,
    responses=responses(*_ASKING),
)
async def person(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("ask_for_person")],
    context: Context,
    body: Annotated[PersonIn, Body(examples=[PERSON])],
) -> Response:
    """Ask that a person handles the ticket on which a machine acted (转人工)."""
    return json_of(await requests.ask_for_person(context, caller, number, body), 201)


@router.get(
    "/person-requests",
    operation_id="list_person_requests",
    summary="List what waits for a person's decision about a machine",
    tags=["Staff"],
    response_model=PersonRequestsOut,
    responses=responses(
        *READING, "not_your_city", "unknown_city", "not_in_this_city", "bad_cursor"
    ),
)
async def waiting(
    caller: Annotated[Caller, staff("list_person_requests")],
    context: Context,
    query: Annotated[PersonRequestsQuery, Query()],
) -> Response:
    """Return the open contests and wishes of a city, the oldest first."""
    return json_of(await requests.waiting_requests(context, caller, query))


@router.post(
    "/tickets/{number}/person-requests/{request}/decide",
    operation_id="decide_person_request",
    summary="Decide a contest or a wish for a person",
    tags=["Staff"],
    response_model=PersonRequestOut,
    responses=responses(
        *_ACTING, "person_request_not_found", "person_request_decided", "own_request"
    ),
)
async def decide(
    number: TicketNumber,
    request: RequestN,
    caller: Annotated[Caller, staff("decide_person_request")],
    context: Context,
    body: Annotated[PersonDecisionIn, Body(examples=[DECISION])],
) -> Response:
    """Decide it, with an answer for the one who asked. What was wrong is put right by commands."""
    out = await requests.decide_person_request(context, caller, number, request, body)
    return json_of(out)


@router.post(
    "/tickets/{number}/drafts",
    operation_id="propose_reply",
    summary="Propose a reply, as a machine",
    tags=["Staff"],
    status_code=201,
    response_model=ReplyDraftOut,
    responses=responses(
        *ACTING,
        *OF_TICKET,
        "agent_token_needed",
        "not_for_machines",
        "left_to_people",
        "unknown_assignment",
        "not_your_unit",
        "assignment_ended",
        "not_started_yet",
        "person_request_cap",
    ),
)
async def propose(
    number: TicketNumber,
    caller: Annotated[Caller, staff("propose_reply")],
    context: Context,
    body: Annotated[DraftIn, Body(examples=[DRAFT])],
) -> Response:
    """Propose a reply for the own unit's share. It is sent only when a person has confirmed it."""
    return json_of(await drafts.propose_reply(context, caller, number, body), 201)


@router.post(
    "/tickets/{number}/drafts/{draft}/use",
    operation_id="use_draft",
    summary="Send a reply that a machine proposed",
    tags=["Staff"],
    response_model=ReplyDraftOut,
    responses=responses(*_DRAFT, "assignment_not_found", "assignment_ended", "not_your_unit"),
)
async def use(
    number: TicketNumber,
    draft: RequestN,
    caller: Annotated[Caller, staff("use_draft")],
    context: Context,
    body: Annotated[UseDraftIn, Body(examples=[USING])],
) -> Response:
    """Hand in the unit's result with these words, which a person has read and confirmed."""
    return json_of(await drafts.use_draft(context, caller, number, draft, body))


@router.post(
    "/tickets/{number}/drafts/{draft}/discard",
    operation_id="discard_draft",
    summary="Put a machine's draft aside",
    tags=["Staff"],
    response_model=ReplyDraftOut,
    responses=responses(*_DRAFT),
)
async def discard(
    number: TicketNumber,
    draft: RequestN,
    caller: Annotated[Caller, staff("use_draft")],
    context: Context,
    _body: Annotated[DiscardIn, Body(examples=[{}])],
) -> Response:
    """Put it aside: nothing of it is sent."""
    return json_of(await drafts.discard_draft(context, caller, number, draft))
