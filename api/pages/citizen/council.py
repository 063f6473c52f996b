"""The page of those invited to a council: plans, statements, the vote and its result."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import public
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.tickets import councils
from app.tickets.councils import BallotIn, Participation, StatementIn
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_CODE = ("invitation",)
_FIELDS = ("text", "label", "option")
_SAID = N_("Thank you. Everybody invited can read it.")
_VOTED = N_("Thank you. Your vote is counted.")


@router.get("/council")
async def ask(request: Request) -> Response:
    """Ask for the code of the invitation."""
    return _asking(request, Form.blank(*_CODE))


@router.post("/council")
async def show(request: Request, context: Context) -> Response:
    """Show the council as it stands."""
    form, guest = await Form.read(request, *_CODE), await guest_of(request, context)
    try:
        seen = await councils.take_part(context, form.typed["invitation"], guest)
    except REFUSALS as error:
        return _asking(request, form, form.refuse(error))
    return _council(request, context, form, seen)


@router.post("/council/say")
async def say(request: Request, context: Context) -> Response:
    """Record a statement; what is refused stays in the form."""
    form = await Form.read(request, *_CODE, "text", "label")
    code, guest = form.typed["invitation"], await guest_of(request, context)
    try:
        body = StatementIn.model_validate(form.filled("text", "label"))
        seen = await councils.speak_in_council(context, code, guest, body)
    except (ValidationError, *REFUSALS) as error:
        return await _refused(request, context, form, error)
    blank = Form.blank(*_CODE, invitation=code)
    return _council(request, context, blank, seen, done=_SAID)


@router.post("/council/vote")
async def vote(request: Request, context: Context) -> Response:
    """Count the vote, once."""
    form = await Form.read(request, *_CODE, "option", "label")
    code, guest = form.typed["invitation"], await guest_of(request, context)
    try:
        body = BallotIn.model_validate(form.filled("option", "label"))
        seen = await councils.vote_in_council(context, code, guest, body)
    except (ValidationError, *REFUSALS) as error:
        return await _refused(request, context, form, error)
    blank = Form.blank(*_CODE, invitation=code)
    return _council(request, context, blank, seen, done=_VOTED)


async def _refused(request: Request, context: AppContext, form: Form, error: Exception) -> Response:
    """Show the council with what was refused, or ask for the code again."""
    status, guest = form.refuse(error), await guest_of(request, context)
    if guest.signed_in:  # the code is somebody else's
        return _asking(request, form, status)
    try:
        seen = await councils.take_part(context, form.typed["invitation"], guest)
    except REFUSALS as again:
        return _asking(request, form, form.refuse(again))
    return _council(request, context, form, seen, status)


def _asking(request: Request, form: Form, status: int = 200) -> Response:
    return page(request, "citizen/council_code.html", status, form=form)


def _council(
    request: Request,
    context: AppContext,
    form: Form,
    seen: Participation,
    status: int = 200,
    *,
    done: str | None = None,
) -> Response:
    form.typed = dict.fromkeys(_FIELDS, "") | form.typed
    pack = context.packs.get(seen.city)
    return page(
        request,
        "citizen/council.html",
        status,
        form=form,
        seen=seen,
        council=seen.council,
        zone=pack.calendar.tz,
        done=done,
    )
