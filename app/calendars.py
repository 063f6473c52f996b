"""The working year of a city."""

import asyncio
from datetime import date
from typing import Any

from pydantic import Field

from app.context import AppContext
from domain.model import Incoming, Recorded
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


async def working_year(context: AppContext, pack: Pack, year: int | None) -> CalendarYear:
    """Return that year, or the current one."""
    asked = year or context.now().astimezone(pack.calendar.tz).year
    folder = context.packs.folder(pack.city.id)
    return await asyncio.to_thread(calendar_year, pack.calendar, folder, asked)
