"""The changes of tickets, for programs that follow them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.http.access import caller_by_now, staff
from api.http.dependencies import Context
from api.http.problem_responses import READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.webhooks.changes import ChangePage, ChangesQuery, changes_after

router = APIRouter(prefix=API, tags=["Staff"])


@router.get(
    "/changes",
    operation_id="list_changes",
    summary="What changed in tickets after a cursor, the first change first",
    response_model=ChangePage,
    responses=responses(
        *READING,
        "bad_cursor",
        "cursor_too_old",
        "cursor_foreign",
        "not_your_city",
        "unknown_city",
    ),
)
async def list_changes(
    request: Request,
    caller: Annotated[Caller, staff("list_changes")],
    context: Context,
    query: Annotated[ChangesQuery, Query()],
) -> Response:
    """List what happened to the tickets that this token may see.

    Keep `cursor` together with what was made of the items, and ask again with it: nothing is left
    out and nothing told twice, and of each ticket the events come in their order. With `wait` the
    answer comes as soon as there is something. No text and no person is told; ask for the ticket.
    """

    async def again() -> Caller:
        return await caller_by_now(request, context)

    return json_of(await changes_after(context, caller, query, again))
