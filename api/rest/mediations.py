"""Mediations (调解) of a ticket, and signing an agreement with a code."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Request, Response

from api.http.access import TicketNumber, public, staff
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import ACTING, BY_CODE, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import mediations
from app.tickets.mediations import (
    FailIn,
    KeepIn,
    MediationOut,
    MediationsOut,
    PaperIn,
    Proposed,
    ToSign,
)
from domain.mediation.mediation import MediationDraft, Proposal

router = APIRouter(prefix=API)

_READING = (*READING, *OF_TICKET, "not_started_yet")
_KEEPING = (*ACTING, *OF_TICKET, "not_started_yet", "mediation_of_report")
_ONE = (*_KEEPING, "not_your_unit", "mediation_not_found", "mediation_not_now")
_SIGNING = (*BY_CODE, "signature_unknown")
DRAFT = {
    "subject": "楼上漏水赔偿",
    "parties": [
        {"name": "甲方", "says": "天花板被泡坏，要求赔偿。"},
        {"name": "乙方", "says": "已修好水管，赔偿过高。"},
    ],
}
PROPOSAL = {
    "text": "乙方修复天花板并承担材料费。",
    "points": [{"text": "修复天花板", "due": "2030-03-31"}, {"text": "承担材料费"}],
}

MediationNumber = Annotated[
    int, Path(ge=1, le=100_000, description="The number of the mediation on its ticket, from 1.")
]
SignatureCode = Annotated[
    str,
    Header(
        alias="Signature-Code",
        max_length=40,
        description="The code that a side was handed; capitals and hyphens do not matter.",
    ),
]
Keeps = Annotated[Caller, staff("keep_mediation")]


@router.get(
    "/tickets/{number}/mediations",
    operation_id="list_mediations",
    summary="Read the mediations of a ticket",
    tags=["Staff"],
    response_model=MediationsOut,
    responses=responses(*_READING),
)
async def listed(
    number: TicketNumber, caller: Annotated[Caller, staff("list_mediations")], context: Context
) -> Response:
    """Return them in their order; points of an agreement that are past their day are late."""
    return json_of(MediationsOut(items=await mediations.mediations_of(context, caller, number)))


@router.post(
    "/tickets/{number}/mediations",
    operation_id="open_mediation",
    summary="Open a mediation",
    tags=["Staff"],
    status_code=201,
    response_model=MediationOut,
    responses=responses(*_KEEPING, "ticket_ended", "not_started_yet", "idempotency_key_reused"),
)
async def open_(
    number: TicketNumber,
    caller: Keeps,
    context: Context,
    body: Annotated[MediationDraft, Body(examples=[DRAFT])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record who is at odds, and what each says."""
    out = await mediations.open_mediation(context, caller, number, body, idempotency_key)
    return json_of(out, 201)


@router.post(
    "/tickets/{number}/mediations/{mediation}/proposal",
    operation_id="propose_agreement",
    summary="Write down what is to be signed",
    tags=["Staff"],
    response_model=Proposed,
    responses=responses(*_ONE, "in_the_past", "idempotency_key_reused"),
)
async def propose(
    number: TicketNumber,
    mediation: MediationNumber,
    caller: Keeps,
    context: Context,
    body: Annotated[Proposal, Body(examples=[PROPOSAL])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return a code for each side, shown only here. A later proposal ends the codes of this one."""
    out = await mediations.propose(context, caller, number, mediation, body, idempotency_key)
    return json_of(out)


@router.post(
    "/tickets/{number}/mediations/{mediation}/parties/{party}/paper",
    operation_id="sign_on_paper",
    summary="Say that a side signed on paper",
    tags=["Staff"],
    response_model=MediationOut,
    responses=responses(*_ONE, "unknown_file", "unknown_party"),
)
async def paper(
    number: TicketNumber,
    mediation: MediationNumber,
    party: Annotated[int, Path(ge=1, le=100, description="The number of the side, from 1.")],
    caller: Keeps,
    context: Context,
    body: Annotated[PaperIn, Body(examples=[{"file": "f0123456789abcdef0123456789abcdef"}])],
) -> Response:
    """Record it with a photo of the paper, which is a file of the ticket."""
    out = await mediations.sign_on_paper(context, caller, number, mediation, party, body)
    return json_of(out)


@router.post(
    "/tickets/{number}/mediations/{mediation}/fail",
    operation_id="fail_mediation",
    summary="Say that the sides do not agree",
    tags=["Staff"],
    response_model=MediationOut,
    responses=responses(*_ONE),
)
async def fail(
    number: TicketNumber,
    mediation: MediationNumber,
    caller: Keeps,
    context: Context,
    body: Annotated[FailIn, Body(examples=[{"reason": "双方对赔偿金额分歧较大。"}])],
) -> Response:
    """Record it with the reason; codes that were handed out sign nothing any more."""
    return json_of(await mediations.fail_mediation(context, caller, number, mediation, body))


@router.post(
    "/tickets/{number}/mediations/{mediation}/points/{point}/kept",
    operation_id="keep_point",
    summary="Say that a point of the agreement is kept",
    tags=["Staff"],
    response_model=MediationOut,
    responses=responses(*_ONE, "unknown_agreement_point"),
)
async def kept(
    number: TicketNumber,
    mediation: MediationNumber,
    point: Annotated[int, Path(ge=1, le=100, description="The number of the point, from 1.")],
    caller: Keeps,
    context: Context,
    _body: Annotated[KeepIn, Body(examples=[{}])],
) -> Response:
    """Record it; the first time stays."""
    return json_of(await mediations.keep_point(context, caller, number, mediation, point))


# --- the sides --------------------------------------------------------------------------------


@router.get(
    "/agreement",
    operation_id="get_agreement",
    summary="Read what a code signs",
    tags=["Citizens"],
    dependencies=[public("sign_agreement")],
    response_model=ToSign,
    responses=responses(*_SIGNING),
)
async def get_agreement(request: Request, context: Context, code: SignatureCode) -> Response:
    """Return the proposal and its points. What the other sides said is not told."""
    return json_of(await mediations.to_sign(context, code, await guest_of(request, context)))


@router.post(
    "/agreement/sign",
    operation_id="sign_agreement",
    summary="Sign an agreement",
    tags=["Citizens"],
    dependencies=[public("sign_agreement")],
    response_model=ToSign,
    responses=responses(
        *_SIGNING, "code_of_resident", "mediation_not_now", "malformed_json", "body_too_large"
    ),
)
async def sign(
    request: Request,
    context: Context,
    code: SignatureCode,
    _body: Annotated[KeepIn, Body(examples=[{}])],
) -> Response:
    """Sign it, once. With the last signature it is an agreement."""
    return json_of(await mediations.sign(context, code, await guest_of(request, context)))
