"""The work queues of the centre."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.access import city_of, staff
from api.caller import Caller
from api.door import API, TheDoor, json_of
from api.problems import responses
from domain.model import Incoming, Recorded
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Code
from store.tickets import work_queues
from store.tickets.work_queues import QueueRow

router = APIRouter(prefix=API)


class QueueQuery(Incoming):
    queue: list[Queue] = Field(
        min_length=1,
        max_length=len(Queue),
        description="`triage`: a person says what it is about; `dispatch`: a person names the "
        "unit; `decision`: a unit asked for something; `arbitrate`: a meeting names the unit; "
        "`call_back`: the citizen is called; `supervise`: a supervisor has the last word. Several "
        "make one list.",
    )
    city: Code | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class QueueTickets(Recorded):
    items: list[QueueRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


@router.get(
    "/queues",
    operation_id="list_queue",
    summary="What waits for somebody at the centre, what is due first first",
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
    door: TheDoor,
    query: Annotated[QueueQuery, Query()],
) -> Response:
    """List queues; each ticket is in one at most. `queue_until` is when the running clock is due,
    `queue_since` when the ticket came into the queue, if that was recorded."""
    city = city_of(caller, query.city)
    page = await work_queues.page(door.store, query.queue, city, query.cursor, query.limit)
    return json_of(QueueTickets(items=page.rows, next_cursor=page.next_cursor))
