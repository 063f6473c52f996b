"""Public events for staff: prepare one, invite, answer, promise, publish, decide on questions."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.tickets import stages
from app.tickets.stages import (
    AnswerOnStageIn,
    DecideQuestionIn,
    InviteToStageIn,
    StageInvitationsOut,
)
from domain.policy.permissions import RIGHTS
from domain.promise.promise import PromiseDraft
from domain.stage.stage import StageDraft
from domain.words import N_

router = APIRouter(include_in_schema=False)

HERE = "/staff/events"
ONE = f"{HERE}/{{stage}}"
_DRAFT = ("title", "place", "starts_at", "open", "tickets")
_SAID = ("answer", "text", "due", "count")
_NOT_A_DATE = {name: N_("This is not a date.") for name in ("starts_at", "due")}

StageNumber = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,64}$")]
_Act = Callable[[], Awaitable[Any]]


@router.get(HERE)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_stages")]
) -> Response:
    """Show the events of the city worked in, and the form of a new one."""
    return await _list(request, context, caller, Form.blank(*_DRAFT))


@router.post(HERE)
async def prepare(
    request: Request, context: Context, caller: Annotated[Caller, staff("prepare_stage")]
) -> Response:
    """Prepare an event."""
    form = await Form.read(request, *_DRAFT)
    pack = working_city(request, context, caller)
    try:
        starts_at: object = form.typed["starts_at"]
        try:
            typed = datetime.fromisoformat(form.typed["starts_at"])
            starts_at = typed.replace(tzinfo=typed.tzinfo or pack.calendar.tz)
        except ValueError:
            form.fail("starts_at", _NOT_A_DATE["starts_at"])
        values = form.filled("title", "place") | {
            "starts_at": starts_at,
            "open": form.typed["open"] == "yes",
            "tickets": form.typed["tickets"].split(),
        }
        draft = StageDraft.model_validate(values)
        made = await stages.prepare_stage(context, caller, pack.city.id, draft, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _list(request, context, caller, form, form.refuse(error, _NOT_A_DATE))
    return RedirectResponse(ONE.format(stage=made.number), 303)


@router.get(ONE)
async def show(
    request: Request,
    stage: StageNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_stages")],
) -> Response:
    """Show an event with the forms of what can be done."""
    return await _page(request, context, caller, stage, Form.blank(*_SAID))


@router.post(f"{ONE}/invitations")
async def invite(
    request: Request,
    stage: StageNumber,
    context: Context,
    caller: Annotated[Caller, staff("invite_to_stage")],
) -> Response:
    """Issue codes; they are shown in this response only."""
    form = await Form.read(request, "count")
    try:
        body = InviteToStageIn.model_validate(form.filled("count"))
        issued = await stages.invite_to_stage(context, caller, stage, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, stage, form, form.refuse(error))
    return await _page(request, context, caller, stage, Form.blank(*_SAID), issued=issued)


@router.post(f"{ONE}/publish")
async def publish(
    request: Request,
    stage: StageNumber,
    context: Context,
    caller: Annotated[Caller, staff("publish_stage")],
) -> Response:
    """Publish the page."""
    form = await Form.read(request)

    async def act() -> None:
        await stages.publish_stage(context, caller, stage)

    return await _done(request, context, caller, stage, form, act)


@router.post(f"{ONE}/tickets/{{number}}/answer")
async def answer(
    request: Request,
    stage: StageNumber,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("answer_on_stage")],
) -> Response:
    """Prepare the answer of a unit."""
    form = await Form.read(request, "answer")

    async def act() -> None:
        body = AnswerOnStageIn.model_validate({"text": form.typed["answer"]})
        await stages.answer_on_stage(context, caller, stage, number, body)

    return await _done(request, context, caller, stage, form, act)


@router.post(f"{ONE}/tickets/{{number}}/promise")
async def promise(
    request: Request,
    stage: StageNumber,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("promise_on_stage")],
) -> Response:
    """Record a promise that is given at the event."""
    form = await Form.read(request, "text", "due")

    async def act() -> None:
        draft = PromiseDraft.model_validate(form.filled("text", "due"))
        await stages.promise_on_stage(context, caller, stage, number, draft, form.key)

    return await _done(request, context, caller, stage, form, act)


@router.post(f"{ONE}/questions/{{question}}")
async def decide(
    request: Request,
    stage: StageNumber,
    question: Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")],
    context: Context,
    caller: Annotated[Caller, staff("decide_question")],
) -> Response:
    """Let a question through, or refuse it."""
    form = await Form.read(request, "shown")

    async def act() -> None:
        body = DecideQuestionIn(shown=form.typed["shown"] == "yes")
        await stages.decide_question(context, caller, stage, question, body)

    return await _done(request, context, caller, stage, form, act)


# --- drawing ----------------------------------------------------------------------------------


async def _done(
    request: Request,
    context: AppContext,
    caller: Caller,
    stage: str,
    form: Form,
    act: _Act,
) -> Response:
    """Act, and go back to the page; what is refused is shown with what was typed."""
    try:
        await act()
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _NOT_A_DATE)
        return await _page(request, context, caller, stage, form, status)
    return RedirectResponse(ONE.format(stage=stage), 303)


async def _list(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    if pack.report_card is None:
        raise Problem("not_found")
    found = await stages.list_stages(context, caller, pack.city.id)
    return staff_page(
        request,
        "supervision/stages.html",
        caller,
        status,
        pack=pack,
        items=found.items,
        may=caller.may(RIGHTS["prepare_stage"]),
        form=form,
    )


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    stage: str,
    form: Form,
    status: int = 200,
    *,
    issued: StageInvitationsOut | None = None,
) -> Response:
    seen = await stages.stage_for_staff(context, caller, stage)
    pack = context.packs.get(seen.city)
    form.typed = dict.fromkeys(_SAID, "") | form.typed
    return staff_page(
        request,
        "supervision/stages_event.html",
        caller,
        status,
        pack=pack,
        stage=seen,
        may=caller.may(RIGHTS["publish_stage"]),
        may_answer=caller.may(RIGHTS["answer_on_stage"]),
        issued=issued,
        form=form,
    )
