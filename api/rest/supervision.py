"""Supervision lists (督导清单): the problems of each leader's area, until the effect holds."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import ACTING, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.supervision import lists
from app.supervision.lists import PutIn, RectifiedIn, RevisitIn, SettleKindIn, SupervisionQuery
from app.supervision.views import ListRowOut, SupervisionPage
from domain.commands.supervising.settle_all import SettleAll

router = APIRouter(prefix=API, tags=["Staff"])

_ACTING = (*ACTING, "supervision_of_report")
_ROW = (*_ACTING, "row_not_found")

PUTTING = {"leader": "west", "text": "拆除私设地锁并加装护栏。", "unit": "street"}

RowId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{1,64}$", description="The id of a row.", examples=["5f0c"])
]


@router.get(
    "/cities/{city}/supervision",
    operation_id="list_supervision",
    summary="See the supervision lists of a city",
    response_model=SupervisionPage,
    responses=responses(
        *READING, "unknown_city", "not_your_city", "not_in_this_city", "unknown_leader"
    ),
)
async def listed(
    city: str,
    context: Context,
    caller: Annotated[Caller, staff("list_supervision")],
    query: Annotated[SupervisionQuery, Query()],
) -> Response:
    """Return the rows, what is late first. Officers see the lists of the posts that their unit acts
    for, and the rows that their unit has to rectify.
    """
    return json_of(await lists.supervision_page(context, caller, city, query))


@router.post(
    "/tickets/{number}/supervision",
    operation_id="put_on_list",
    summary="Put a ticket on a leader's list",
    status_code=201,
    response_model=ListRowOut,
    responses=responses(
        *_ACTING,
        "ticket_not_found",
        "bad_number",
        "not_in_this_city",
        "unknown_leader",
        "unknown_unit",
        "not_your_list",
        "already_on_list",
        "not_started_yet",
        "in_the_past",
        "too_far",
        "idempotency_key_reused",
    ),
)
async def put(
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("put_on_list")],
    body: Annotated[PutIn, Body(examples=[PUTTING])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record what has to be rectified, by whom and until when."""
    return json_of(await lists.put_on_list(context, caller, number, body, idempotency_key), 201)


@router.post(
    "/supervision/{row}/result",
    operation_id="rectify_row",
    summary="Say what was done about a problem on a list",
    response_model=ListRowOut,
    responses=responses(*_ROW, "row_not_now"),
)
async def rectify(
    row: RowId,
    context: Context,
    caller: Annotated[Caller, staff("rectify_row")],
    body: Annotated[RectifiedIn, Body(examples=[{"text": "地锁已拆除，护栏已装。"}])],
) -> Response:
    """Record it; the revisits follow by the intervals of the city."""
    return json_of(await lists.rectify_row(context, caller, row, body))


@router.post(
    "/supervision/{row}/revisits",
    operation_id="revisit_row",
    summary="Say whether the effect holds",
    response_model=ListRowOut,
    responses=responses(
        *_ROW,
        "not_your_list",
        "own_request",
        "row_not_now",
        "revisit_too_early",
        "in_the_past",
        "too_far",
    ),
)
async def revisit(
    row: RowId,
    context: Context,
    caller: Annotated[Caller, staff("revisit_row")],
    body: Annotated[RevisitIn, Body(examples=[{"holds": False, "note": "又装上了两把。"}])],
) -> Response:
    """Record it. After the last revisit at which it holds the row is settled; where the problem
    came back, it is open again, with a new deadline.
    """
    return json_of(await lists.revisit_row(context, caller, row, body))


@router.post(
    "/supervision/{row}/settle-all",
    operation_id="settle_kind_of_row",
    summary="Have all of the kind inspected (举一反三)",
    response_model=ListRowOut,
    responses=responses(
        *_ROW,
        "not_your_list",
        *SettleAll.spec.refusals,
        "engine_unavailable",
        "idempotency_key_reused",
    ),
)
async def settle_all(
    row: RowId,
    context: Context,
    caller: Annotated[Caller, staff("settle_kind_of_row")],
    body: Annotated[SettleKindIn, Body(examples=[SettleAll.spec.example])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the row's ticket the command `settle_all`, and note it in the row."""
    return json_of(await lists.settle_kind_of_row(context, caller, row, body, idempotency_key))
