"""A city's working calendar, by year: the working days, and whether they are published."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.dependencies import Context
from api.http.parameters import READER
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.packs import ASKING
from app.calendars import WorkingYear, YearQuery, working_year
from app.context import API
from app.packs import of_city
from domain.pack.horizon import horizon

router = APIRouter(prefix=f"{API}/cities/{{city}}", tags=["Administration"])


@router.get(
    "/calendar",
    operation_id="get_calendar",
    summary="A year of a city's working calendar",
    response_model=WorkingYear,
    responses=responses(*ASKING),
)
async def get_calendar(
    city: str, caller: READER, context: Context, query: Annotated[YearQuery, Query()]
) -> Response:
    pack = of_city(context, caller, city)
    found = await working_year(context, pack, query.year)
    ahead = horizon(pack)
    special = [
        {
            "day": one.day,
            "kind": one.kind,
            "hours": one.hours or None,
            "source": one.source,
            "why": one.why,
        }
        for one in found.special
    ]
    return json_of(
        WorkingYear(
            city=city,
            years=list(pack.calendar.years),
            year=found.year,
            working_days=found.working_days,
            special=special,
            provisional=found.provisional,
            firm_until=ahead.last_day,
            provisional_from=ahead.tiers,
            next_year=found.next_year,
            published=found.published,
        )
    )
