"""A city's working calendar, by year: the working days, and whether they are published."""

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.door import API, Door, TheDoor, json_of
from api.packs import ASKING, READER, of_city
from api.problems import responses
from domain.model import Incoming, Recorded
from domain.pack.horizon import horizon
from domain.pack.pack import Pack
from packs.published_days import CalendarYear, calendar_year

router = APIRouter(prefix=f"{API}/cities/{{city}}", tags=["Administration"])


class YearQuery(Incoming):
    year: int | None = Field(None, ge=1900, le=2999, description="Default: this year.")


class WorkingYear(Recorded):
    """A year of the working calendar in use; days not in `special` follow the regular week."""

    city: str
    years: list[int]
    year: int
    working_days: int
    special: list[dict[str, Any]]
    provisional: bool = Field(description="Not published: planned as far as it is known.")
    firm_until: date = Field(description="The last day whose calendar is published.")
    provisional_from: dict[str, date | None] = Field(
        description="By tier, the first day of filing from which on due times or cards are"
        " provisional; null where all limits are in calendar time."
    )
    next_year: bool = Field(description="Whether the year after it is published, too.")
    published: bool = Field(description="Whether the holiday list has that year's notice.")


@router.get(
    "/calendar",
    operation_id="get_calendar",
    summary="A year of a city's working calendar",
    response_model=WorkingYear,
    responses=responses(*ASKING),
)
async def get_calendar(
    city: str, caller: READER, door: TheDoor, query: Annotated[YearQuery, Query()]
) -> Response:
    pack = of_city(door, caller, city)
    found = await working_year(door, pack, query.year)
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


async def working_year(door: Door, pack: Pack, year: int | None) -> CalendarYear:
    """Return that year, or the current one."""
    asked = year or door.now().astimezone(pack.calendar.tz).year
    folder = door.packs.folder(pack.city.id)
    return await asyncio.to_thread(calendar_year, pack.calendar, folder, asked)
