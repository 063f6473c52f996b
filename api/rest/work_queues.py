"""The work queues of the centre."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.tickets.work_queues import QueueQuery, QueueTickets, listed

router = APIRouter(prefix=API)


@router.get(
    "/queues",
    operation_id="list_queue",
    summary="What waits for somebody at the centre, earliest due time first",
    tags=["Staff"],
    response_model=QueueTickets,
    responses=responses(
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "invalid_request",
        "not_your_city",
        "bad_cursor",
        "store_unavailable",
    ),
)
async def list_queue(
    caller: Annotated[Caller, staff("list_queue")],
    context: Context,
    query: Annotated[QueueQuery, Query()],
) -> Response:
    """List queues; each ticket is in one at most. `queue_until` is when the running clock is due,
    `queue_since` when the ticket came into the queue, if that was recorded."""
    return json_of(await listed(context, caller, query))
