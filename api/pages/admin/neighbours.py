"""The neighbouring cities, and what waits for each."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.handover.waiting import neighbours_of

router = APIRouter(include_in_schema=False)

NEIGHBOURS = "/staff/admin/neighbours"


@router.get(NEIGHBOURS)
async def show(
    request: Request, caller: Annotated[Caller, staff("list_neighbours")], context: Context
) -> Response:
    """Show them: since when letters wait, why, and how many matters are where."""
    return staff_page(
        request,
        "admin/neighbours.html",
        caller,
        neighbours=await neighbours_of(context, caller),
    )
