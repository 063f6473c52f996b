"""The board of a city."""

from datetime import datetime

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.reporting.board_feed import BoardFeeds
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period
from store.reporting.board import Board, Inflow, Overdue, Soon, StageLoad, UnitLoad, Waiting, soon
from store.reporting.board_events import BoardEventPage, BoardEvents, board_events
from store.tickets.stuck import Stuck


class BoardPage(Recorded):
    """The present state of a city. Today begins at midnight there; cards are those since then."""

    city: str = Field(examples=["tongzhou"])
    at: Instant
    today: Instant
    filed: int
    filed_yesterday: int = Field(description="Until this time of yesterday.")
    ended: int
    backlog: int = Field(description="Open, without those that are only watched (aftercare).")
    late: int
    late_soon: int = Field(description="Late within four hours, unless something is done.")
    yellow_cards: int
    red_cards: int
    orders: int = Field(description="Supervision orders (督办单) without an answer.")
    inflow: list[Inflow]
    stages: list[StageLoad]
    units: list[UnitLoad]
    soon: list[Soon] = Field(description="The first twenty of `late_soon`.")
    queues: list[Waiting]
    overdue: list[Overdue] = Field(
        description="Past their day: rows of supervision lists, tasks of councils, and promises "
        "of which nothing was said. Only of what the city has."
    )
    stuck: list[Stuck] = Field(
        description="What has waited for more than a minute although no person is waited for."
    )


async def present_board(
    context: AppContext, caller: Caller, boards: BoardFeeds, city: str
) -> BoardPage:
    """Return the present state of a city. A watched board is read once for all.

    Raises:
        Problem: not_your_city.
        UnknownCity, StoreUnavailable
    """
    await permit(context, caller, "get_board")
    city_of(caller, city)
    scene = await boards.now(context, caller, context.packs.get(city))
    return _page(scene.board)


async def late_soon(
    context: AppContext, caller: Caller, pack: Pack, at: datetime, most: int
) -> list[Soon]:
    """Return the tickets that will be late within four hours of `at`, at most so many.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "get_board")
    city_of(caller, pack.city.id)
    return await soon(context.store, pack, at, most)


async def events_of_board(
    context: AppContext,
    caller: Caller,
    city: str,
    what: BoardEvents,
    shown: Period,
    cursor: str | None,
    limit: int,
) -> BoardEventPage:
    """Return the cards or orders that a number of the board counts.

    Raises:
        Problem: not_your_city.
        BadCursor
    """
    await permit(context, caller, "get_board")
    city_of(caller, city)
    return await board_events(context.store, city, what, shown, cursor, limit)


def _page(board: Board) -> BoardPage:
    return BoardPage(
        city=board.city,
        at=board.at,
        today=board.today,
        filed=board.filed,
        filed_yesterday=board.before,
        ended=board.ended,
        backlog=board.backlog,
        late=board.late,
        late_soon=board.about_to_be,
        yellow_cards=board.yellow_cards,
        red_cards=board.red_cards,
        orders=board.orders,
        inflow=board.inflow,
        stages=board.stages,
        units=board.units,
        soon=board.soon,
        queues=board.queues,
        overdue=board.overdue,
        stuck=board.stuck,
    )
