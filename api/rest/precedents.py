"""Precedents (先例): how earlier disputes about a ticket's subject were settled."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.problem_responses import READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.triage.precedents import PrecedentsOut, PrecedentsQuery, precedents

router = APIRouter(prefix=API)


@router.get(
    "/tickets/{number}/precedents",
    operation_id="list_precedents",
    summary="See how disputes about tickets of the same subject were settled",
    tags=["Staff"],
    response_model=PrecedentsOut,
    responses=responses(*READING, "bad_number", "ticket_not_found"),
)
async def settled(
    number: TicketNumber,
    query: Annotated[PrecedentsQuery, Query()],
    caller: Annotated[Caller, staff("list_precedents")],
    context: Context,
) -> Response:
    """Return returns and arbitrations of two years, those nearby first, and how often each way."""
    return json_of(await precedents(context, caller, number, query))
