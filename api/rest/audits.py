"""Audit routes: one ticket in full, its state after any event, and verdicts on many tickets."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.auditing.audits import SampleQuery, VerdictPage, report, state, verdicts
from app.context import API
from audit.report import Report, StateThen

router = APIRouter(prefix=API, tags=["Audit"])


_ASKING = ("unauthenticated", "forbidden", "scope_missing", "invalid_request", "store_unavailable")
_ONE = (*_ASKING, "ticket_not_found", "bad_number", "engine_unavailable")

Version = Annotated[int, Path(ge=1, le=100_000, description="Which event: the state after it.")]


@router.get(
    "/audit/verdicts",
    operation_id="list_verdicts",
    summary="Replay some tickets and compare each with its record",
    response_model=VerdictPage,
    responses=responses(*_ASKING, "bad_cursor", "not_your_city", "engine_unavailable"),
)
async def list_verdicts(
    caller: Annotated[Caller, staff("audit_ticket")],
    context: Context,
    query: Annotated[SampleQuery, Query()],
) -> Response:
    """Give verdicts on at most fifty tickets, replayed during the request."""
    return json_of(await verdicts(context, caller, query))


@router.get(
    "/tickets/{number}/audit",
    operation_id="audit_ticket",
    summary="One ticket by its history, beside its record",
    response_model=Report,
    responses=responses(*_ONE),
)
async def audit_ticket(
    number: TicketNumber, caller: Annotated[Caller, staff("audit_ticket")], context: Context
) -> Response:
    """Return the ticket by its history, its record, their differences, and the view log.

    Of a history with more than 15,000 events the last runs are replayed. A ticket whose record was
    removed is still reported by its history.
    """
    return json_of(await report(context, caller, number))


@router.get(
    "/tickets/{number}/audit/{version}",
    operation_id="audit_state",
    summary="The ticket as it was after one of its events, by its history",
    response_model=StateThen,
    responses=responses(*_ONE, "no_such_state"),
)
async def audit_state(
    number: TicketNumber,
    version: Version,
    caller: Annotated[Caller, staff("audit_ticket")],
    context: Context,
) -> Response:
    """Return the state by replay, not by the record, and the changes."""
    return json_of(await state(context, caller, number, version))
