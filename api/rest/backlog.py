"""The backlog, with age and cause: complaints without a ticket, undelivered messages."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.parameters import SEES
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.installation.backlog import Backlog, BacklogQuery, JobName, MaintenanceJob, backlog, retry

router = APIRouter(prefix=f"{API}/backlog", tags=["Administration"])


_ASKING = ("unauthenticated", "forbidden", "scope_missing", "invalid_request", "store_unavailable")


@router.get(
    "",
    operation_id="get_backlog",
    summary="What does not move, complaints not started, messages not delivered",
    response_model=Backlog,
    responses=responses(*_ASKING),
)
async def get_backlog(
    caller: SEES, context: Context, query: Annotated[BacklogQuery, Query()]
) -> Response:
    return json_of(await backlog(context, caller, query.limit))


@router.post(
    "/{chore}/retry",
    operation_id="retry_waiting",
    summary="Start a maintenance job now, before it is due",
    status_code=202,
    response_model=MaintenanceJob,
    responses=responses(*_ASKING, "csrf_failed", "chore_not_scheduled", "engine_unavailable"),
)
async def retry_waiting(
    chore: JobName, caller: Annotated[Caller, staff("retry_waiting")], context: Context
) -> Response:
    """Start a run after the current one, if there is one. Nothing is done twice by it."""
    return json_of(await retry(context, caller, chore), 202)
