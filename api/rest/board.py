"""The board of a city as JSON: the present figures of the supervisors' page."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.reporting.board import BoardPage, present_board
from app.reporting.board_feed import BoardFeeds

router = APIRouter(prefix=API, tags=["Staff"])

SUPERVISION = (
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "not_your_city",
    "unknown_city",
    "store_unavailable",
)
"""The refusals of the supervision routes."""


@router.get(
    "/cities/{city}/board",
    operation_id="get_board",
    summary="A city now: inflow, backlog, cards, queues, and what will be late next",
    response_model=BoardPage,
    responses=responses(*SUPERVISION),
)
async def get_board(
    city: str, request: Request, context: Context, caller: Annotated[Caller, staff("get_board")]
) -> Response:
    """Return the present state. Poll it if need be: a watched board is read once for all."""
    boards: BoardFeeds = request.app.state.boards
    return json_of(await present_board(context, caller, boards, city))
