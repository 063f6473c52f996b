"""Grid workers (网格员): their day, what they send, their diaries, and who confirms them."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response

from api.http.access import TicketNumber, public, staff
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import ACTING, OF_CITY, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.filing.filing import Receipt
from app.grid import checks, diary, sync, workers
from app.grid.checks import CheckIn, CheckOut, ChecksOut, DayOut
from app.grid.diary import DiaryPage, DiaryQuery, ProactiveIn
from app.grid.sync import BatchIn, BatchOut
from app.grid.workers import (
    AppointIn,
    ConfirmedOut,
    ConfirmSignUpIn,
    EndWorkerIn,
    RefuseSignUpIn,
    SignedUpOut,
    SignUpIn,
    WorkersOut,
)
from domain.ticket.complaint import Code

router = APIRouter(prefix=API, tags=["Grid workers"])

_READING = (*READING, "not_in_this_city")
_ACTING = (*ACTING, "not_in_this_city")

BATCH = {
    "entries": [
        {
            "kind": "diary",
            "id": "018f3a52-7e4c-7b1a-9d2e-5c0f1b2a3d4e",
            "at": "2026-03-02T09:20:00+08:00",
            "text": "几位居民说早上水压低。",
        }
    ]
}
SIGN_UP = {
    "city": "tongzhou",
    "cell": "110112001",
    "name": "张三",
    "phone": "13800138000",
}
CHECK = {"moment": "closing", "question": "井盖是否已经换好？"}
PROACTIVE = {
    "entries": ["0f2a4c6e8b1d3f507294b6d8fa1c3e50"],  # pragma: allowlist secret
    "text": "早高峰水压偏低，请检查泵房。",
}

City = Annotated[Code | None, Query(description="May be left out where it is clear.")]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="The same again is done once."),
]


@router.get(
    "/grid/day",
    operation_id="get_grid_day",
    summary="See what a grid worker has to do today",
    response_model=DayOut,
    responses=responses(*_READING, "grid_worker_unconfirmed"),
)
async def day(caller: Annotated[Caller, staff("get_grid_day")], context: Context) -> Response:
    """Return the cell, the places to look at in its street, and what has arrived lately."""
    return json_of(await checks.grid_day(context, caller))


@router.post(
    "/grid/entries",
    operation_id="sync_grid",
    summary="Send what a grid worker wrote",
    response_model=BatchOut,
    responses=responses(*_ACTING, "grid_worker_unconfirmed"),
)
async def entries(
    caller: Annotated[Caller, staff("sync_grid")],
    context: Context,
    body: Annotated[BatchIn, Body(examples=[BATCH])],
) -> Response:
    """Take a batch; each entry once, by its id, however often it is sent.

    An answer with `outcome` refused says why in `code`: nothing of that entry was kept. Upload
    photos before (`POST /files`), and name their references.
    """
    return json_of(await sync.synchronise(context, caller, body))


@router.post(
    "/grid/sign-up",
    operation_id="sign_up_for_grid",
    summary="Ask to become a part-time grid worker",
    status_code=202,
    dependencies=[public("sign_up_for_grid")],
    response_model=SignedUpOut,
    responses=responses(
        "invalid_request",
        "malformed_json",
        "body_too_large",
        "unknown_city",
        "not_in_this_city",
        "place_without_area",
        "grid_waiting_full",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def sign_up(
    request: Request, context: Context, body: Annotated[SignUpIn, Body(examples=[SIGN_UP])]
) -> Response:
    """Keep the request for the street, which confirms it and hands out an account."""
    return json_of(await workers.sign_up(context, network_of(request), body), 202)


@router.get(
    "/grid/workers",
    operation_id="list_grid_workers",
    summary="See the grid workers of one's area",
    response_model=WorkersOut,
    responses=responses(*_READING, *OF_CITY),
)
async def listed(
    caller: Annotated[Caller, staff("list_grid_workers")], context: Context, city: City = None
) -> Response:
    """Return them, and to those who confirm also who waits. Supervisors see the whole city's."""
    return json_of(await workers.grid_workers(context, caller, city))


@router.post(
    "/grid/workers",
    operation_id="manage_grid_workers",
    summary="Give a cell to a grid worker's account",
    response_model=WorkersOut,
    responses=responses(*_ACTING, *OF_CITY, "account_not_found", "place_without_area"),
)
async def appoint(
    caller: Annotated[Caller, staff("manage_grid_workers")],
    context: Context,
    body: Annotated[AppointIn, Body(examples=[{"login": "grid.li", "cell": "110112001"}])],
    city: City = None,
) -> Response:
    """Appoint the account, which an administrator made, full-time or part-time."""
    await workers.appoint_worker(context, caller, city, body)
    return json_of(await workers.grid_workers(context, caller, city))


@router.post(
    "/grid/workers/{account}/end",
    operation_id="end_grid_worker",
    summary="End the appointment of a grid worker",
    response_model=WorkersOut,
    responses=responses(*_ACTING, *OF_CITY, "account_not_found"),
)
async def end(
    account: Annotated[Code, Path(description="The id of the account.")],
    caller: Annotated[Caller, staff("manage_grid_workers")],
    context: Context,
    _body: Annotated[EndWorkerIn, Body(examples=[{}])],
    city: City = None,
) -> Response:
    """End it; what the account sends from then on is refused."""
    await workers.end_worker(context, caller, city, account)
    return json_of(await workers.grid_workers(context, caller, city))


@router.post(
    "/grid/sign-ups/{sign_up}/confirm",
    operation_id="confirm_grid_sign_up",
    summary="Confirm a resident as a part-time grid worker",
    status_code=201,
    response_model=ConfirmedOut,
    responses=responses(
        *_ACTING,
        *OF_CITY,
        "grid_request_not_found",
        "place_without_area",
        "name_taken",
        "bad_name",
    ),
)
async def confirm(
    sign_up: Annotated[Code, Path(description="The id of the request.")],
    caller: Annotated[Caller, staff("manage_grid_workers")],
    context: Context,
    body: Annotated[ConfirmSignUpIn, Body(examples=[{"login": "grid.wang"}])],
    city: City = None,
) -> Response:
    """Make the account. Its first password is shown only here, for the street to hand over."""
    return json_of(await workers.confirm_sign_up(context, caller, city, sign_up, body), 201)


@router.post(
    "/grid/sign-ups/{sign_up}/refuse",
    operation_id="refuse_grid_sign_up",
    summary="Refuse a resident's request, and forget it",
    response_model=WorkersOut,
    responses=responses(*_ACTING, *OF_CITY, "grid_request_not_found"),
)
async def refuse(
    sign_up: Annotated[Code, Path(description="The id of the request.")],
    caller: Annotated[Caller, staff("manage_grid_workers")],
    context: Context,
    _body: Annotated[RefuseSignUpIn, Body(examples=[{}])],
    city: City = None,
) -> Response:
    """Delete it, with name and phone."""
    await workers.refuse_sign_up(context, caller, city, sign_up)
    return json_of(await workers.grid_workers(context, caller, city))


# --- diaries ----------------------------------------------------------------------------------


@router.post(
    "/grid/diary/search",
    operation_id="search_diary",
    summary="Search the diaries of the unit's area",
    response_model=DiaryPage,
    responses=responses(*_ACTING, *OF_CITY),
)
async def search(
    caller: Annotated[Caller, staff("search_diary")],
    context: Context,
    body: Annotated[DiaryQuery, Body(examples=[{"words": "水压", "days": 30}])],
    city: City = None,
) -> Response:
    """Return the entries of the street's or the community's own area. The search is logged."""
    return json_of(await diary.search_diary(context, caller, city, body))


@router.post(
    "/grid/diary/tickets",
    operation_id="file_from_diary",
    summary="File a ticket of diary entries",
    status_code=201,
    response_model=Receipt,
    responses=responses(
        *_ACTING,
        *OF_CITY,
        "diary_entry_not_found",
        "diary_copied",
        "place_without_area",
        "unknown_category",
        "unknown_unit",
        "idempotency_key_reused",
    ),
)
async def feed(
    caller: Annotated[Caller, staff("file_from_diary")],
    context: Context,
    body: Annotated[ProactiveIn, Body(examples=[PROACTIVE])],
    city: City = None,
    idempotency_key: Key = None,
) -> Response:
    """File it on the channel `proactive` (未诉先办). Its text is written anew: where it repeats
    what an entry says of somebody it is refused."""
    return json_of(await diary.file_from_diary(context, caller, city, body, idempotency_key), 201)


# --- checks -----------------------------------------------------------------------------------


@router.get(
    "/tickets/{number}/checks",
    operation_id="list_grid_checks",
    summary="See what grid workers found at a ticket's place",
    response_model=ChecksOut,
    responses=responses(*_READING, *OF_TICKET),
)
async def of_ticket(
    number: TicketNumber,
    caller: Annotated[Caller, staff("list_grid_checks")],
    context: Context,
) -> Response:
    """Return the checks in the order in which they were asked for, with their answers."""
    return json_of(await checks.checks_of(context, caller, number))


@router.post(
    "/tickets/{number}/checks",
    operation_id="ask_grid_check",
    summary="Ask a grid worker to look at a ticket's place",
    status_code=201,
    response_model=CheckOut,
    responses=responses(
        *_ACTING,
        *OF_TICKET,
        "not_started_yet",
        "place_without_area",
        "check_of_report",
        "checks_enough",
        "idempotency_key_reused",
    ),
)
async def ask(
    number: TicketNumber,
    caller: Annotated[Caller, staff("ask_grid_check")],
    context: Context,
    body: Annotated[CheckIn, Body(examples=[CHECK])],
    idempotency_key: Key = None,
) -> Response:
    """Ask it of the grid workers of that street, before filing or after handling."""
    return json_of(await checks.ask_check(context, caller, number, body, idempotency_key), 201)
