"""Public events (汇报会): units answer for published tickets in front of residents."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Request, Response

from api.http.access import TicketNumber, public, staff
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import stages
from app.tickets.promise_views import PromiseOut
from app.tickets.stages import (
    AnswerOnStageIn,
    AskIn,
    DecideQuestionIn,
    InviteToStageIn,
    PublishStageIn,
    RateOnStageIn,
    StageInvitationsOut,
    StageOut,
    StagesOut,
)
from domain.promise.promise import PromiseDraft
from domain.stage.stage import StageDraft

router = APIRouter(prefix=API)

_READING = (
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "not_your_city",
    "too_many_requests",
    "store_unavailable",
)
_ACTING = (*_READING, "malformed_json", "body_too_large", "csrf_failed")
_ONE = (*_ACTING, "stage_not_found")
_INVITED = (
    "invalid_request",
    "malformed_json",
    "body_too_large",
    "stage_not_found",
    "invitation_unknown",
    "too_many_attempts",
    "too_many_requests",
    "store_unavailable",
)
EXAMPLE = {
    "title": "向群众汇报：道路与照明",
    "place": "区政务服务中心一楼大厅",
    "starts_at": "2026-12-05T09:00:00+08:00",
    "open": True,
    "tickets": ["2611012345675"],
}
ANSWERING = {"text": "十二盏路灯已全部更换。"}
PROMISING = {"text": "年底前增设六盏路灯", "due": "2026-12-31"}

StageNumber = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z_.-]{1,64}$", description="The number of the event: heping-3."),
]
QuestionId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")]
InvitationCode = Annotated[
    str,
    Header(
        alias="Invitation-Code",
        max_length=40,
        description="The code of an invitation; capitals and hyphens do not matter.",
    ),
]


@router.get(
    "/cities/{city}/events",
    operation_id="list_stages",
    summary="List the public events of a city",
    tags=["Staff"],
    response_model=StagesOut,
    responses=responses(*_READING, "unknown_city", "not_in_this_city"),
)
async def listed(
    city: str, caller: Annotated[Caller, staff("list_stages")], context: Context
) -> Response:
    """Return them, the newest first; to officers those with tickets of their own unit."""
    return json_of(await stages.list_stages(context, caller, city))


@router.post(
    "/cities/{city}/events",
    operation_id="prepare_stage",
    summary="Prepare a public event with published tickets",
    tags=["Staff"],
    status_code=201,
    response_model=StageOut,
    responses=responses(*_ACTING, "unknown_city", "not_in_this_city", "case_not_published"),
)
async def prepare(
    city: str,
    caller: Annotated[Caller, staff("prepare_stage")],
    context: Context,
    body: Annotated[StageDraft, Body(examples=[EXAMPLE])],
) -> Response:
    """Prepare it with tickets whose answer is published: private ones and reports never are."""
    return json_of(await stages.prepare_stage(context, caller, city, body), 201)


@router.post(
    "/events/{stage}/invitations",
    operation_id="invite_to_stage",
    summary="Issue the codes of invitations to a public event",
    tags=["Staff"],
    status_code=201,
    response_model=StageInvitationsOut,
    responses=responses(*_ONE, "invitation_cap"),
)
async def invite(
    stage: StageNumber,
    caller: Annotated[Caller, staff("invite_to_stage")],
    context: Context,
    body: Annotated[InviteToStageIn, Body(examples=[{"count": 12}])],
) -> Response:
    """Return the codes, which are shown only here."""
    return json_of(await stages.invite_to_stage(context, caller, stage, body), 201)


@router.post(
    "/events/{stage}/tickets/{number}/answer",
    operation_id="answer_on_stage",
    summary="Prepare what a unit answers at a public event",
    tags=["Staff"],
    response_model=StageOut,
    responses=responses(*_ONE, "bad_number", "ticket_not_found", "not_on_stage", "not_your_unit"),
)
async def answer(
    stage: StageNumber,
    number: TicketNumber,
    caller: Annotated[Caller, staff("answer_on_stage")],
    context: Context,
    body: Annotated[AnswerOnStageIn, Body(examples=[ANSWERING])],
) -> Response:
    """Record it; the last word is shown, redacted like all published texts."""
    return json_of(await stages.answer_on_stage(context, caller, stage, number, body))


@router.post(
    "/events/{stage}/tickets/{number}/promises",
    operation_id="promise_on_stage",
    summary="Record what a unit promises at a public event",
    tags=["Staff"],
    status_code=201,
    response_model=PromiseOut,
    responses=responses(
        *_ONE,
        "bad_number",
        "not_on_stage",
        "not_your_unit",
        "not_in_this_city",
        "not_started_yet",
        "ticket_not_found",
        "promise_undated",
        "promise_unit",
        "promise_cap",
        "in_the_past",
        "too_far",
    ),
)
async def promise(
    stage: StageNumber,
    number: TicketNumber,
    caller: Annotated[Caller, staff("promise_on_stage")],
    context: Context,
    body: Annotated[PromiseDraft, Body(examples=[PROMISING])],
) -> Response:
    """Record a promise of the ticket, which is asked about on its day like any other."""
    return json_of(await stages.promise_on_stage(context, caller, stage, number, body), 201)


@router.post(
    "/events/{stage}/publish",
    operation_id="publish_stage",
    summary="Publish the page of a public event",
    tags=["Staff"],
    response_model=StageOut,
    responses=responses(*_ONE),
)
async def publish(
    stage: StageNumber,
    caller: Annotated[Caller, staff("publish_stage")],
    context: Context,
    _body: Annotated[PublishStageIn, Body(examples=[{}])],
) -> Response:
    """Publish it; the first time stays."""
    return json_of(await stages.publish_stage(context, caller, stage))


@router.post(
    "/events/{stage}/questions/{question}",
    operation_id="decide_question",
    summary="Let a question through, or refuse it",
    tags=["Staff"],
    response_model=StageOut,
    responses=responses(*_ONE, "question_not_found"),
)
async def decide(
    stage: StageNumber,
    question: QuestionId,
    caller: Annotated[Caller, staff("decide_question")],
    context: Context,
    body: Annotated[DecideQuestionIn, Body(examples=[{"shown": True}])],
) -> Response:
    """Decide what everybody reads; the decision can be changed."""
    return json_of(await stages.decide_question(context, caller, stage, question, body))


# --- everybody, and those invited ---------------------------------------------------------------


@router.get(
    "/events/{stage}",
    operation_id="get_stage",
    summary="Read a public event",
    tags=["Citizens"],
    dependencies=[public("get_stage")],
    response_model=StageOut,
    responses=responses(
        "invalid_request", "stage_not_found", "too_many_requests", "store_unavailable"
    ),
)
async def show(stage: StageNumber, context: Context) -> Response:
    """Return tickets, answers, promises, ratings and the questions that were let through."""
    return json_of(await stages.public_stage(context, stage))


@router.post(
    "/events/{stage}/questions",
    operation_id="ask_on_stage",
    summary="Ask something at a public event",
    tags=["Citizens"],
    dependencies=[public("get_stage")],
    response_model=StageOut,
    responses=responses(*_INVITED, "stage_question_cap"),
)
async def ask(
    request: Request,
    stage: StageNumber,
    context: Context,
    code: InvitationCode,
    body: Annotated[AskIn, Body(examples=[{"text": "北门的路灯什么时候装？"}])],
) -> Response:
    """Record a question; it is shown once a supervisor lets it through."""
    return json_of(await stages.ask_on_stage(context, stage, code, network_of(request), body))


@router.post(
    "/events/{stage}/ratings",
    operation_id="rate_on_stage",
    summary="Rate an answer of a public event",
    tags=["Citizens"],
    dependencies=[public("get_stage")],
    response_model=StageOut,
    responses=responses(*_INVITED, "not_on_stage", "answer_rated"),
)
async def rate(
    request: Request,
    stage: StageNumber,
    context: Context,
    code: InvitationCode,
    body: Annotated[RateOnStageIn, Body(examples=[{"number": "2611012345675", "grade": 5}])],
) -> Response:
    """Count one rating for each invitation and ticket."""
    return json_of(await stages.rate_on_stage(context, stage, code, network_of(request), body))
