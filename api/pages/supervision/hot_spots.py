"""Hot spots: the map of complaints, tables by place and category, and common problems."""

import json
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import MOST, Cell, sheet
from api.http.dependencies import Context
from api.http.responses import json_text
from api.pages.shared.addresses import PlaceTickets, known_parameters
from api.pages.shared.months import MonthChoice, requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from api.pages.supervision.places import place_name, site_name
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.reporting.places import most_of
from app.reporting.places import squares as squares_of
from app.tickets.publications import topics_in
from domain.pack.pack import Pack
from domain.words import N_
from store.reporting.drill_down import What
from store.reporting.hot_spots import HotSpotsQuery, Named

router = APIRouter(include_in_schema=False, dependencies=[known_parameters("month")])

_LEAST = 5
"""The complaints about one category in one street that make a common problem (共性问题)."""

_PLACES = 5
"""Decimals of a degree, about a metre."""

TABLES = {
    # kind of table: its heading, and the query parameter of its drill-down
    "street": (N_("Streets"), "area"),
    "community": (N_("Communities"), "area"),
    "cell": (N_("Grid cells"), "area"),
    "site": (N_("Known places"), "site"),
    "category": (N_("Categories"), "category"),
}


@router.get("/staff/spots")
async def spot_page(
    request: Request,
    caller: Annotated[Caller, staff("get_spots")],
    context: Context,
    category: str = "",
) -> Response:
    """Show the map, the places and categories with most tickets, and common problems."""
    pack = working_city(request, context, caller)
    month, words = requested_month(request, pack, datetime.now(UTC)), PageWords(request)
    chosen = _spots_query(pack, month, category)
    most = await most_of(context, caller, chosen)
    common = await topics_in(context, caller, pack.city.id, month.period, _LEAST)
    tickets = PlaceTickets(month=month.shown, city=pack.city.id, what=What.FILED)
    query = {"month": month.shown, "city": pack.city.id}
    return staff_page(
        request,
        "supervision/hot_spots.html",
        caller,
        pack=pack,
        month=month,
        category=chosen.category,
        categories=[(one.code, words.named(one)) for one in pack.categories],
        query=urlencode(query | ({"category": chosen.category} if chosen.category else {})),
        tables=[
            (kind, heading, [_line(pack, kind, one, words, chosen, tickets) for one in most[kind]])
            for kind, (heading, _) in TABLES.items()
        ],
        topics=[
            (one, _about(pack, one.category, words), place_name(pack, one.area, words),
             tickets.but(what=What.TOPIC, area=one.area, category=one.category).url)
            for one in common
            if chosen.category in (None, one.category)
        ],
    )  # fmt: skip


@router.get("/staff/spots.json")
async def squares(
    request: Request,
    caller: Annotated[Caller, staff("get_spots")],
    context: Context,
    category: str = "",
) -> Response:
    """Send the map's squares: position, number of tickets, main category, drill-down address."""
    pack = working_city(request, context, caller)
    month, words = requested_month(request, pack, datetime.now(UTC)), PageWords(request)
    chosen = _spots_query(pack, month, category)
    tickets = PlaceTickets(month=month.shown, city=pack.city.id, what=What.FILED,
                           category=chosen.category)  # fmt: skip
    items = [
        {
            "lat": round(one.lat, _PLACES),
            "lon": round(one.lon, _PLACES),
            "tickets": one.tickets,
            "what": _about(pack, one.category, words),
            "url": tickets.but(square=f"{one.row},{one.column}").url,
        }
        for one in await squares_of(context, caller, chosen)
    ]
    return json_text(json.dumps(items, ensure_ascii=False))


@router.get("/staff/spots.csv")
async def spot_sheet(
    request: Request,
    caller: Annotated[Caller, staff("get_spots")],
    context: Context,
    what: str = "",
    category: str = "",
) -> Response:
    """Send one table, or the squares of the map, as CSV."""
    pack = working_city(request, context, caller)
    month, words = requested_month(request, pack, datetime.now(UTC)), PageWords(request)
    query = _spots_query(pack, month, category)
    name = f"{words.named(pack.city)} spots {what} {month.shown}.csv"
    if what == "map":
        map_heads = (
            N_("Latitude"), N_("Longitude"), N_("Number of tickets"), N_("Mostly about")
        )  # fmt: skip
        cells: list[list[Cell]] = [
            [one.lat, one.lon, one.tickets, _about(pack, one.category, words)]
            for one in await squares_of(context, caller, query, MOST)
        ]
        return sheet(name, [words.say(head) for head in map_heads], cells)
    if what == "topics":
        return await _topics_sheet(context, caller, pack, month, words, name)
    if what not in TABLES:
        raise Problem("not_found")
    heads = (N_("Code"), N_("Area or category"), N_("Number of tickets"))
    most = (await most_of(context, caller, query, MOST))[what]
    rows: list[list[Cell]] = [
        [one.code, _name(pack, what, one, words), one.tickets] for one in most
    ]
    return sheet(name, [words.say(head) for head in heads], rows)


async def _topics_sheet(
    context: AppContext,
    caller: Caller,
    pack: Pack,
    month: MonthChoice,
    words: PageWords,
    name: str,
) -> Response:
    topics = await topics_in(context, caller, pack.city.id, month.period, _LEAST, MOST)
    heads = (N_("Category"), N_("Street"), N_("Number of tickets"), N_("Newest"))
    rows: list[list[Cell]] = [
        [_about(pack, one.category, words), place_name(pack, one.area, words), one.count,
         " ".join(one.numbers)]
        for one in topics
    ]  # fmt: skip
    return sheet(name, [words.say(head) for head in heads], rows)


def _spots_query(pack: Pack, month: MonthChoice, category: str) -> HotSpotsQuery:
    return HotSpotsQuery(pack.city.id, month.period, category if pack.knows(category) else None)


def _line(
    pack: Pack,
    kind: str,
    one: Named,
    words: PageWords,
    spots: HotSpotsQuery,
    tickets: PlaceTickets,
) -> tuple[str, int, str]:
    of = {"category": spots.category, TABLES[kind][1]: one.code}
    return _name(pack, kind, one, words), one.tickets, tickets.but(**of).url


def _name(pack: Pack, kind: str, one: Named, words: PageWords) -> str:
    if kind == "category":
        return _about(pack, one.code, words)
    if kind == "site":
        return site_name(pack, one.code)
    name = place_name(pack, one.code, words)
    # Cells and communities are shown with the name of their street.
    street = pack.street_of(one.code)
    outside = street is not None and kind != "street"
    return f"{words.named(street)} · {name}" if outside and street else name


def _about(pack: Pack, category: str | None, words: PageWords) -> str:
    if category is None:
        return words.say(N_("not classified yet"))
    return words.named(pack.category(category)) if pack.knows(category) else category
