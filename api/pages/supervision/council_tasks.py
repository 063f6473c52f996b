"""The tasks that councils decided and that are late, with unit and date."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.addresses import CouncilTaskList, known_parameters
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.tickets.councils import late_council_tasks

router = APIRouter(include_in_schema=False)


@router.get(CouncilTaskList.path, dependencies=[known_parameters()])
async def late(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_council_tasks")]
) -> Response:
    """Show the late tasks of the city worked in, the oldest first."""
    pack = working_city(request, context, caller)
    return staff_page(
        request,
        "supervision/council_tasks.html",
        caller,
        pack=pack,
        tasks=await late_council_tasks(context, caller, pack.city.id),
    )
