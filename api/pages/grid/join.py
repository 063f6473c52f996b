"""A resident asks to become a part-time grid worker (兼职网格员)."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.citizen.cities import choose, chosen, packs
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.grid.workers import SignUpIn, sign_up
from domain.pack.pack import Pack
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("sign_up_for_grid")])

JOIN = "/grid/join"
FIELDS = ("city", "cell", "name", "phone")
_HEADING = N_("Which city?")
_WORDS = {"phone": N_("This is not a phone number.")}


@router.get(JOIN)
async def ask(request: Request, context: Context, city: str = "") -> Response:
    """Show the form; of several cities, first the choice of one."""
    return _page(request, context, Form.blank(*FIELDS, city=city))


@router.post(JOIN)
async def join(request: Request, context: Context) -> Response:
    """Keep the request; on a mistake show the form again."""
    form = await Form.read(request, *FIELDS)
    try:
        body = SignUpIn.model_validate(form.filled(*FIELDS))
        await sign_up(context, network_of(request), body)
    except (ValidationError, *REFUSALS) as error:
        return _page(request, context, form, form.refuse(error, _WORDS))
    return _page(request, context, form, done=True)


def _page(
    request: Request, context: AppContext, form: Form, status: int = 200, *, done: bool = False
) -> Response:
    having = [pack for pack in packs(context) if pack.grid is not None and pack.grid.part_time]
    pack: Pack | None = chosen(context, form.typed["city"])
    if pack not in having:
        if len(having) > 1:
            return choose(request, context, f"{JOIN}?city=", _HEADING, offered=having)
        pack = having[0] if having and not form.typed["city"] else None
    return page(request, "grid/join.html", status, pack=pack, form=form, done=done)
