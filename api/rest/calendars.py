"""A city's working calendar, by year: the working days, and whether they are published."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.dependencies import Context
from api.http.parameters import READER
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.packs import ASKING
from app.cities.calendars import WorkingYear, YearQuery, working_calendar
from app.context import API

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
    return json_of(await working_calendar(context, caller, city, query.year))
