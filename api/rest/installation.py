"""The state of the installation for administrators: engine, queues, store, and faults."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.installation.installation import Installation, installation

router = APIRouter(prefix=API, tags=["Administration"])


@router.get(
    "/installation",
    operation_id="get_installation",
    summary="Engine, queues, store, and what is wrong",
    response_model=Installation,
    responses=responses("unauthenticated", "forbidden", "scope_missing", "store_unavailable"),
)
async def get_installation(
    request: Request, caller: Annotated[Caller, staff("see_installation")], context: Context
) -> Response:
    """Return the state, also while the engine is unavailable."""
    return json_of(await installation(context, caller, request.app.version))
