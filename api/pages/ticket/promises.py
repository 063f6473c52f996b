"""The promises of a ticket for staff: record one, keep it, say that it is broken, excuse it."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.actions import files as action_files
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.tickets import promises
from app.tickets.promises import BreakPromiseIn, ExcusePromiseIn, KeepPromiseIn
from app.tickets.tickets import visible_ticket
from domain.commands import forms
from domain.promise.promise import PromiseDraft
from domain.ticket.files import Purpose
from domain.words import N_

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/promises"
ONE = f"{HERE}/{{promise}}"

PHOTO = forms.files(N_("A photo of it"), name="photo", purpose=Purpose.AFTER)

_MAKING = ("text", "due", "unit")
_ENDING = ("evidence", "reason", "moved_to", "photo")
_ALL = (*_MAKING, *_ENDING)

PromiseNumber = Annotated[int, Path(ge=1, le=100_000)]
"""The number of a promise on its ticket."""


@router.get(HERE)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_ticket_promises")],
) -> Response:
    """Show the promises, and the forms of what can be said of them."""
    return await _page(request, context, caller, number, Form.blank(*_ALL))


@router.post(HERE)
async def make(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("make_promise")],
) -> Response:
    """Record a promise."""
    form = await Form.read(request, *_MAKING)

    async def act() -> None:
        draft = PromiseDraft.model_validate(form.filled(*_MAKING))
        await promises.make_promise(context, caller, number, draft, form.key)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/keep")
async def keep(
    request: Request,
    number: TicketNumber,
    promise: PromiseNumber,
    context: Context,
    caller: Annotated[Caller, staff("keep_promise")],
) -> Response:
    """Say that it is kept, with the evidence."""
    sent = await form_of(request)
    form = Form.of(sent, "evidence", "photo", at=f"-{promise}")

    async def act() -> None:
        body = KeepPromiseIn.model_validate(form.filled("evidence"))
        if not form.wrong:
            body = body.model_copy(update={"photo": next(iter(taken.ids), None)})
            await promises.keep_promise(context, caller, number, promise, body)

    taken = await action_files.taken(context, caller, number, sent, PHOTO)
    if taken.refused:
        form.fail("photo", N_("This photo could not be taken."))
        form.problem = "invalid_request"
    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/break")
async def break_(
    request: Request,
    number: TicketNumber,
    promise: PromiseNumber,
    context: Context,
    caller: Annotated[Caller, staff("break_promise")],
) -> Response:
    """Say that it is not kept, and why."""
    form = await Form.read(request, "reason", at=f"-{promise}")

    async def act() -> None:
        body = BreakPromiseIn.model_validate(form.filled("reason"))
        await promises.break_promise(context, caller, number, promise, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/excuse")
async def excuse(
    request: Request,
    number: TicketNumber,
    promise: PromiseNumber,
    context: Context,
    caller: Annotated[Caller, staff("excuse_promise")],
) -> Response:
    """Excuse it with a published reason; with a new day a promise follows."""
    form = await Form.read(request, "reason", "moved_to", at=f"-{promise}-excuse")

    async def act() -> None:
        body = ExcusePromiseIn.model_validate(form.filled("reason", "moved_to"))
        await promises.excuse_promise(context, caller, number, promise, body)

    return await _done(request, context, caller, number, form, act)


# --- drawing ----------------------------------------------------------------------------------


async def _done(
    request: Request, context: AppContext, caller: Caller, number: str, form: Form, act: Act
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, context, caller, number, form, status)

    return await acted(form, act, again, HERE.format(number=number))


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
) -> Response:
    ticket, waiting = await visible_ticket(context, caller, number)
    pack = context.packs.get(ticket.complaint.city)
    form.typed = dict.fromkeys(_ALL, "") | form.typed
    here = pack.promises is not None
    return staff_page(
        request,
        "ticket/promises.html",
        caller,
        status,
        pack=pack,
        number=number,
        promises=await promises.promises_of(context, caller, number),
        can_make=here and not waiting and caller.may_with("make_promise", ticket, pack),
        can_end=here and caller.may_with("keep_promise", ticket, pack),
        can_excuse=here and caller.may_with("excuse_promise", ticket, pack),
        form=form,
    )
