"""The page of a side of a mediation: what is to be signed, and the signature with a code."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import public
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.tickets import mediations
from app.tickets.mediations import ToSign
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("sign_agreement")])

_CODE = ("signature",)
_SIGNED = N_("Thank you. Your signature is recorded.")


@router.get("/agreement")
async def ask(request: Request) -> Response:
    """Ask for the code."""
    return _asking(request, Form.blank(*_CODE))


@router.post("/agreement")
async def show(request: Request, context: Context) -> Response:
    """Show what is to be signed."""
    form, guest = await Form.read(request, *_CODE), await guest_of(request, context)
    try:
        seen = await mediations.to_sign(context, form.typed["signature"], guest)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    return _agreement(request, context, form, seen)


@router.post("/agreement/sign")
async def sign(request: Request, context: Context) -> Response:
    """Sign it, once."""
    form, guest = await Form.read(request, *_CODE), await guest_of(request, context)
    try:
        seen = await mediations.sign(context, form.typed["signature"], guest)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    return _agreement(request, context, form, seen, done=_SIGNED)


def _asking(request: Request, form: Form, status: int = 200) -> Response:
    return page(request, "citizen/agreement_code.html", status, form=form)


def _agreement(
    request: Request, context: AppContext, form: Form, seen: ToSign, done: str | None = None
) -> Response:
    zone = context.packs.get(seen.city).calendar.tz
    return page(request, "citizen/agreement.html", form=form, seen=seen, zone=zone, done=done)
