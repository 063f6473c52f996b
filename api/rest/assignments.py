"""The inbox of a unit, and completing assignments."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Response
from pydantic import TypeAdapter

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of, json_text
from app.access.caller import Caller
from app.context import API
from app.filing import attachments
from app.tickets.assignments import (
    AssignmentPage,
    CompletionIn,
    InboxQuery,
    assignment,
    complete,
    listed,
)
from store.tickets.assignments import AssignmentRow

PROMISING = (
    "not_started_yet",
    "not_in_this_city",
    "promise_undated",
    "in_the_past",
    "too_far",
    "promise_cap",
    "promise_unit",
)
"""The refusals of a promise that comes with a result."""

router = APIRouter(prefix=API, tags=["Units"])


EXAMPLE = {
    "reply": "已更换三盏路灯的灯头并恢复供电,今晚起正常照明。",
    "resolved": True,
    "evidence": [],
}

AssignmentNumber = Annotated[
    int, Path(ge=1, le=100_000, description="The number of the assignment on its ticket.")
]


_ROW: TypeAdapter[AssignmentRow] = TypeAdapter(AssignmentRow)


@router.get(
    "/assignments",
    operation_id="list_assignments",
    summary="The inbox of a unit, most urgent first",
    response_model=AssignmentPage,
    responses=responses(
        "unauthenticated",
        "not_your_unit",
        "not_your_city",
        "forbidden",
        "scope_missing",
        "bad_cursor",
        "invalid_request",
        "store_unavailable",
    ),
)
async def list_assignments(
    caller: Annotated[Caller, staff("list_assignments")],
    context: Context,
    query: Annotated[InboxQuery, Query()],
) -> Response:
    """List a unit's assignments. Officers get their own unit's; others name the unit.

    The most urgent come first, by the earliest due step: sign, contact, handle. Paused ones and
    those without a limit come last; completed ones by their end.
    """
    return json_of(await listed(context, caller, query))


@router.get(
    "/assignments/{number}-{n}",
    operation_id="get_assignment",
    summary="One assignment",
    response_model=AssignmentRow,
    responses=responses(
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "assignment_not_found",
        "bad_number",
        "invalid_request",
        "store_unavailable",
    ),
)
async def get_assignment(
    number: TicketNumber,
    n: AssignmentNumber,
    caller: Annotated[Caller, staff("get_assignment")],
    context: Context,
) -> Response:
    """Return the assignment. The ticket's text and state are at the ticket's own address."""
    return json_text(_ROW.dump_json(await assignment(context, caller, number, n)))


@router.post(
    "/assignments/{number}-{n}/complete",
    operation_id="complete_assignment",
    summary="Complete an assignment: hand back what was done",
    response_model=AssignmentRow,
    responses={
        202: {"model": AssignmentRow, "description": "Handed over; the record will follow."},
        **responses(
            "malformed_json",
            "unauthenticated",
            "forbidden",
            "scope_missing",
            "csrf_failed",
            "too_many_requests",
            "not_your_unit",
            "assignment_not_found",
            "already_done",
            "assignment_ended",
            *attachments.REFUSALS,
            "body_too_large",
            "bad_number",
            "invalid_request",
            "too_late",
            "payload_too_large",
            *PROMISING,
            "engine_unavailable",
            "store_unavailable",
        ),
    },
)
async def complete_assignment(
    number: TicketNumber,
    n: AssignmentNumber,
    caller: Annotated[Caller, staff("complete_assignment")],
    body: Annotated[CompletionIn, Body(examples=[EXAMPLE])],
    context: Context,
    prefer: Annotated[
        str, Header(description="`respond-async`: answer 202 without waiting for the record.")
    ] = "",
) -> Response:
    """Complete an assignment, once. The reply goes to the citizen, word for word.

    200 when the record shows it done, 202 when it has been handed over and the record does not show
    it within two seconds.
    """
    wait = "respond-async" not in prefer.lower()
    row, recorded = await complete(context, caller, number, n, body, wait=wait)
    return json_text(_ROW.dump_json(row), 200 if recorded else 202)
