"""Fair satisfaction for the centre: the rate with its error, draws, and the list of calls."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import ENGLISH, language_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.months import requested_month
from api.pages.shared.navigation import SATISFACTION
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.reporting import satisfaction
from app.reporting.fair_satisfaction import fair_of
from app.reporting.satisfaction import AskedAgainIn, ResampleOut, SampleIn
from domain.policy.permissions import RIGHTS
from domain.words import N_
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

_DRAW = ("since", "until", "size", "after")
_ANSWER = ("reached", "resolved", "grade", "note")
_WORDS = {name: N_("This is not a date.") for name in ("since", "until")}
_YES = {"yes": True, "no": False}

SampleId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,48}$")]


@router.get(SATISFACTION)
async def overview(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_samples")]
) -> Response:
    """Show the month's rate with its error, the draws, and the form of the next one."""
    return await _listed(request, context, caller, Form.blank(*_DRAW, size="60"))


@router.post(SATISFACTION)
async def draw(
    request: Request, context: Context, caller: Annotated[Caller, staff("draw_sample")]
) -> Response:
    """Draw; what is refused is shown with what was typed."""
    form = await Form.read(request, *_DRAW)
    city = working_city(request, context, caller).city.id
    try:
        body = SampleIn.model_validate(form.filled(*_DRAW) | {"city": city})
        made = await satisfaction.draw_sample(context, caller, body)
    except (ValidationError, *REFUSALS) as error:
        return await _listed(request, context, caller, form, form.refuse(error, _WORDS))
    return RedirectResponse(f"{SATISFACTION}/{made.id}", 303)


@router.get(f"{SATISFACTION}/{{draw}}")
async def show(
    request: Request,
    draw: SampleId,
    context: Context,
    caller: Annotated[Caller, staff("get_sample")],
) -> Response:
    """Show a draw: whom to call, and what those said who were reached."""
    return await _page(request, context, caller, draw, Form.blank(*_ANSWER))


@router.get(f"{SATISFACTION}/{{draw}}/redraw")
async def redraw(
    request: Request,
    draw: SampleId,
    context: Context,
    caller: Annotated[Caller, staff("redraw_sample")],
) -> Response:
    """Repeat the draw, and say whether it is what is recorded."""
    again = await satisfaction.redraw_sample(context, caller, draw)
    return await _page(request, context, caller, draw, Form.blank(*_ANSWER), again=again)


@router.post(f"{SATISFACTION}/{{draw}}/tickets/{{number}}")
async def record(
    request: Request,
    draw: SampleId,
    number: str,
    context: Context,
    caller: Annotated[Caller, staff("record_second_answer")],
) -> Response:
    """Record an attempt to ask a citizen again."""
    form = await Form.read(request, *_ANSWER)
    try:
        number = parse_number(number)
        body = AskedAgainIn.model_validate(
            {name: _YES.get(given, given) for name, given in form.filled(*_ANSWER).items()}
        )
        await satisfaction.record_second_answer(context, caller, draw, number, body)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await _page(request, context, caller, draw, form, status, number=number)
    return RedirectResponse(f"{SATISFACTION}/{draw}", 303)


async def _listed(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    month = requested_month(request, pack, datetime.now(UTC))
    known = (await satisfaction.list_samples(context, caller, pack.city.id)).items
    form.typed["after"] = form.typed["after"] or (f"{known[0].n}" if known else "0")
    return staff_page(
        request,
        "supervision/satisfaction.html",
        caller,
        status,
        pack=pack,
        month=month,
        fair=await fair_of(context, caller, month.reckoning),
        draws=known,
        may_draw=caller.may(RIGHTS["draw_sample"]),
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
    number: str | None = None,
    again: ResampleOut | None = None,
) -> Response:
    made = await satisfaction.get_sample(context, caller, draw_id)
    pack = context.packs.get(made.city)
    english = language_of(request) == ENGLISH
    waiting = [one.number for one in made.items if one.grade is None]
    return staff_page(
        request,
        "supervision/satisfaction_draw.html",
        caller,
        status,
        pack=pack,
        draw=made,
        again=again,
        may_record=caller.may(RIGHTS["record_second_answer"]),
        may_redraw=caller.may(RIGHTS["redraw_sample"]),
        asking=number if number in waiting else next(iter(waiting), None),
        grades=[(one.grade, one.en if english else one.zh) for one in pack.rating.grades],
        form=form,
    )
