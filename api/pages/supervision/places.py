"""Figures of places, from the city down to the grid cell, with a drill-down to the tickets."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import MOST, Cell, sheet
from api.http.dependencies import Context
from api.pages.shared.addresses import PlaceTickets, known_parameters
from api.pages.shared.months import MonthChoice, requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.cities.division_codes import LEVEL_NAMES, around, digits_within, is_in, place
from app.context import AppContext
from app.errors import Problem
from app.reporting.places import PlacePart, parts_of, tickets_at
from domain.pack.pack import Pack
from domain.words import N_
from store.reporting.drill_down import NOWHERE, DrillDownQuery, DrillDownRow, Lines, What
from store.reporting.hot_spots import squares_of
from store.reporting.indicators import Ratio
from store.reporting.places import PlaceCounts
from store.reporting.ranking import named

router = APIRouter(include_in_schema=False)

_MOST = 200
"""Tickets read from the store at once for a sheet; a page shows fifty."""

_LEVELS = {
    # the names of parts that the pack does not name
    "district": N_("District %(code)s"),
    "street": N_("Street %(code)s"),
    "community": N_("Community %(code)s"),
    "cell": N_("Cell %(code)s"),
}


def place_name(pack: Pack, code: str, words: PageWords) -> str:
    """Return the name of a place, or its level and the last digits of its code."""
    if code == pack.city.division:
        return words.named(pack.city)
    unit = place(pack, code)
    if unit is not None:
        return words.named(unit)
    level = LEVEL_NAMES.get(len(code))
    return words.say(_LEVELS[level]) % {"code": code[-3:]} if level else code


@router.get("/staff/places", dependencies=[known_parameters("month")])
async def places(
    request: Request,
    caller: Annotated[Caller, staff("get_places")],
    context: Context,
    area: str = "",
) -> Response:
    """Show the parts of a place side by side; each links to its own parts."""
    pack, month, words = _page_scope(request, caller, context)
    code = area or pack.city.division
    parts = await parts_of(context, caller, pack, code, month.period, month.reckoning.now)
    return staff_page(
        request,
        "supervision/places.html",
        caller,
        pack=pack,
        month=month,
        area=code,
        crumbs=[(one, place_name(pack, one, words)) for one in around(pack, code)],
        level=LEVEL_NAMES.get(digits_within(code) or 0),
        parts=[(part, place_name(pack, part.code, words)) for part in parts],
        whole=whole([part.counts for part in parts]),
        most=max((part.counts.open for part in parts), default=0),
        rest=_rest(pack, code),
        tickets=PlaceTickets(month=month.shown, city=pack.city.id).but,
    )


def whole(parts: Sequence[PlaceCounts]) -> PlaceCounts:
    """Add up the figures of all parts."""

    def rate(name: str) -> Ratio:
        items = [getattr(part, name) for part in parts]
        return Ratio(sum(one.part for one in items), sum(one.of for one in items))

    counts = [sum(getattr(part, name) for part in parts) for name in _COUNTS]
    return PlaceCounts(*counts, *(rate(name) for name in _RATES))


_COUNTS = ("open", "late", "filed", "ended")
_RATES = ("response", "resolution", "satisfaction")


def _rest(pack: Pack, code: str) -> dict[str, Any]:
    """Return the query for tickets located no more exactly than the place itself."""
    digits = digits_within(code)
    inside = {} if code == pack.city.division else {"area": code}
    return inside | ({"exactly": str(digits - 1)} if digits else {})


@router.get("/staff/places.csv", dependencies=[known_parameters("month")])
async def places_sheet(
    request: Request,
    caller: Annotated[Caller, staff("get_places")],
    context: Context,
    area: str = "",
) -> Response:
    """Send the parts of a place as CSV."""
    pack, month, words = _page_scope(request, caller, context)
    code = area or pack.city.division
    parts = await parts_of(context, caller, pack, code, month.period, month.reckoning.now)
    heads = (N_("Code"), N_("Area"), N_("Open now"), N_("Late"), N_("Number filed"),
             N_("Number ended"), N_("Response rate"), N_("Resolution rate"),
             N_("Satisfaction rate"))  # fmt: skip
    name = f"{place_name(pack, code, words)} {month.shown}.csv"
    return sheet(name, [words.say(head) for head in heads], _rows(parts, pack, words))


def _rows(parts: Sequence[PlacePart], pack: Pack, words: PageWords) -> Iterator[Sequence[Cell]]:
    for part in parts:
        name = place_name(pack, part.code, words) or words.say(N_("No more exact place given"))
        rates = [getattr(part.counts, rate).value for rate in _RATES]
        yield [part.code, name, *(getattr(part.counts, count) for count in _COUNTS), *rates]


# --- drill-down -------------------------------------------------------------------------------


@router.get("/staff/places/tickets")
async def tickets(
    request: Request,
    caller: Annotated[Caller, staff("get_places")],
    context: Context,
    cursor: str | None = None,
) -> Response:
    """Show the tickets that one number of a place, or of a spot on the map, counts."""
    pack, month, words = _page_scope(request, caller, context)
    drill_down = _drill_down_query(request, pack, month, context)
    lines = await tickets_at(context, caller, drill_down, cursor)
    asked = PlaceTickets.read_exactly(request).but(month=month.shown, city=pack.city.id)
    return staff_page(
        request,
        "supervision/places_tickets.html",
        caller,
        pack=pack,
        month=month,
        drill_down=drill_down,
        asked=asked,
        url=asked.following,
        where=_where(pack, drill_down, words),
        items=[(line, _unit(pack, line, words)) for line in lines.rows],
        first=not cursor,
        next_cursor=lines.next_cursor,
    )


@router.get("/staff/places/tickets.csv")
async def tickets_sheet(
    request: Request, caller: Annotated[Caller, staff("get_places")], context: Context
) -> Response:
    """Send the same tickets as CSV."""
    pack, month, words = _page_scope(request, caller, context)
    query = _drill_down_query(request, pack, month, context)
    lines, cursor = list[DrillDownRow](), None
    while len(lines) < MOST:
        page: Lines = await tickets_at(context, caller, query, cursor, _MOST)
        lines += page.rows
        if (cursor := page.next_cursor) is None:
            break
    heads = (N_("Number"), N_("Title"), N_("Category"), N_("Unit"), N_("Area"), N_("Stage"),
             N_("Filed at"), N_("Due"), N_("Ended at"))  # fmt: skip

    def moment(at: datetime | None) -> str:
        return f"{at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}" if at else ""

    rows = (
        [line.number, line.title, line.category, _unit(pack, line, words), line.area,
         words.label("stage", line.stage), moment(line.filed_at), moment(line.due_at),
         moment(line.ended_at)]
        for line in lines
    )  # fmt: skip
    name = f"{words.named(pack.city)} {query.what} {month.shown}.csv"
    return sheet(name, [words.say(head) for head in heads], rows, words.cut(cursor is not None))


def _number(text: str) -> int:
    """Parse a whole number of a size that the database can compare.

    Raises:
        ValueError
    """
    if len(text) > 9:
        raise ValueError("a number of more than nine characters")
    return int(text)


def _drill_down_query(
    request: Request, pack: Pack, month: MonthChoice, context: AppContext
) -> DrillDownQuery:
    """Parse the request in the address; a Problem not_found if it names nothing that exists."""
    asked = PlaceTickets.read_exactly(request)
    values = asked.model_dump(exclude_none=True)
    area = values.get("area")
    known = area in (None, NOWHERE) or is_in(pack, context.packs.grid(pack.city.id), str(area))
    try:
        square = (
            [_number(part) for part in values["square"].split(",")] if "square" in values else None
        )
        exactly = _number(values["exactly"]) if "exactly" in values else None
        placed = squares_of(*square) if square else None
    except (ValueError, TypeError):
        raise Problem("not_found") from None
    if not known:
        raise Problem("not_found")
    return DrillDownQuery(
        city=pack.city.id,
        what=asked.what or What.FILED,
        period=month.period,
        now=month.reckoning.now,
        area=area,
        exactly=exactly,
        category=values.get("category"),
        square=placed,
        site=values.get("site"),
    )


def _where(pack: Pack, query: DrillDownQuery, words: PageWords) -> list[str]:
    """Return the names of the place and the category, for the heading."""
    area = query.area if query.area != NOWHERE else None
    names = [place_name(pack, area or pack.city.division, words)]
    if query.category is not None:
        known = pack.knows(query.category)
        names.append(words.named(pack.category(query.category)) if known else query.category)
    if query.site is not None:
        names.append(site_name(pack, query.site))
    return names


def site_name(pack: Pack, code: str) -> str:
    """Return the name of a known place; its code if the pack does not have it any more."""
    return next((place.name for place in pack.known_places if place.code == code), code)


def _unit(pack: Pack, line: DrillDownRow, words: PageWords) -> str:
    return words.named(named(pack, line.unit)) if line.unit else ""


def _page_scope(
    request: Request, caller: Caller, context: AppContext
) -> tuple[Pack, MonthChoice, PageWords]:
    pack = working_city(request, context, caller)
    return pack, requested_month(request, pack, datetime.now(UTC)), PageWords(request)
