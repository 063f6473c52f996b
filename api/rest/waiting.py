"""Waiting times: how long tickets of a subject took, as an estimate."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.reporting.waiting import ExpectedWaits, WaitingQuery, waiting_page

router = APIRouter(prefix=API, tags=["Cities"])


@router.get(
    "/cities/{city}/waiting",
    operation_id="get_waiting",
    summary="How long tickets of a subject took",
    response_model=ExpectedWaits,
    responses=responses(
        "unknown_city", "unknown_category", "unknown_unit", "invalid_request", "store_unavailable"
    ),
    dependencies=[public("get_waiting")],
)
async def get_waiting(
    city: str, context: Context, query: Annotated[WaitingQuery, Query()]
) -> Response:
    """Return the hours within which half, 80 % and 95 % had an answer, and were closed.

    An estimate from the city's own tickets, open ones included, and no promise: limits are those of
    the city's rules. Nothing is told where too few tickets came to an end.
    """
    return json_of(await waiting_page(context, city, query), Cache_Control="public, max-age=60")
