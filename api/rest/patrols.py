"""Patrols (巡查、巡河): rounds and their proof, what watches them, and unannounced checks."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import ACTING, OF_CITY, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.patrols import inspecting, walking, watching
from app.patrols.inspecting import DrawIn, DrawOut, DrawsOut, RedrawOut, SheetIn
from app.patrols.views import RoundDetails, RoundsOut
from app.patrols.walking import FindingIn, FindingOut, FinishIn, StampsIn, StampsOut
from app.patrols.watching import Overview
from domain.ticket.complaint import Code

router = APIRouter(prefix=f"{API}/patrols", tags=["Staff"])

_OF_CITY = (*READING, *OF_CITY, "not_in_this_city")
_WALKING = (
    *ACTING,
    "round_not_found",
    "not_your_unit",
    "round_not_open",
    "round_over",
    "round_done",
)

STAMPS = {
    "sent_at": "2026-03-02T08:10:00+08:00",
    "stamps": [
        {
            "id": "5f1c2a",
            "point": "P1",
            "at": "2026-03-02T08:09:58+08:00",
            "lat": 36.69521,
            "lon": 117.00331,
            "accuracy": 12,
        }
    ],
}
FINDING = {"text": "排口下方有油污。", "place": {"address": "小清河北岸二号排口"}}
DRAW = {"since": "2026-03-01", "until": "2026-03-31", "size": 5}
SHEET = {"points": {"water": 30, "banks": 25, "outfalls": 20, "sign": 20}, "remarks": ""}

RoundId = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z_.-]{1,80}$", description="The number of the round."),
]
DrawId = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z_.-]{1,48}$", description="The number of the draw."),
]
City = Annotated[
    Code | None, Query(description="May be left out where one city has patrols, or is yours.")
]
FindingKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,100}$",
        description="Something unguessable, a UUID for instance. The same key again gives the "
        "same ticket.",
    ),
]


@router.get(
    "",
    operation_id="list_own_rounds",
    summary="The rounds that your unit walks",
    response_model=RoundsOut,
    responses=responses(*_OF_CITY),
)
async def own_rounds(
    caller: Annotated[Caller, staff("list_own_rounds")], context: Context, city: City = None
) -> Response:
    """Return those that are open or will be today, and those that were missed within a week."""
    return json_of(await walking.own_rounds(context, caller, city))


@router.get(
    "/overview",
    operation_id="watch_patrols",
    summary="Watch your river: rounds, missed, found and handled",
    response_model=Overview,
    responses=responses(*_OF_CITY),
)
async def overview(
    caller: Annotated[Caller, staff("watch_patrols")], context: Context, city: City = None
) -> Response:
    """Return the last thirty days: of your unit and of reaches that it is chief of, or the city's.

    The problem rate is computed from the tickets of what was found.
    """
    return json_of(await watching.overview(context, caller, city))


@router.get(
    "/draws",
    operation_id="list_draws",
    summary="The draws of unannounced checks",
    response_model=DrawsOut,
    responses=responses(*_OF_CITY),
)
async def list_draws(
    caller: Annotated[Caller, staff("list_draws")], context: Context, city: City = None
) -> Response:
    """Return them, the newest first. Those who walk do not see them."""
    return json_of(await inspecting.list_draws(context, caller, city))


@router.post(
    "/draws",
    operation_id="draw_checks",
    summary="Draw rounds for unannounced checks",
    status_code=201,
    response_model=DrawOut,
    responses=responses(
        *ACTING,
        "not_your_city",
        "not_in_this_city",
        "unknown_city",
        "draw_too_early",
        "draw_period",
        "draw_too_large",
    ),
)
async def draw(
    caller: Annotated[Caller, staff("draw_checks")],
    context: Context,
    body: Annotated[DrawIn, Body(examples=[DRAW])],
    city: City = None,
) -> Response:
    """Return the draw with its seed. Every draw is recorded with the next number, for good."""
    return json_of(await inspecting.draw_checks(context, caller, body, city), 201)


@router.get(
    "/draws/{draw}",
    operation_id="get_draw",
    summary="A draw with its evaluation sheets",
    response_model=DrawOut,
    responses=responses(*READING, "draw_not_found"),
)
async def get_draw(
    draw: DrawId, caller: Annotated[Caller, staff("get_draw")], context: Context
) -> Response:
    """Return seed, population and what was drawn, so that anybody can repeat it."""
    return json_of(await inspecting.get_draw(context, caller, draw))


@router.get(
    "/draws/{draw}/redraw",
    operation_id="redraw_checks",
    summary="Repeat a draw from its seed",
    response_model=RedrawOut,
    responses=responses(*READING, "draw_not_found", "unknown_algorithm"),
)
async def redraw(
    draw: DrawId, caller: Annotated[Caller, staff("redraw_checks")], context: Context
) -> Response:
    """Return what comes out now, whether it is what is recorded, and how it differs."""
    return json_of(await inspecting.redraw_checks(context, caller, draw))


@router.post(
    "/draws/{draw}/sheets/{round}",
    operation_id="fill_sheet",
    summary="Fill the evaluation sheet of a round that was drawn",
    response_model=DrawOut,
    responses=responses(
        *ACTING,
        "draw_not_found",
        "not_drawn",
        "sheet_filled",
        "sheet_incomplete",
        "sheet_points",
    ),
)
async def fill_sheet(
    draw: DrawId,
    round: RoundId,
    caller: Annotated[Caller, staff("fill_sheet")],
    context: Context,
    body: Annotated[SheetIn, Body(examples=[SHEET])],
) -> Response:
    """Record the points, once; the total is computed."""
    return json_of(await inspecting.fill_sheet(context, caller, draw, round, body))


@router.get(
    "/{round}",
    operation_id="get_round",
    summary="A round with its points, its proof and its findings",
    response_model=RoundDetails,
    responses=responses(*READING, "round_not_found"),
)
async def get_round(
    round: RoundId, caller: Annotated[Caller, staff("get_round")], context: Context
) -> Response:
    """Return it to the unit that walks it, to the chiefs of its river, and to who watches all."""
    return json_of(await walking.get_round(context, caller, round))


@router.post(
    "/{round}/stamps",
    operation_id="stamp_round",
    summary="Say that a phone is at a point, now or since it had no network",
    response_model=StampsOut,
    responses=responses(*_WALKING),
)
async def stamp(
    round: RoundId,
    caller: Annotated[Caller, staff("walk_round")],
    context: Context,
    body: Annotated[StampsIn, Body(examples=[STAMPS])],
) -> Response:
    """Return what was said of each stamp; one that is refused stops no other. Send two for each
    point: on coming and on leaving. The same `id` again is the same stamp.
    """
    return json_of(await walking.stamp_round(context, caller, round, body))


@router.post(
    "/{round}/finish",
    operation_id="finish_round",
    summary="Finish a round, and have it judged",
    response_model=RoundDetails,
    responses=responses(*_WALKING, "nothing_walked"),
)
async def finish(
    round: RoundId,
    caller: Annotated[Caller, staff("walk_round")],
    context: Context,
    body: Annotated[FinishIn, Body(examples=[{"attempt": 1}])],
) -> Response:
    """Return the round: proved, or with the doubts for which it is not. Then it can be walked
    again, and what was stamped before does not count. Name the `attempt` of the round, so that
    the same request sent twice does not finish the next walk.
    """
    return json_of(await walking.finish_round(context, caller, round, body.attempt))


@router.post(
    "/{round}/findings",
    operation_id="report_finding",
    summary="File a ticket for what was found on a round",
    status_code=201,
    response_model=FindingOut,
    responses=responses(
        *ACTING,
        "round_not_found",
        "not_your_unit",
        "round_not_open",
        "round_over",
        "finding_without_place",
        "unknown_category",
        "unknown_file",
        "too_many_files",
        "idempotency_key_reused",
    ),
)
async def report_finding(
    round: RoundId,
    caller: Annotated[Caller, staff("report_finding")],
    context: Context,
    body: Annotated[FindingIn, Body(examples=[FINDING])],
    idempotency_key: FindingKey,
) -> Response:
    """Return the number of the ticket, which is linked to the round."""
    found, filed = await walking.report_finding(context, caller, round, body, idempotency_key)
    return json_of(found, 201 if filed.started else 202)
