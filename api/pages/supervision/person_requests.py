"""The requests that wait for a person's decision about machines, the oldest first."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.addresses import PersonRequestList
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.agents.requests import PersonRequestsQuery, waiting_requests
from app.errors import Problem

router = APIRouter(include_in_schema=False)


@router.get(PersonRequestList.path)
async def listed(
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("list_person_requests")],
) -> Response:
    """Show the open contests and wishes; each is decided on its ticket's page."""
    pack = working_city(request, context, caller)
    if pack.agents is None:
        raise Problem("not_found")
    asked = PersonRequestList.read_exactly(request)
    query = PersonRequestsQuery(city=pack.city.id, cursor=asked.cursor)
    found = await waiting_requests(context, caller, query)
    return staff_page(
        request,
        "supervision/person_requests.html",
        caller,
        pack=pack,
        following=asked.following,
        items=found.items,
        first=asked.cursor is None,
        next_cursor=found.next_cursor,
    )
