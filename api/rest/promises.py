"""Promises (承诺) of units: made with a day, asked about by themselves, kept, broken or excused."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, citizen_or_staff, public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets import promises
from app.tickets.promise_views import PromiseOut, PromisesOut
from app.tickets.promises import (
    BreakPromiseIn,
    ExcusePromiseIn,
    KeepPromiseIn,
    PromisesQuery,
    PublicPromisesQuery,
)
from domain.promise.promise import PromiseDraft

router = APIRouter(prefix=API)

_READING = (
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "ticket_not_found",
    "bad_number",
    "too_many_attempts",
    "too_many_requests",
    "store_unavailable",
)
_ACTING = (
    *_READING,
    "malformed_json",
    "body_too_large",
    "csrf_failed",
    "not_started_yet",
    "not_in_this_city",
    "not_your_unit",
)
_ENDING = (*_ACTING, "promise_not_found", "promise_ended")
_DAYS = ("promise_undated", "in_the_past", "too_far", "promise_cap")
_LISTING = ("invalid_request", "unknown_city", "bad_cursor", "not_in_this_city")

EXAMPLE = {"text": "十一月底前更换全部路灯", "due": "2026-11-30"}
KEEPING = {"evidence": "十二盏路灯已全部更换。"}
BREAKING = {"reason": "灯杆到货延迟。"}
EXCUSING = {"reason": "灯杆厂停产，另行采购。", "moved_to": "2026-12-20"}

PromiseNumber = Annotated[
    int, Path(ge=1, le=100_000, description="The number of the promise on its ticket, from 1.")
]


@router.get(
    "/tickets/{number}/promises",
    operation_id="list_ticket_promises",
    summary="See the promises of a ticket",
    tags=["Citizens", "Staff"],
    response_model=PromisesOut,
    responses=responses(*_READING),
)
async def of_ticket(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_ticket_promises")],
    context: Context,
) -> Response:
    """Return them in the order in which they were made. Whoever is not of staff reads redacted
    texts.
    """
    return json_of(PromisesOut(items=await promises.promises_of(context, caller, number)))


@router.post(
    "/tickets/{number}/promises",
    operation_id="make_promise",
    summary="Record what a unit promises",
    tags=["Staff"],
    status_code=201,
    response_model=PromiseOut,
    responses=responses(*_ACTING, *_DAYS, "promise_unit", "idempotency_key_reused"),
)
async def make(
    number: TicketNumber,
    caller: Annotated[Caller, staff("make_promise")],
    context: Context,
    body: Annotated[PromiseDraft, Body(examples=[EXAMPLE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record it with its day, also after the ticket has ended: that does not end a promise.

    How long it is asked about after its day is the city's rule of this moment.
    """
    return json_of(await promises.make_promise(context, caller, number, body, idempotency_key), 201)


@router.post(
    "/tickets/{number}/promises/{promise}/keep",
    operation_id="keep_promise",
    summary="Say that a promise is kept",
    tags=["Staff"],
    response_model=PromiseOut,
    responses=responses(*_ENDING, "unknown_file", "too_many_files"),
)
async def keep(
    number: TicketNumber,
    promise: PromiseNumber,
    caller: Annotated[Caller, staff("keep_promise")],
    context: Context,
    body: Annotated[KeepPromiseIn, Body(examples=[KEEPING])],
) -> Response:
    """Record the evidence. After the days of grace the promise stays broken, and is done late."""
    return json_of(await promises.keep_promise(context, caller, number, promise, body))


@router.post(
    "/tickets/{number}/promises/{promise}/break",
    operation_id="break_promise",
    summary="Say that a promise is not kept",
    tags=["Staff"],
    response_model=PromiseOut,
    responses=responses(*_ENDING),
)
async def break_(
    number: TicketNumber,
    promise: PromiseNumber,
    caller: Annotated[Caller, staff("break_promise")],
    context: Context,
    body: Annotated[BreakPromiseIn, Body(examples=[BREAKING])],
) -> Response:
    """Record why; without a word it is broken by itself when the days of grace are over."""
    return json_of(await promises.break_promise(context, caller, number, promise, body))


@router.post(
    "/tickets/{number}/promises/{promise}/excuse",
    operation_id="excuse_promise",
    summary="Excuse a promise, or move it",
    tags=["Staff"],
    response_model=PromiseOut,
    responses=responses(*_ENDING, "in_the_past", "too_far", "promise_cap"),
)
async def excuse(
    number: TicketNumber,
    promise: PromiseNumber,
    caller: Annotated[Caller, staff("excuse_promise")],
    context: Context,
    body: Annotated[ExcusePromiseIn, Body(examples=[EXCUSING])],
) -> Response:
    """Record the reason, which is published. Its day never changes: `moved_to` makes a promise
    that follows it.
    """
    return json_of(await promises.excuse_promise(context, caller, number, promise, body))


@router.get(
    "/promises",
    operation_id="list_promises",
    summary="List promises by their day",
    tags=["Staff"],
    response_model=PromisesOut,
    responses=responses(
        *_LISTING,
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "not_your_city",
        "not_your_unit",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def listed(
    caller: Annotated[Caller, staff("list_promises")],
    context: Context,
    query: Annotated[PromisesQuery, Query()],
) -> Response:
    """Return those whose day is here and of which nothing was said, or another part; officers
    see their own unit's. `unsaid`: broken by itself, and with the supervisor.
    """
    return json_of(await promises.list_promises(context, caller, query))


@router.get(
    "/cities/{city}/promises",
    operation_id="list_public_promises",
    summary="Read what units promised in public, and how it ended",
    tags=["Cities"],
    dependencies=[public("list_public_promises")],
    response_model=PromisesOut,
    responses=responses(*_LISTING, "too_many_requests", "store_unavailable"),
)
async def published(
    city: str, context: Context, query: Annotated[PublicPromisesQuery, Query()]
) -> Response:
    """Return the promises of tickets whose answer is public, never of reports of wrongdoing."""
    out = await promises.public_promises_of(context, city, query)
    return json_of(out, Cache_Control="public, max-age=60")
