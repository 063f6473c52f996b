"""The working calendar: a year as a grid of months, each special day with its source."""

import calendar as months
from datetime import date
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.dependencies import Context
from api.http.parameters import READER
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.cities.calendars import working_year
from domain.deadlines.calendar import WorkCalendar, is_working_day
from domain.pack.horizon import horizon
from domain.pack.pack import Pack
from domain.pack.policies import Tier
from packs.published_days import SpecialDay

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/calendar"
_EARLIEST, _LATEST = 1900, 2999
_WEEK = months.Calendar(months.MONDAY)


class Day(NamedTuple):
    """A day. `look`: working, weekend, holiday, make_up, hours; None: another month's."""

    day: date
    look: str | None
    special: SpecialDay | None


class CalendarMonth(NamedTuple):
    first: date
    working: int
    weeks: list[list[Day]]


@router.get(URL)
async def year(request: Request, caller: READER, context: Context) -> Response:
    """Show the requested year, else this one; years not published yet are shown too."""
    pack = working_city(request, context, caller)
    published = pack.calendar.published
    years = sorted(published | {max(published) + 1, max(published) + 2})
    this = context.now().astimezone(pack.calendar.tz).year
    requested = request.query_params.get("year", "")
    wanted = (
        int(requested)
        if requested.isascii() and requested.isdigit() and len(requested) == 4
        else this
    )
    shown = wanted if _EARLIEST <= wanted <= _LATEST else this
    calendar_year = await working_year(context, caller, pack, shown)
    special = {one.day: one for one in calendar_year.special}
    return staff_page(
        request,
        "admin/calendar.html",
        caller,
        pack=pack,
        year=calendar_year,
        years=years,
        months=[_month(pack.calendar, shown, n, special) for n in range(1, 13)],
        hours=pack.calendar.hours,
        folder=pack.city.id,
        ahead=_ahead(pack),
    )


class Reach(NamedTuple):
    """The first day of filing whose promises in a tier are provisional; None: never."""

    tier: Tier
    since: date | None


def _ahead(pack: Pack) -> tuple[date, list[Reach]]:
    """Return the last published day, and the tiers, the earliest provisional one first."""
    calendar_horizon = horizon(pack)
    tiers = [Reach(pack.tiers[tier], day) for tier, day in calendar_horizon.tiers.items()]
    return calendar_horizon.last_day, sorted(tiers, key=lambda one: one.since or date.max)


def _month(
    calendar: WorkCalendar, year: int, month: int, special: dict[date, SpecialDay]
) -> CalendarMonth:
    weeks = [
        [_day(calendar, month, day, special) for day in week]
        for week in _WEEK.monthdatescalendar(year, month)
    ]
    worked = [
        day.day
        for week in weeks
        for day in week
        if day.look is not None and is_working_day(calendar, day.day)
    ]
    return CalendarMonth(date(year, month, 1), len(worked), weeks)


def _day(calendar: WorkCalendar, month: int, day: date, special: dict[date, SpecialDay]) -> Day:
    if day.month != month:
        return Day(day, None, None)
    one = special.get(day)
    ordinary = "working" if is_working_day(calendar, day) else "weekend"
    return Day(day, one.kind.value if one else ordinary, one)
