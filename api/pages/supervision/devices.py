"""The devices of a city: what was heard of each last, its open tickets, and which are silent."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.errors import Problem
from app.sensors.devices import devices_of

router = APIRouter(include_in_schema=False)


@router.get("/staff/devices")
async def devices(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_devices")]
) -> Response:
    """Show the devices of the city worked in: with open tickets first, then the silent ones."""
    pack = working_city(request, context, caller)
    if not pack.sensors.kinds:
        raise Problem("not_found")
    return staff_page(
        request,
        "supervision/devices.html",
        caller,
        pack=pack,
        devices=await devices_of(context, caller, pack.city.id),
        names={
            (kind.code, rule.code): (rule.name, rule.name_en)
            for kind in pack.sensors.kinds
            for rule in kind.alarms
        },
        kinds={kind.code: (kind.name, kind.name_en) for kind in pack.sensors.kinds},
    )
