"""The live board of a city, also for a screen on the wall.

The server draws the complete page. With JavaScript, its parts are replaced as they change: each is
drawn once per snapshot, language, role and kind of page, and sent to all viewers.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import language_of
from api.pages.shared.addresses import (
    BoardEventList,
    CouncilTaskList,
    PromiseList,
    QueueAddress,
    SupervisionList,
    TicketSearch,
    known_parameters,
)
from api.pages.shared.navigation import PAGES, entries
from api.pages.shared.page import Drawing
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.incidents.views import IncidentOut, incidents_of
from app.reporting.board import events_of_board
from app.reporting.board_feed import BoardFeeds, BoardSnapshot, End
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.policy.permissions import RIGHTS
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Channel
from store.reporting.board import Board, overdue_of
from store.reporting.board_events import BoardEvents
from store.reporting.board_statements import OverdueKind
from store.reporting.ranking import named
from store.tickets.promises import PromisePart

router = APIRouter(include_in_schema=False)

PARTS = ("totals", "inflow", "stages", "queues", "overdue", "soon", "units")
ON_THE_WALL = ("totals", "inflow", "soon", "queues")
"""The parts that are sent again when they change: templates supervision/board_<part>.html."""

_DAY, _HOUR = 24, timedelta(hours=1)
_ROWS = 50
_RETRY = 3000
"""Milliseconds after which a browser connects again."""

_EVENTS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy must not buffer events
}


@dataclass(frozen=True)
class Hour:
    """The tickets filed in one hour of the day; `name`: "09"."""

    name: str
    at: datetime
    tickets: int
    channels: Mapping[Channel, int]


@router.get("/staff/board", dependencies=[known_parameters()])
async def board(
    request: Request,
    caller: Annotated[Caller, staff("get_board")],
    context: Context,
    wall: bool = False,
) -> Response:
    """Show the whole board; with `wall=1` for an unattended large screen."""
    pack = working_city(request, context, caller)
    boards: BoardFeeds = request.app.state.boards
    scene = await boards.now(context, caller, pack)
    values = _values(scene.board, pack, caller, wall)
    template = "supervision/board_wall.html" if wall else "supervision/board.html"
    incidents = await _incidents(context, caller, pack)
    return staff_page(
        request, template, caller, parts=_parts(wall, pack), incidents=incidents, **values
    )


async def _incidents(context: AppContext, caller: Caller, pack: Pack) -> list[IncidentOut]:
    """Return the proposed and open incidents of a city, for whoever may see them."""
    if pack.incidents is None or not caller.may(RIGHTS["list_incidents"]):
        return []
    return await incidents_of(context, caller, pack.city.id)


@router.get(BoardEventList.path)
async def events(
    request: Request, caller: Annotated[Caller, staff("get_board")], context: Context
) -> Response:
    """Show the cards or the orders that a number of the board counts."""
    pack = working_city(request, context, caller)
    asked = BoardEventList.read_exactly(request).but(city=pack.city.id)
    cursor, now = request.query_params.get("cursor") or None, context.now()
    shown = Period(asked.since or now, max(asked.until or now, asked.since or now))
    found = await events_of_board(context, caller, pack.city.id, asked.what, shown, cursor, _ROWS)
    return staff_page(
        request,
        "supervision/board_events.html",
        caller,
        pack=pack,
        what=asked.what,
        shown=shown,
        items=[(one, named(pack, one.unit) if one.unit else None) for one in found.rows],
        url=asked.following,
        first=cursor is None,
        next_cursor=found.next_cursor,
    )


@router.get("/staff/board/stream", dependencies=[known_parameters()])
async def stream(
    request: Request,
    caller: Annotated[Caller, staff("get_board")],
    context: Context,
    wall: bool = False,
) -> Response:
    """Send the parts of the page that changed, at each poll (server-sent events)."""
    pack = working_city(request, context, caller)
    boards: BoardFeeds = request.app.state.boards
    drawing: Drawing = request.app.state.drawing
    draw = partial(_drawn, drawing, language_of(request), pack, caller, wall)
    scenes = boards.watch(context, pack.city.id, caller, staying=wall)
    return StreamingResponse(_events(scenes, draw), media_type="text/event-stream", headers=_EVENTS)


async def _events(
    scenes: AsyncGenerator[BoardSnapshot | End | None],
    draw: Callable[[BoardSnapshot], dict[str, str]],
) -> AsyncIterator[str]:
    yield f"retry: {_RETRY}\n\n"
    shown: dict[str, str] = {}
    async with aclosing(scenes) as latest:
        async for scene in latest:
            if isinstance(scene, End):
                yield _event("end", scene.value)
            elif scene is None:
                yield ": nothing could be read\n\n"
            else:
                drawn = draw(scene)
                yield _event("parts", {k: v for k, v in drawn.items() if shown.get(k) != v})
                shown = drawn


def _event(name: str, value: object) -> str:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"


def _drawn(
    drawing: Drawing, language: str, pack: Pack, caller: Caller, wall: bool, scene: BoardSnapshot
) -> dict[str, str]:
    def draw() -> dict[str, str]:
        values = _values(scene.board, pack, caller, wall)
        values |= {"now": scene.board.at, "pack": pack, "zone": pack.calendar.tz}
        parts = (*_parts(wall, pack), "at")
        return {part: drawing.draw(language, _template_of(part), values) for part in parts}

    return scene.once((language, caller.actor.role, wall, pack.version), draw)


def _template_of(part: str) -> str:
    return f"supervision/board_{part}.html"


def _parts(wall: bool, pack: Pack) -> tuple[str, ...]:
    """Return the parts of the page; what may be past its day only where the city has any of it."""
    parts = ON_THE_WALL if wall else PARTS
    return parts if overdue_of(pack) else tuple(part for part in parts if part != "overdue")


def _values(board: Board, pack: Pack, caller: Caller, wall: bool) -> dict[str, Any]:
    hours = hours_of(board, pack)
    return {
        "board": board,
        "hours": hours,
        "bars": [(one.name, one.tickets) for one in hours],
        "channels": channels_of(board),
        "queue_urls": _urls(board.city, caller),
        "tickets": partial(_tickets, board.city),
        "cards": partial(_cards, board),
        "orders_url": BoardEventList(city=board.city, what=BoardEvents.ORDERS).url,
        "overdue_urls": {
            OverdueKind.LIST: SupervisionList(city=board.city, late="yes").url,
            OverdueKind.COUNCIL: CouncilTaskList(city=board.city).url,
            OverdueKind.PROMISE: PromiseList(city=board.city, which=PromisePart.LATE).url,
        },
        "filed_url": _filed(board, pack),
        "before_url": _filed_before(board),
        "ended_url": _tickets(board.city, ended_since=board.today, ended_until=_after(board.at)),
        "unit_named": partial(named, pack),
        "wall": wall,
    }


def hours_of(board: Board, pack: Pack) -> list[Hour]:
    """Return the hours of the day, future ones without tickets."""
    values = {
        at: {one.channel: one.tickets for one in group}
        for at, group in groupby(board.inflow, lambda one: one.at)
    }
    starts = [board.today + n * _HOUR for n in range(_DAY)]
    return [_hour(at, values.get(at, {}), pack) for at in starts]


def _hour(at: datetime, channels: Mapping[Channel, int], pack: Pack) -> Hour:
    return Hour(f"{at.astimezone(pack.calendar.tz):%H}", at, sum(channels.values()), channels)


def channels_of(board: Board) -> dict[Channel, int]:
    """Count the tickets filed per channel, the most first, without empty channels."""
    counted = dict.fromkeys(Channel, 0)
    for one in board.inflow:
        counted[one.channel] += one.tickets
    ordered = sorted(counted.items(), key=lambda pair: -pair[1])
    return {channel: tickets for channel, tickets in ordered if tickets}


# --- the links behind the numbers ---------------------------------------------------------------


def _tickets(city: str, **of: Any) -> str:
    return TicketSearch(city=city, **of).url


def _cards(board: Board, what: BoardEvents) -> str:
    since, until = board.today, board.at
    return BoardEventList(city=board.city, what=what, since=since, until=until).url


def _after(at: datetime) -> datetime:
    """Return the end of the half-open period up to `at`, with it."""
    return at + timedelta(microseconds=1)


def _filed(board: Board, pack: Pack) -> Callable[..., str]:
    """Return the function for the links to what was filed today: by hour and channel, or in all."""
    starts = {one.name: one.at for one in hours_of(board, pack)}

    def url(hour: str | None = None, channel: Channel | None = None) -> str:
        since = starts[hour] if hour else board.today
        until = min(since + _HOUR if hour else board.at, board.at)
        return _tickets(board.city, channel=channel, filed_since=since,
                        filed_until=_after(until) if until == board.at else until)  # fmt: skip

    return url


def _filed_before(board: Board) -> str:
    day = timedelta(days=1)
    return _tickets(board.city, filed_since=board.today - day, filed_until=_after(board.at - day))


def _urls(city: str, caller: Caller) -> dict[Queue, str]:
    """Return each queue's page, or its list of tickets if the role has no such page."""
    open_to = {entry.url for entry in entries(caller.actor.role)}
    return {
        queue: QueueAddress(city=city, queue=queue).at(page)
        if (page := PAGES.get(queue)) in open_to
        else TicketSearch(city=city, queue=queue).url
        for queue in Queue
    }
