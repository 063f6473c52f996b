"""The working year of a city."""

import asyncio
from datetime import date
from typing import Any

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.cities.packs import of_city
from app.context import AppContext
from domain.model import Incoming, Recorded
from domain.pack.horizon import horizon
from domain.pack.pack import Pack
from packs.published_days import CalendarYear, calendar_year


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


async def working_calendar(
    context: AppContext, caller: Caller, city: str, year: int | None
) -> WorkingYear:
    """Return that year of the city's calendar, or the current one, and how far ahead it is known.

    Raises:
        UnknownCity, Problem: not_your_city
    """
    pack = await of_city(context, caller, city)
    working = await working_year(context, caller, pack, year)
    ahead = horizon(pack)
    special = [
        {
            "day": one.day,
            "kind": one.kind,
            "hours": one.hours or None,
            "source": one.source,
            "why": one.why,
        }
        for one in working.special
    ]
    return WorkingYear(
        city=city,
        years=list(pack.calendar.years),
        year=working.year,
        working_days=working.working_days,
        special=special,
        provisional=working.provisional,
        firm_until=ahead.last_day,
        provisional_from=ahead.tiers,
        next_year=working.next_year,
        published=working.published,
    )


async def working_year(
    context: AppContext, caller: Caller, pack: Pack, year: int | None
) -> CalendarYear:
    """Return that year, or the current one."""
    await permit(context, caller, "see_packs")
    city_of(caller, pack.city.id)
    shown = year or context.now().astimezone(pack.calendar.tz).year
    folder = context.packs.folder(pack.city.id)
    return await asyncio.to_thread(calendar_year, pack.calendar, folder, shown)
