"""Public hearings (汇报会): units answer for published tickets in front of residents."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from api.http.access import InvitationCode, TicketNumber, public, staff
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import ACTING, BODY, BY_CODE, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import hearings
from app.tickets.hearing_views import HearingOut, HearingsOut
from app.tickets.hearings import (
    AnswerAtHearingIn,
    AskIn,
    DecideQuestionIn,
    HearingInvitationsOut,
    InviteToHearingIn,
    PublishHearingIn,
    RateAtHearingIn,
)
from app.tickets.promise_views import PromiseOut
from domain.hearing.hearing import HearingDraft
from domain.promise.promise import PromiseDraft

router = APIRouter(prefix=API)

_READING = (*READING, "not_your_city")
_ACTING = (*ACTING, "not_your_city")
_ONE = (*_ACTING, "hearing_not_found")
_INVITED = (*BY_CODE, *BODY, "hearing_not_found", "invitation_unknown", "code_of_resident")
EXAMPLE = {
    "title": "向群众汇报：道路与照明",
    "place": "区政务服务中心一楼大厅",
    "starts_at": "2026-12-05T09:00:00+08:00",
    "open": True,
    "tickets": ["2611012345675"],
}
ANSWERING = {"text": "十二盏路灯已全部更换。"}
PROMISING = {"text": "年底前增设六盏路灯", "due": "2026-12-31"}

HearingNumber = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z_.-]{1,64}$", description="The number of the hearing: heping-3."),
]
QuestionId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")]


@router.get(
    "/cities/{city}/hearings",
    operation_id="list_hearings",
    summary="List the public hearings of a city",
    tags=["Staff"],
    response_model=HearingsOut,
    responses=responses(*_READING, "unknown_city", "not_in_this_city"),
)
async def listed(
    city: str, caller: Annotated[Caller, staff("list_hearings")], context: Context
) -> Response:
    """Return them, the newest first; to officers those with tickets of their own unit."""
    return json_of(await hearings.list_hearings(context, caller, city))


@router.post(
    "/cities/{city}/hearings",
    operation_id="prepare_hearing",
    summary="Prepare a public hearing with published tickets",
    tags=["Staff"],
    status_code=201,
    response_model=HearingOut,
    responses=responses(
        *_ACTING,
        "unknown_city",
        "not_in_this_city",
        "case_not_published",
        "in_the_past",
        "too_far",
        "idempotency_key_reused",
    ),
)
async def prepare(
    city: str,
    caller: Annotated[Caller, staff("prepare_hearing")],
    context: Context,
    body: Annotated[HearingDraft, Body(examples=[EXAMPLE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Prepare it with tickets whose answer is published: private ones and reports never are."""
    out = await hearings.prepare_hearing(context, caller, city, body, idempotency_key)
    return json_of(out, 201)


@router.post(
    "/hearings/{hearing}/invitations",
    operation_id="invite_to_hearing",
    summary="Issue the codes of invitations to a public hearing",
    tags=["Staff"],
    status_code=201,
    response_model=HearingInvitationsOut,
    responses=responses(*_ONE, "invitation_cap", "idempotency_key_reused"),
)
async def invite(
    hearing: HearingNumber,
    caller: Annotated[Caller, staff("invite_to_hearing")],
    context: Context,
    body: Annotated[InviteToHearingIn, Body(examples=[{"count": 12}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the codes, which are shown only here."""
    out = await hearings.invite_to_hearing(context, caller, hearing, body, idempotency_key)
    return json_of(out, 201)


@router.post(
    "/hearings/{hearing}/tickets/{number}/answer",
    operation_id="answer_at_hearing",
    summary="Prepare what a unit answers at a public hearing",
    tags=["Staff"],
    response_model=HearingOut,
    responses=responses(
        *_ONE,
        "bad_number",
        "ticket_not_found",
        "not_at_hearing",
        "not_your_unit",
        "answer_stands",
    ),
)
async def answer(
    hearing: HearingNumber,
    number: TicketNumber,
    caller: Annotated[Caller, staff("answer_at_hearing")],
    context: Context,
    body: Annotated[AnswerAtHearingIn, Body(examples=[ANSWERING])],
) -> Response:
    """Record it; the last word is shown, redacted like all published texts."""
    return json_of(await hearings.answer_at_hearing(context, caller, hearing, number, body))


@router.post(
    "/hearings/{hearing}/tickets/{number}/promises",
    operation_id="promise_at_hearing",
    summary="Record what a unit promises at a public hearing",
    tags=["Staff"],
    status_code=201,
    response_model=PromiseOut,
    responses=responses(
        *_ONE,
        "bad_number",
        "not_at_hearing",
        "not_your_unit",
        "not_in_this_city",
        "not_started_yet",
        "ticket_not_found",
        "promise_undated",
        "promise_unit",
        "promise_cap",
        "in_the_past",
        "too_far",
        "idempotency_key_reused",
    ),
)
async def promise(
    hearing: HearingNumber,
    number: TicketNumber,
    caller: Annotated[Caller, staff("promise_at_hearing")],
    context: Context,
    body: Annotated[PromiseDraft, Body(examples=[PROMISING])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record a promise of the ticket, which is asked about on its day like any other."""
    out = await hearings.promise_at_hearing(context, caller, hearing, number, body, idempotency_key)
    return json_of(out, 201)


@router.post(
    "/hearings/{hearing}/publish",
    operation_id="publish_hearing",
    summary="Publish the page of a public hearing",
    tags=["Staff"],
    response_model=HearingOut,
    responses=responses(*_ONE),
)
async def publish(
    hearing: HearingNumber,
    caller: Annotated[Caller, staff("publish_hearing")],
    context: Context,
    _body: Annotated[PublishHearingIn, Body(examples=[{}])],
) -> Response:
    """Publish it; the first time stays."""
    return json_of(await hearings.publish_hearing(context, caller, hearing))


@router.post(
    "/hearings/{hearing}/questions/{question}",
    operation_id="decide_question",
    summary="Let a question through, or refuse it",
    tags=["Staff"],
    response_model=HearingOut,
    responses=responses(*_ONE, "question_not_found"),
)
async def decide(
    hearing: HearingNumber,
    question: QuestionId,
    caller: Annotated[Caller, staff("decide_question")],
    context: Context,
    body: Annotated[DecideQuestionIn, Body(examples=[{"shown": True}])],
) -> Response:
    """Decide what everybody reads; the decision can be changed."""
    return json_of(await hearings.decide_question(context, caller, hearing, question, body))


# --- everybody, and those invited ---------------------------------------------------------------


@router.get(
    "/hearings/{hearing}",
    operation_id="get_hearing",
    summary="Read a public hearing",
    tags=["Citizens"],
    dependencies=[public("get_hearing")],
    response_model=HearingOut,
    responses=responses(
        "invalid_request", "hearing_not_found", "too_many_requests", "store_unavailable"
    ),
)
async def show(hearing: HearingNumber, context: Context) -> Response:
    """Return tickets, answers, promises, ratings and the questions that were let through."""
    return json_of(await hearings.hearing_shown(context, hearing))


@router.post(
    "/hearings/{hearing}/questions",
    operation_id="ask_at_hearing",
    summary="Ask something at a public hearing",
    tags=["Citizens"],
    dependencies=[public("get_hearing")],
    response_model=HearingOut,
    responses=responses(*_INVITED, "hearing_question_cap"),
)
async def ask(
    request: Request,
    hearing: HearingNumber,
    context: Context,
    code: InvitationCode,
    body: Annotated[AskIn, Body(examples=[{"text": "北门的路灯什么时候装？"}])],
) -> Response:
    """Record a question; it is shown once a supervisor lets it through."""
    guest = await guest_of(request, context)
    return json_of(await hearings.ask_at_hearing(context, hearing, code, guest, body))


@router.post(
    "/hearings/{hearing}/ratings",
    operation_id="rate_at_hearing",
    summary="Rate an answer of a public hearing",
    tags=["Citizens"],
    dependencies=[public("get_hearing")],
    response_model=HearingOut,
    responses=responses(*_INVITED, "not_at_hearing", "nothing_answered", "answer_rated"),
)
async def rate(
    request: Request,
    hearing: HearingNumber,
    context: Context,
    code: InvitationCode,
    body: Annotated[RateAtHearingIn, Body(examples=[{"number": "2611012345675", "grade": 5}])],
) -> Response:
    """Count one rating for each invitation and ticket."""
    guest = await guest_of(request, context)
    return json_of(await hearings.rate_at_hearing(context, hearing, code, guest, body))
