"""Councils (协商议事) of tickets and topics, and taking part with the code of an invitation."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel

from api.http.access import InvitationCode, TicketNumber, citizen_or_staff, public, staff
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context, IdempotencyKey
from api.http.matters import on_topics
from api.http.problem_responses import BODY, BY_CODE, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import councils
from app.tickets.council_views import CouncilOut
from app.tickets.councils import (
    BallotIn,
    CloseCouncilIn,
    CouncilsOut,
    FinishTaskIn,
    InvitationsOut,
    InviteIn,
    LateTasksOut,
    OpenCouncilIn,
    Participation,
    StatementIn,
)
from domain.council.council import CouncilDraft, FollowUp
from domain.ticket.complaint import Code

router = APIRouter(prefix=API)

_READING = (*READING, *OF_TICKET, "too_many_attempts")
_ACTING = (*_READING, *BODY, "csrf_failed", "not_started_yet", "council_of_report")
_OF_TICKETS = (
    *OF_TICKET,
    "too_many_attempts",
    "not_started_yet",
    "council_of_report",
    "ticket_ended",
)
"""The refusals that only a ticket leads to."""
_ONE = (*_ACTING, "council_not_found", "council_not_now")
_INVITED = (*BY_CODE, "invitation_unknown", "council_not_now")
_SPEAKING = (*_INVITED, *BODY, "code_of_resident")

EXAMPLE = {
    "subject": "小区停车位怎么安排",
    "options": [
        {"title": "沿路划线", "pros": ["车位多"], "cons": ["路面变窄"]},
        {"title": "错时共享", "pros": ["不占路面"], "cons": ["白天车位少"]},
    ],
    "statements_until": "2026-03-09T10:00:00+08:00",
    "vote_opens_at": "2026-03-09T10:00:00+08:00",
    "vote_closes_at": "2026-03-12T18:00:00+08:00",
}
FOLLOWING = {
    "minutes": "居民代表同意错时共享。",
    "tasks": [{"text": "与写字楼签订共享协议", "unit": "street", "due": "2026-03-31"}],
}

CouncilNumber = Annotated[
    int, Path(ge=1, le=100_000, description="The number of the council on its ticket, from 1.")
]


@router.get(
    "/tickets/{number}/councils",
    operation_id="list_councils",
    summary="See the councils of a ticket",
    tags=["Citizens", "Staff"],
    response_model=CouncilsOut,
    responses=responses(*_READING),
)
async def listed(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_councils")],
    context: Context,
) -> Response:
    """Return them in the order in which they were prepared; to citizens those that were opened.

    Votes are told once they are counted. Whoever is not of staff reads redacted texts.
    """
    return json_of(CouncilsOut(items=await councils.councils_of(context, caller, number)))


Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Response]])


def _held(
    path: str,
    operation: str,
    summary: str,
    *,
    codes: tuple[str, ...],
    model: type[BaseModel] = CouncilOut,
    status_code: int = 200,
) -> Callable[[Handler], Handler]:
    """Serve an act on councils at the tickets and at the topics that these hang on."""

    def serve(handler: Handler) -> Handler:
        common: dict[str, Any] = {
            "tags": ["Staff"],
            "status_code": status_code,
            "response_model": model,
        }
        router.post(
            f"/tickets/{{number}}/councils{path}",
            operation_id=operation,
            summary=summary,
            responses=responses(*codes),
            **common,
        )(handler)
        router.post(
            f"/council-topics/{{topic}}/councils{path}",
            operation_id=f"{operation}_on_topic",
            summary=f"{summary}, on a topic",
            responses=responses(*_of_topics(codes)),
            **common,
        )(on_topics(handler))
        return handler

    return serve


def _of_topics(codes: tuple[str, ...]) -> list[str]:
    """Return the refusals where a topic takes the place of the ticket."""
    return [*(one for one in codes if one not in _OF_TICKETS), "council_topic_not_found"]


@_held(
    "",
    "prepare_council",
    "Prepare a council",
    status_code=201,
    codes=(
        *_ACTING,
        "not_in_this_city",
        "ticket_ended",
        "in_the_past",
        "too_far",
        "idempotency_key_reused",
    ),
)
async def prepare(
    number: TicketNumber,
    caller: Annotated[Caller, staff("prepare_council")],
    context: Context,
    body: Annotated[CouncilDraft, Body(examples=[EXAMPLE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the council, which nobody outside sees before it is opened.

    Whether the vote is secret, its quorum and its majority are the city's rules of this moment.
    """
    out = await councils.prepare_council(context, caller, number, body, idempotency_key)
    return json_of(out, 201)


@_held(
    "/{council}/invitations",
    "invite_to_council",
    "Issue the codes of invitations",
    status_code=201,
    model=InvitationsOut,
    codes=(*_ONE, "invitation_cap", "idempotency_key_reused"),
)
async def invite(
    number: TicketNumber,
    council: CouncilNumber,
    caller: Annotated[Caller, staff("invite_to_council")],
    context: Context,
    body: Annotated[InviteIn, Body(examples=[{"count": 12}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the codes, which are shown only here: one for each participant, one vote each."""
    out = await councils.invite_to_council(context, caller, number, council, body, idempotency_key)
    return json_of(out, 201)


@_held(
    "/{council}/open",
    "open_council",
    "Open a council for statements",
    codes=(*_ONE, "nobody_invited", "in_the_past"),
)
async def open_(
    number: TicketNumber,
    council: CouncilNumber,
    caller: Annotated[Caller, staff("open_council")],
    context: Context,
    _body: Annotated[OpenCouncilIn, Body(examples=[{}])],
) -> Response:
    """Open it; statements, vote and its end then follow by their times."""
    return json_of(await councils.open_council(context, caller, number, council))


@_held(
    "/{council}/follow-up",
    "follow_up_council",
    "Record minutes and tasks of a council",
    codes=(*_ONE, "in_the_past", "unknown_unit"),
)
async def follow_up(
    number: TicketNumber,
    council: CouncilNumber,
    caller: Annotated[Caller, staff("follow_up_council")],
    context: Context,
    body: Annotated[FollowUp, Body(examples=[FOLLOWING])],
) -> Response:
    """Record, once and after the vote, what was said and what has to be done by whom until when."""
    return json_of(await councils.follow_up_council(context, caller, number, council, body))


@_held(
    "/{council}/tasks/{task}/done",
    "finish_council_task",
    "Say that a task of a council is done",
    codes=(*_ONE, "unknown_task"),
)
async def finish(
    number: TicketNumber,
    council: CouncilNumber,
    task: Annotated[int, Path(ge=1, le=100, description="The number of the task, from 1.")],
    caller: Annotated[Caller, staff("finish_council_task")],
    context: Context,
    _body: Annotated[FinishTaskIn, Body(examples=[{}])],
) -> Response:
    """Record it; the first time stays."""
    return json_of(await councils.finish_council_task(context, caller, number, council, task))


@_held(
    "/{council}/close",
    "close_council",
    "Close a council",
    codes=(*_ONE, "council_tasks_left"),
)
async def close(
    number: TicketNumber,
    council: CouncilNumber,
    caller: Annotated[Caller, staff("close_council")],
    context: Context,
    _body: Annotated[CloseCouncilIn, Body(examples=[{}])],
) -> Response:
    """Close one whose tasks are done, or give up one that was not opened."""
    return json_of(await councils.close_council(context, caller, number, council))


@router.get(
    "/council-tasks",
    operation_id="list_council_tasks",
    summary="See what is late of what councils decided",
    tags=["Staff"],
    response_model=LateTasksOut,
    responses=responses(
        "invalid_request",
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "not_your_city",
        "unknown_city",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def late(
    caller: Annotated[Caller, staff("list_council_tasks")],
    context: Context,
    city: Annotated[Code | None, Query()] = None,
) -> Response:
    """Return the tasks past their day, the oldest first; without `city` those of all cities."""
    items = await councils.late_council_tasks(context, caller, city)
    return json_of(LateTasksOut(items=items))


# --- participants -----------------------------------------------------------------------------


@router.get(
    "/council",
    operation_id="take_part",
    summary="See the council that one is invited to",
    tags=["Citizens"],
    dependencies=[public("take_part")],
    response_model=Participation,
    responses=responses(*_INVITED),
)
async def take_part(request: Request, context: Context, code: InvitationCode) -> Response:
    """Return plans, statements and, once it is counted, the result. No ticket is named."""
    return json_of(await councils.take_part(context, code, await guest_of(request, context)))


@router.post(
    "/council/statements",
    operation_id="speak_in_council",
    summary="Say something in a council",
    tags=["Citizens"],
    dependencies=[public("take_part")],
    response_model=Participation,
    responses=responses(*_SPEAKING, "statements_over", "statement_cap"),
)
async def speak(
    request: Request,
    context: Context,
    code: InvitationCode,
    body: Annotated[StatementIn, Body(examples=[{"text": "晚上九点以后没有空位。"}])],
) -> Response:
    """Record it; it is shown to all, with phones, plates and the like covered."""
    out = await councils.speak_in_council(context, code, await guest_of(request, context), body)
    return json_of(out)


@router.post(
    "/council/vote",
    operation_id="vote_in_council",
    summary="Vote in a council",
    tags=["Citizens"],
    dependencies=[public("take_part")],
    response_model=Participation,
    responses=responses(
        *_SPEAKING, "vote_not_open", "vote_over", "unknown_option", "already_voted", "label_missing"
    ),
)
async def vote(
    request: Request,
    context: Context,
    code: InvitationCode,
    body: Annotated[BallotIn, Body(examples=[{"option": 1}])],
) -> Response:
    """Count one vote, which cannot be changed. Late is what the store gets after the end."""
    out = await councils.vote_in_council(context, code, await guest_of(request, context), body)
    return json_of(out)
