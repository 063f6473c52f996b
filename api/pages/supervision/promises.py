"""The promises of the city worked in by their day; officers see their own unit's."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.errors import Problem
from app.tickets.promises import PromisesQuery, list_promises
from domain.actors import Role
from store.tickets.promises import PromisePart

router = APIRouter(include_in_schema=False)


@router.get("/staff/promises")
async def listed(
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("list_promises")],
    which: PromisePart | None = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Show what waits for a word: of the unit, or of the supervisor after the days of grace."""
    pack = working_city(request, context, caller)
    if pack.promises is None:
        raise Problem("not_found")
    supervises = caller.actor.role is Role.SUPERVISOR
    shown = which or (PromisePart.UNSAID if supervises else PromisePart.WAITING)
    query = PromisesQuery(which=shown, city=pack.city.id, cursor=cursor)
    found = await list_promises(context, caller, query)
    return staff_page(
        request,
        "supervision/promises.html",
        caller,
        pack=pack,
        which=shown.value,
        parts=[one.value for one in PromisePart],
        items=found.items,
        first=cursor is None,
        next_cursor=found.next_cursor,
    )
