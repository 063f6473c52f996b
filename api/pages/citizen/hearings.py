"""The page of a public hearing: what units answer and promise, and what residents ask and rate."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import public
from api.http.browser_sessions import guest_of
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.tickets import hearings
from app.tickets.hearings import AskIn, RateAtHearingIn
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

HERE = "/reports/{hearing}"
_FIELDS = ("invitation", "text", "label", "number", "grade")
_ASKED = N_("Thank you. Your question is shown once it was looked at.")
_RATED = N_("Thank you. Your rating is counted.")

HearingNumber = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]


@router.get(HERE)
async def show(request: Request, hearing: HearingNumber, context: Context) -> Response:
    """Show the hearing as everybody reads it."""
    return await _page(request, context, hearing, Form.blank(*_FIELDS))


@router.post(f"{HERE}/ask")
async def ask(request: Request, hearing: HearingNumber, context: Context) -> Response:
    """Record a question of somebody invited; what is refused stays in the form."""
    form = await Form.read(request, "invitation", "text", "label")
    code, guest = form.typed["invitation"], await guest_of(request, context)
    try:
        body = AskIn.model_validate(form.filled("text", "label"))
        await hearings.ask_at_hearing(context, hearing, code, guest, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, hearing, form, form.refuse(error))
    return await _page(
        request, context, hearing, Form.blank(*_FIELDS, invitation=code), done=_ASKED
    )


@router.post(f"{HERE}/rate")
async def rate(request: Request, hearing: HearingNumber, context: Context) -> Response:
    """Count the rating of an answer, once."""
    form = await Form.read(request, "invitation", "number", "grade")
    form.at = f"-{form.typed['number']}"
    code, guest = form.typed["invitation"], await guest_of(request, context)
    try:
        body = RateAtHearingIn.model_validate(form.filled("number", "grade"))
        await hearings.rate_at_hearing(context, hearing, code, guest, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, hearing, form, form.refuse(error))
    return await _page(
        request, context, hearing, Form.blank(*_FIELDS, invitation=code), done=_RATED
    )


async def _page(
    request: Request,
    context: AppContext,
    hearing: str,
    form: Form,
    status: int = 200,
    *,
    done: str | None = None,
) -> Response:
    form.typed = dict.fromkeys(_FIELDS, "") | form.typed
    seen = await hearings.hearing_shown(context, hearing)
    pack = context.packs.get(seen.city)
    return page(
        request,
        "citizen/hearings.html",
        status,
        pack=pack,
        hearing=seen,
        form=form,
        done=done,
        grades=range(5, 0, -1),
        zone=pack.calendar.tz,
    )
