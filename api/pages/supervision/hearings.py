"""Public hearings for staff: prepare one, invite, answer, promise, publish, decide on questions."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.tickets import hearings
from app.tickets.hearings import (
    AnswerAtHearingIn,
    DecideQuestionIn,
    HearingInvitationsOut,
    InviteToHearingIn,
)
from domain.hearing.hearing import HearingDraft
from domain.policy.permissions import RIGHTS
from domain.promise.promise import PromiseDraft

router = APIRouter(include_in_schema=False)

HERE = "/staff/hearings"
ONE = f"{HERE}/{{hearing}}"
_DRAFT = ("title", "place", "starts_at", "open", "tickets")
_SAID = ("answer", "text", "due", "count")

HearingNumber = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]


@router.get(HERE)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_hearings")]
) -> Response:
    """Show the hearings of the city worked in, and the form of a new one."""
    return await _list(request, context, caller, Form.blank(*_DRAFT))


@router.post(HERE)
async def prepare(
    request: Request, context: Context, caller: Annotated[Caller, staff("prepare_hearing")]
) -> Response:
    """Prepare a hearing."""
    form = await Form.read(request, *_DRAFT)
    pack = working_city(request, context, caller)
    try:
        values = form.filled("title", "place") | {
            "starts_at": form.moment("starts_at", pack.calendar.tz) or "",
            "open": form.typed["open"] == "yes",
            "tickets": form.typed["tickets"].split(),
        }
        draft = HearingDraft.model_validate(values)
        made = await hearings.prepare_hearing(context, caller, pack.city.id, draft, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _list(request, context, caller, form, form.refuse(error))
    return RedirectResponse(ONE.format(hearing=made.number), 303)


@router.get(ONE)
async def show(
    request: Request,
    hearing: HearingNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_hearings")],
) -> Response:
    """Show a hearing with the forms of what can be done."""
    return await _page(request, context, caller, hearing, Form.blank(*_SAID))


@router.post(f"{ONE}/invitations")
async def invite(
    request: Request,
    hearing: HearingNumber,
    context: Context,
    caller: Annotated[Caller, staff("invite_to_hearing")],
) -> Response:
    """Issue codes; they are shown in this response only."""
    form = await Form.read(request, "count")
    try:
        body = InviteToHearingIn.model_validate(form.filled("count"))
        issued = await hearings.invite_to_hearing(context, caller, hearing, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, hearing, form, form.refuse(error))
    return await _page(request, context, caller, hearing, Form.blank(*_SAID), issued=issued)


@router.post(f"{ONE}/publish")
async def publish(
    request: Request,
    hearing: HearingNumber,
    context: Context,
    caller: Annotated[Caller, staff("publish_hearing")],
) -> Response:
    """Publish the page."""
    form = await Form.read(request)

    async def act() -> None:
        await hearings.publish_hearing(context, caller, hearing)

    return await _done(request, context, caller, hearing, form, act)


@router.post(f"{ONE}/tickets/{{number}}/answer")
async def answer(
    request: Request,
    hearing: HearingNumber,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("answer_at_hearing")],
) -> Response:
    """Prepare the answer of a unit."""
    form = await Form.read(request, "answer", at=f"-{number}")

    async def act() -> None:
        body = AnswerAtHearingIn.model_validate({"text": form.typed["answer"]})
        await hearings.answer_at_hearing(context, caller, hearing, number, body)

    return await _done(request, context, caller, hearing, form, act)


@router.post(f"{ONE}/tickets/{{number}}/promise")
async def promise(
    request: Request,
    hearing: HearingNumber,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("promise_at_hearing")],
) -> Response:
    """Record a promise that is given at the hearing."""
    form = await Form.read(request, "text", "due", at=f"-{number}")

    async def act() -> None:
        draft = PromiseDraft.model_validate(form.filled("text", "due"))
        await hearings.promise_at_hearing(context, caller, hearing, number, draft, form.key)

    return await _done(request, context, caller, hearing, form, act)


@router.post(f"{ONE}/questions/{{question}}")
async def decide(
    request: Request,
    hearing: HearingNumber,
    question: Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")],
    context: Context,
    caller: Annotated[Caller, staff("decide_question")],
) -> Response:
    """Let a question through, or refuse it."""
    form = await Form.read(request, "shown")

    async def act() -> None:
        body = DecideQuestionIn(shown=form.typed["shown"] == "yes")
        await hearings.decide_question(context, caller, hearing, question, body)

    return await _done(request, context, caller, hearing, form, act)


# --- drawing ----------------------------------------------------------------------------------


async def _done(
    request: Request, context: AppContext, caller: Caller, hearing: str, form: Form, act: Act
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, context, caller, hearing, form, status)

    return await acted(form, act, again, ONE.format(hearing=hearing))


async def _list(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    if pack.report_card is None:
        raise Problem("not_found")
    found = await hearings.list_hearings(context, caller, pack.city.id)
    return staff_page(
        request,
        "supervision/hearings.html",
        caller,
        status,
        pack=pack,
        items=found.items,
        may=caller.may(RIGHTS["prepare_hearing"]),
        form=form,
    )


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    hearing: str,
    form: Form,
    status: int = 200,
    *,
    issued: HearingInvitationsOut | None = None,
) -> Response:
    seen = await hearings.hearing_for_staff(context, caller, hearing)
    pack = context.packs.get(seen.city)
    form.typed = dict.fromkeys(_SAID, "") | form.typed
    return staff_page(
        request,
        "supervision/hearings_one.html",
        caller,
        status,
        pack=pack,
        hearing=seen,
        may=caller.may(RIGHTS["publish_hearing"]),
        may_answer=caller.may(RIGHTS["answer_at_hearing"]),
        issued=issued,
        form=form,
    )
