"""Hand-overs (移交) between cities: what staff, citizens and the cities' programs do."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.http.access import TicketNumber, citizen_or_staff, public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import ACTING, BODY, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.handover import citizens, handovers, receiving, waiting
from app.handover.citizens import NoteIn, NoteOut
from app.handover.views import HandoverOut, HandoversOut
from app.handover.waiting import NeighboursOut
from domain.handover.handover import OfferIn, RefuseIn
from domain.model import Incoming
from domain.ticket.complaint import Code

router = APIRouter(prefix=API)

_OFFERING = (*ACTING, *OF_TICKET, "not_started_yet", "handover_not_now")
_DECIDING = (*ACTING, "handover_not_found", "handover_not_now", "handover_over")
_LETTER = ("letter_refused", "letter_too_old", "too_many_requests", "store_unavailable")

OFFERING = {"neighbour": "langfang", "reason": "问题位于潮白河东岸，属燕郊镇。"}
REASON = {"reason": "该路段不在我市辖区。"}
NOTE = {"what": "facts", "text": "补充：夜间臭味更重。"}

NeighbourCode = Annotated[str, Path(max_length=32, description="What we call the other city.")]
HandoverNumber = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="The id of the hand-over.")
]
OneCity = Annotated[Code | None, Query(description="Only those of this city.")]


class AcceptIn(Incoming):
    """Nothing: it is taken on as it was offered."""


@router.get(
    "/tickets/{number}/handovers",
    operation_id="list_handovers",
    summary="See the hand-overs of a ticket",
    tags=["Citizens", "Staff"],
    response_model=HandoversOut,
    responses=responses(*READING, *OF_TICKET, "too_many_attempts"),
)
async def listed(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_handovers")],
    context: Context,
) -> Response:
    """Return them in their order; `there` is how the matter stands in the city that has it."""
    return json_of(HandoversOut(items=await handovers.handovers_of(context, caller, number)))


@router.post(
    "/tickets/{number}/handovers",
    operation_id="offer_handover",
    summary="Hand a ticket over to another city",
    tags=["Staff"],
    status_code=201,
    response_model=HandoverOut,
    responses=responses(
        *_OFFERING,
        "not_in_this_city",
        "handover_of_report",
        "handed_over_already",
        "handover_cap",
        "has_complainants",
        "neighbour_unknown",
        "idempotency_key_reused",
    ),
)
async def offer(
    number: TicketNumber,
    caller: Annotated[Caller, staff("offer_handover")],
    context: Context,
    body: Annotated[OfferIn, Body(examples=[OFFERING])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask the other city. The ticket stays here, with its clocks, until it was taken on there."""
    out = await handovers.offer_handover(context, caller, number, body, idempotency_key)
    return json_of(out, 201)


@router.post(
    "/tickets/{number}/handovers/withdraw",
    operation_id="withdraw_handover",
    summary="Take an offer back that nobody has answered",
    tags=["Staff"],
    response_model=HandoverOut,
    responses=responses(*_OFFERING, "handover_not_found"),
)
async def withdraw(
    number: TicketNumber,
    caller: Annotated[Caller, staff("offer_handover")],
    context: Context,
    body: Annotated[RefuseIn, Body(examples=[REASON])],
) -> Response:
    """Take it back, with the reason."""
    return json_of(await handovers.withdraw_handover(context, caller, number, body))


@router.post(
    "/tickets/{number}/handovers/notes",
    operation_id="tell_other_city",
    summary="Add, urge or rate where another city has the ticket",
    tags=["Citizens", "Staff"],
    status_code=202,
    response_model=NoteOut,
    responses=responses(
        *READING,
        *OF_TICKET,
        *BODY,
        "csrf_failed",
        "too_many_attempts",
        "not_handed_over",
        "ticket_ended",
        "not_now",
        "already_rated",
        "facts_too_often",
        "idempotency_key_reused",
    ),
)
async def tell(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("tell_other_city")],
    context: Context,
    body: Annotated[NoteIn, Body(examples=[NOTE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep it, and send it as soon as the other city can be reached, once and in its order."""
    out = await citizens.tell_other_city(context, caller, number, body, idempotency_key)
    return json_of(out, 202)


# --- what other cities hand over ------------------------------------------------------------------


@router.get(
    "/handovers",
    operation_id="list_incoming_handovers",
    summary="See what other cities hand over, and nobody has decided",
    tags=["Staff"],
    response_model=HandoversOut,
    responses=responses(*READING, "not_your_city", "unknown_city"),
)
async def incoming(
    caller: Annotated[Caller, staff("decide_handover")], context: Context, city: OneCity = None
) -> Response:
    """Return them with the one that is due first at the top."""
    return json_of(HandoversOut(items=await handovers.incoming_handovers(context, caller, city)))


@router.get(
    "/handovers/passed-on",
    operation_id="list_passed_on",
    summary="See what cities hand to and fro",
    tags=["Staff"],
    response_model=HandoversOut,
    responses=responses(*READING, "not_your_city", "unknown_city"),
)
async def passed_on(
    caller: Annotated[Caller, staff("list_passed_on")], context: Context, city: OneCity = None
) -> Response:
    """Return the matters that were handed on as often as the city's pack shows."""
    return json_of(HandoversOut(items=await handovers.passed_on_often(context, caller, city)))


@router.post(
    "/handovers/{neighbour}/{handover}/accept",
    operation_id="accept_handover",
    summary="Take on what another city hands over",
    tags=["Staff"],
    response_model=HandoverOut,
    responses=responses(*_DECIDING),
)
async def accept(
    neighbour: NeighbourCode,
    handover: HandoverNumber,
    caller: Annotated[Caller, staff("decide_handover")],
    context: Context,
    _body: Annotated[AcceptIn, Body(examples=[{}])],
) -> Response:
    """Take it on. It gets a number here as soon as the other city has confirmed."""
    return json_of(await handovers.accept_handover(context, caller, neighbour, handover))


@router.post(
    "/handovers/{neighbour}/{handover}/refuse",
    operation_id="refuse_handover",
    summary="Refuse what another city hands over",
    tags=["Staff"],
    response_model=HandoverOut,
    responses=responses(*_DECIDING),
)
async def refuse(
    neighbour: NeighbourCode,
    handover: HandoverNumber,
    caller: Annotated[Caller, staff("decide_handover")],
    context: Context,
    body: Annotated[RefuseIn, Body(examples=[REASON])],
) -> Response:
    """Refuse it with a reason, which the other city's dispatchers read."""
    return json_of(await handovers.refuse_handover(context, caller, neighbour, handover, body))


# --- neighbours -----------------------------------------------------------------------------------


@router.get(
    "/neighbours",
    operation_id="list_neighbours",
    summary="See the neighbouring cities, and what waits for each",
    tags=["Staff"],
    response_model=NeighboursOut,
    responses=responses(*READING),
)
async def neighbours(
    caller: Annotated[Caller, staff("list_neighbours")], context: Context
) -> Response:
    """Return them by their codes, those that ended at the end."""
    return json_of(NeighboursOut(items=await waiting.neighbours_of(context, caller)))


@router.post(
    "/neighbours/letters",
    operation_id="send_letter",
    summary="Send a letter of a hand-over, as a neighbouring city",
    tags=["Operation"],
    dependencies=[public("send_letter")],
    responses={
        200: {"description": "A signed receipt.", "content": {"application/json": {}}},
        **responses(*_LETTER, "letter_unexpected", "letter_out_of_order", "body_too_large"),
    },
    response_model=None,
)
async def letter(request: Request, context: Context) -> Response:
    """Take a letter that is signed by a neighbour; the same again changes nothing.

    Headers: `Jiesu-From`, `Jiesu-To`, `Jiesu-Time`, `Jiesu-Signature`.
    """
    receipt, headers = await receiving.receive_letter(
        context, request.headers, await request.body()
    )
    return Response(receipt, headers=headers, media_type="application/json")


@router.get(
    "/neighbours/files/{handover}/{file}",
    operation_id="fetch_handed_over_file",
    summary="Fetch a file of a matter that was taken over, as a neighbouring city",
    tags=["Operation"],
    dependencies=[public("send_letter")],
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        **responses(*_LETTER, "not_found", "file_store_unavailable", "invalid_request"),
    },
    response_model=None,
)
async def fetch_file(
    request: Request,
    context: Context,
    handover: HandoverNumber,
    file: Annotated[
        str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Its id, as it was offered.")
    ],
) -> Response:
    """Return its bytes to the city that has the matter; the same headers as of letters."""
    pieces = await receiving.file_for_neighbour(context, request.headers, handover, file)
    return StreamingResponse(pieces, media_type="application/octet-stream")
