"""Operation: the backlog with reasons, and the engine with queues."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.parameters import SEES
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.installation.backlog import JobName, backlog, retry
from app.installation.installation import installation
from domain.words import N_

router = APIRouter(include_in_schema=False)

WAITING = "/staff/admin/waiting"
_MOST = 100
_DONE = {"retried": N_("Started again; what waits is tried again within seconds.")}


@router.get(WAITING)
async def waiting(request: Request, caller: SEES, context: Context) -> Response:
    """Show complaints not started and messages not delivered: since when, and why."""
    return await _waiting(request, caller, context, Form.blank())


@router.post(f"{WAITING}/{{chore}}")
async def again(
    request: Request,
    chore: JobName,
    caller: Annotated[Caller, staff("retry_waiting")],
    context: Context,
) -> Response:
    form = Form.blank()
    try:
        await retry(context, caller, chore)
    except REFUSALS as error:
        return await _waiting(request, caller, context, form, form.refuse(error))
    return RedirectResponse(f"{WAITING}?done=retried", 303)


@router.get("/staff/admin/engine")
async def engine(request: Request, caller: SEES, context: Context) -> Response:
    """Show the engine's address, workers and problems, also while it is unavailable."""
    state = await installation(context, caller, request.app.version)
    return staff_page(request, "admin/operations_engine.html", caller, installation=state)


async def _waiting(
    request: Request, caller: Caller, context: AppContext, form: Form, status: int = 200
) -> Response:
    return staff_page(
        request,
        "admin/operations_waiting.html",
        caller,
        status,
        form=form,
        backlog=await backlog(context, caller, _MOST),
        at=datetime.now(UTC),
        done=_DONE.get(request.query_params.get("done", "")),
    )
