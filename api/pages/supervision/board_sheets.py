"""Every chart and table of the board as a CSV sheet."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import MOST, Cell, sheet
from api.http.dependencies import Context
from api.pages.shared.addresses import known_parameters
from api.pages.shared.page_words import PageWords
from api.pages.shared.workplace import working_city
from api.pages.supervision.board import channels_of, hours_of
from app.access.caller import Caller
from app.errors import Problem
from app.reporting.board import late_soon
from app.reporting.board_feed import BoardFeeds
from domain.pack.pack import Pack
from domain.words import N_
from store.reporting.board import Board, Soon
from store.reporting.ranking import named

router = APIRouter(include_in_schema=False, dependencies=[known_parameters()])

Rows = Iterator[Sequence[Cell]]


class Shown(NamedTuple):
    """The board and pack that a sheet shows, and the words of its reader."""

    board: Board
    pack: Pack
    words: PageWords
    soon: Sequence[Soon] = ()

    def unit(self, code: str | None) -> str:
        return self.words.named(named(self.pack, code)) if code else ""

    def category(self, code: str | None) -> str:
        known = code is not None and self.pack.knows(code)
        return self.words.named(self.pack.category(code)) if known and code else code or ""

    def moment(self, at: datetime | None) -> str:
        """Format a time for spreadsheets, in the city's time zone."""
        return f"{at.astimezone(self.pack.calendar.tz):%Y-%m-%d %H:%M}" if at else ""


def _inflow(shown: Shown) -> Rows:
    channels = channels_of(shown.board)
    labels = [shown.words.label("channel", channel) for channel in channels]
    yield [shown.words.say(N_("Hour")), *labels, shown.words.say(N_("Total"))]
    for hour in hours_of(shown.board, shown.pack):
        numbers = [hour.channels.get(channel, 0) for channel in channels]
        yield [f"{hour.name}:00", *numbers, hour.tickets]


def _stages(shown: Shown) -> Rows:
    yield [shown.words.say(head) for head in (N_("Stage"), N_("Open now"), N_("Late"))]
    for load in shown.board.stages:
        yield [shown.words.label("stage", load.stage), load.tickets, load.late]


def _units(shown: Shown) -> Rows:
    heads = (N_("Code"), N_("Unit"), N_("Open now"), N_("Late"))
    yield [shown.words.say(head) for head in heads]
    for load in shown.board.units:
        yield [load.unit, shown.unit(load.unit), load.tickets, load.late]


def _soon(shown: Shown) -> Rows:
    heads = (N_("Number"), N_("Title"), N_("Category"), N_("Unit"), N_("Stage"), N_("Due"))
    yield [shown.words.say(head) for head in heads]
    for one in shown.soon:
        cells = (one.number, one.title, shown.category(one.category), shown.unit(one.unit))
        yield [*cells, shown.words.label("stage", one.stage), shown.moment(one.due_at)]


def _queues(shown: Shown) -> Rows:
    heads = (N_("Queue"), N_("Waiting"), N_("Late"), N_("Longest since"))
    yield [shown.words.say(head) for head in heads]
    for one in shown.board.queues:
        label = shown.words.label("queue", one.queue)
        yield [label, one.tickets, one.late, shown.moment(one.since)]


def _overdue(shown: Shown) -> Rows:
    yield [shown.words.say(head) for head in (N_("What is late"), N_("Late"), N_("Earliest day"))]
    for one in shown.board.overdue:
        yield [shown.words.label("overdue", one.kind), one.late, str(one.since or "")]


SHEETS: dict[str, Callable[[Shown], Rows]] = {
    "inflow": _inflow,
    "stages": _stages,
    "units": _units,
    "soon": _soon,
    "queues": _queues,
    "overdue": _overdue,
}


@router.get("/staff/board.csv")
async def board_sheet(
    request: Request,
    caller: Annotated[Caller, staff("get_board")],
    context: Context,
    what: str = "",
) -> Response:
    """Send one part of the current board as CSV."""
    if what not in SHEETS:
        raise Problem("not_found")
    pack = working_city(request, context, caller)
    boards: BoardFeeds = request.app.state.boards
    scene = await boards.now(context, caller, pack)
    words = PageWords(request)
    # The board itself has the first of them only.
    soon = await late_soon(context, caller, pack, scene.board.at, MOST) if what == "soon" else ()
    heads, *rows = SHEETS[what](Shown(scene.board, pack, words, soon))
    at = scene.board.at.astimezone(pack.calendar.tz)
    name = f"{words.named(pack.city)} {what} {at:%Y-%m-%d %H%M}.csv"
    return sheet(name, [str(head) for head in heads], rows)
