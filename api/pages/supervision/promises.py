"""The promises of the city worked in by their day; officers see their own unit's."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.addresses import PromiseList
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.errors import Problem
from app.tickets.promises import PromisesQuery, list_promises
from domain.actors import Role
from store.tickets.promises import PromisePart

router = APIRouter(include_in_schema=False)


@router.get(PromiseList.path)
async def listed(
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("list_promises")],
) -> Response:
    """Show what waits for a word: of the unit, or of the supervisor after the days of grace."""
    pack = working_city(request, context, caller)
    if pack.promises is None:
        raise Problem("not_found")
    supervises = caller.actor.role is Role.SUPERVISOR
    asked = PromiseList.read_exactly(request)
    shown = asked.which or (PromisePart.UNSAID if supervises else PromisePart.WAITING)
    query = PromisesQuery(which=shown, city=pack.city.id, cursor=asked.cursor)
    found = await list_promises(context, caller, query)
    return staff_page(
        request,
        "supervision/promises.html",
        caller,
        pack=pack,
        which=shown.value,
        parts=[(one.value, asked.but(which=one).url) for one in PromisePart],
        following=asked.but(which=shown).following,
        items=found.items,
        first=asked.cursor is None,
        next_cursor=found.next_cursor,
    )
