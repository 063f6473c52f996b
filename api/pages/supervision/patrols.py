"""Patrols for who watches them: reaches with their figures, missed rounds, findings, draws."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import PATROLS
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.patrols import inspecting, watching
from app.patrols.inspecting import DrawIn, RedrawOut, SheetIn
from domain.policy.permissions import RIGHTS
from domain.words import N_

router = APIRouter(include_in_schema=False)

DRAWS = f"{PATROLS}/draws"
_DRAW = ("since", "until", "size", "after")
_WORDS = {name: N_("This is not a date.") for name in ("since", "until")}
_POINTS = "points_"

DrawId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,48}$")]
RoundId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,80}$")]


@router.get(PATROLS)
async def overview(
    request: Request, context: Context, caller: Annotated[Caller, staff("watch_patrols")]
) -> Response:
    """Show the reaches that the caller watches, and what was missed and found on them."""
    pack = working_city(request, context, caller)
    if not pack.patrols.routes:
        raise Problem("not_found")
    seen = await watching.overview(context, caller, pack.city.id)
    return staff_page(
        request,
        "supervision/patrols.html",
        caller,
        pack=pack,
        seen=seen,
        sees_draws=pack.patrols.checks is not None
        and caller.may(RIGHTS["list_draws"])
        and caller.unit in (None, pack.patrols.checks.unit),
        opens_tickets=caller.may(RIGHTS["get_ticket"]),
    )


@router.get(DRAWS)
async def draws(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_draws")]
) -> Response:
    """Show the draws of unannounced checks, and the form of the next one."""
    return await _listed(request, context, caller, Form.blank(*_DRAW, size="5"))


@router.post(DRAWS)
async def draw(
    request: Request, context: Context, caller: Annotated[Caller, staff("draw_checks")]
) -> Response:
    """Draw; what is refused is shown with what was typed."""
    form = await Form.read(request, *_DRAW)
    city = working_city(request, context, caller).city.id
    try:
        body = DrawIn.model_validate(form.filled(*_DRAW))
        made = await inspecting.draw_checks(context, caller, body, city)
    except (ValidationError, *REFUSALS) as error:
        return await _listed(request, context, caller, form, form.refuse(error, _WORDS))
    return RedirectResponse(f"{DRAWS}/{made.id}", 303)


@router.get(f"{DRAWS}/{{draw}}")
async def show(
    request: Request,
    draw: DrawId,
    context: Context,
    caller: Annotated[Caller, staff("get_draw")],
) -> Response:
    """Show a draw with its sheets."""
    return await _page(request, context, caller, draw, Form.blank())


@router.get(f"{DRAWS}/{{draw}}/redraw")
async def redraw(
    request: Request,
    draw: DrawId,
    context: Context,
    caller: Annotated[Caller, staff("redraw_checks")],
) -> Response:
    """Repeat the draw, and say whether it is what is recorded."""
    again = await inspecting.redraw_checks(context, caller, draw)
    return await _page(request, context, caller, draw, Form.blank(), again=again)


@router.post(f"{DRAWS}/{{draw}}/sheets/{{round}}")
async def fill(
    request: Request,
    draw: DrawId,
    round: RoundId,
    context: Context,
    caller: Annotated[Caller, staff("fill_sheet")],
) -> Response:
    """Fill a sheet, once."""
    made = await inspecting.get_draw(context, caller, draw)
    names = [f"{_POINTS}{criterion.code}" for criterion in made.criteria]
    form = await Form.read(request, *names, "remarks")
    try:
        points = {name.removeprefix(_POINTS): given for name, given in form.filled(*names).items()}
        body = SheetIn.model_validate({"points": points} | form.filled("remarks"))
        await inspecting.fill_sheet(context, caller, draw, round, body)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await _page(request, context, caller, draw, form, status, filling=round)
    return RedirectResponse(f"{DRAWS}/{draw}", 303)


async def _listed(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    if pack.patrols.checks is None:
        raise Problem("not_found")
    known = (await inspecting.list_draws(context, caller, pack.city.id)).items
    form.typed["after"] = form.typed["after"] or (f"{known[0].n}" if known else "0")
    return staff_page(
        request,
        "supervision/patrols_draws.html",
        caller,
        status,
        pack=pack,
        draws=known,
        may_draw=caller.may(RIGHTS["draw_checks"]),
        form=form,
    )


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    draw_id: str,
    form: Form,
    status: int = 200,
    *,
    filling: str | None = None,
    again: RedrawOut | None = None,
) -> Response:
    made = await inspecting.get_draw(context, caller, draw_id)
    blank = [f"{_POINTS}{criterion.code}" for criterion in made.criteria]
    form.typed = dict.fromkeys([*blank, "remarks"], "") | form.typed
    return staff_page(
        request,
        "supervision/patrols_draw.html",
        caller,
        status,
        pack=context.packs.get(made.city),
        draw=made,
        again=again,
        may_fill=caller.may(RIGHTS["fill_sheet"]),
        may_redraw=caller.may(RIGHTS["redraw_checks"]),
        filling=filling or next((one.round for one in made.sheets if not one.filled_at), None),
        form=form,
    )
