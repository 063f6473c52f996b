"""The board of a city as JSON: the present figures of the supervisors' page."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.access import city_of, staff
from api.caller import Caller
from api.door import API, TheDoor, json_of
from api.problems import responses
from api.watching import Boards
from domain.model import Instant, Recorded
from store.reporting.board import Board, Inflow, Soon, StageLoad, UnitLoad, Waiting
from store.tickets.stuck import Stuck

router = APIRouter(prefix=API, tags=["Staff"])

SUPERVISION = (
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "not_your_city",
    "unknown_city",
    "store_unavailable",
)
"""The refusals of the supervision routes."""


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
    stuck: list[Stuck] = Field(
        description="What has waited for more than a minute although no person is waited for."
    )


@router.get(
    "/cities/{city}/board",
    operation_id="get_board",
    summary="A city now: inflow, backlog, cards, queues, and what will be late next",
    response_model=BoardPage,
    responses=responses(*SUPERVISION),
)
async def get_board(
    city: str, request: Request, door: TheDoor, caller: Annotated[Caller, staff("get_board")]
) -> Response:
    """Return the present state. Poll it if need be: a watched board is read once for all."""
    city_of(caller, city)
    boards: Boards = request.app.state.boards
    scene = await boards.now(door, door.packs.get(city))
    return json_of(board_page(scene.board))


def board_page(board: Board) -> BoardPage:
    """Return the board's API representation."""
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
        stuck=board.stuck,
    )
