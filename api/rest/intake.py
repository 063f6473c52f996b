"""Filing a complaint: registered in the store first, then started in the engine.

Every number becomes a ticket: without the engine the complaint waits in the intake backlog and
starts later. Without the store nobody gets a number, and nothing is stored in part.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Request, Response

from api.http import browser_sessions
from api.http.access import optional_caller, public
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import responses
from api.http.responses import json_of, receipt_of
from app.access.caller import Caller
from app.context import API
from app.errors import Problem
from app.filing import attachments, bot_checks, proof_of_work
from app.filing.filing import Receipt
from app.filing.intake import ComplaintIn, take
from app.filing.proof_of_work import IssuedChallenge

router = APIRouter(prefix=API, tags=["Citizens"])

EXAMPLE = {
    "city": "tongzhou",
    "kind": "complaint",
    "channel": "web",
    "title": "小区门口路灯不亮",
    "text": "北苑街道新华西街小区东门外三盏路灯已经一周不亮，晚上老人出行不便，请尽快维修。",
    "place": {"area": "110112003", "address": "北苑街道新华西街小区东门"},
    "contact": {"phone": "010-00012345"},
}


@router.get(
    "/challenge",
    operation_id="get_challenge",
    summary="The challenge to solve before filing without a token, if there is one",
    dependencies=[public("get_challenge")],
    response_model=IssuedChallenge,
    responses=responses("store_unavailable"),
)
async def get_challenge(context: Context) -> Response:
    """Return a challenge, valid once. For `work`: find a solution such that SHA-256 of
    `challenge:solution` begins with `bits` zero bits, and file with the header `Challenge-Answer:
    challenge:solution`.
    """
    return json_of(await context.challenge.issue(context))


@router.post(
    "/complaints",
    operation_id="file_complaint",
    summary="File a complaint",
    status_code=201,
    response_model=Receipt,
    responses={
        201: {"description": "Accepted. A repetition has the header `Idempotent-Replayed: true`."},
        202: {
            "model": Receipt,
            "description": "Registered; the engine is away and will start it later.",
        },
        **responses(
            "malformed_json",
            "unauthenticated",
            "forbidden",
            "scope_missing",
            "not_your_city",
            "csrf_failed",
            "challenge_failed",
            "looks_automatic",
            "too_many_requests",
            "body_too_large",
            "invalid_request",
            "unknown_city",
            "unknown_category",
            "unknown_unit",
            "idempotency_key_reused",
            *attachments.REFUSALS,
            "store_unavailable",
        ),
    },
)
async def file_complaint(
    body: Annotated[ComplaintIn, Body(examples=[EXAMPLE])],
    caller: Annotated[Caller | None, optional_caller("file_complaint")],
    context: Context,
    request: Request,
    idempotency_key: IdempotencyKey = None,
    answer: Annotated[
        str, Header(alias=proof_of_work.HEADER, description="See `GET /api/v1/challenge`.")
    ] = "",
) -> Response:
    """File a complaint. Keep the ticket's number and access code in the answer.

    The personal data in `contact` is encrypted in the vault in the same transaction that registers
    the complaint, and never enters the ticket. Programs that file for many citizens send a token
    with the scope `file`.
    """
    if caller is None:
        bot_checks.check_honeypot(body.website)
        if not await context.challenge.passed(context, answer):
            raise Problem("challenge_failed")
    place = browser_sessions.place_of(request, context)
    return receipt_of(await take(context, caller, body, idempotency_key, place=place))
