"""The acts of machines on a ticket: contest it, decide, and send or discard a proposed reply."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.agents import drafts, requests
from app.agents.drafts import UseDraftIn
from app.agents.requests import ContestIn, PersonDecisionIn, PersonIn
from app.context import AppContext
from app.tickets.tickets import visible_ticket

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/machines"

_ALL = ("version", "reason", "outcome", "answer", "reply")

N = Annotated[int, Path(ge=1, le=10_000)]
"""The number of a request or of a draft on its ticket."""


@router.get(HERE)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_machine_acts")],
) -> Response:
    """Show what machines did and propose, what was asked about it, and what was decided."""
    return await _page(request, context, caller, number, Form.blank(*_ALL))


@router.post(f"{HERE}/contest")
async def contest(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("contest_machine")],
) -> Response:
    """Contest an act of a machine."""
    form = await Form.read(request, "version", "reason", at="-contest")

    async def act() -> None:
        body = ContestIn.model_validate(form.filled("version", "reason"))
        await requests.contest_machine(context, caller, number, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{HERE}/person")
async def person(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("ask_for_person")],
) -> Response:
    """Ask for a person, for a citizen who says so on the phone."""
    form = await Form.read(request, "reason", at="-person")

    async def act() -> None:
        body = PersonIn.model_validate(form.filled("reason"))
        await requests.ask_for_person(context, caller, number, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{HERE}/{{n}}/decide")
async def decide(
    request: Request,
    number: TicketNumber,
    n: N,
    context: Context,
    caller: Annotated[Caller, staff("decide_person_request")],
) -> Response:
    """Decide what was asked, with an answer."""
    form = await Form.read(request, "outcome", "answer", at=f"-{n}")

    async def act() -> None:
        body = PersonDecisionIn.model_validate(form.filled("outcome", "answer"))
        await requests.decide_person_request(context, caller, number, n, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{HERE}/drafts/{{n}}/use")
async def use(
    request: Request,
    number: TicketNumber,
    n: N,
    context: Context,
    caller: Annotated[Caller, staff("use_draft")],
) -> Response:
    """Send the reply as it stands in the form: a person has read it."""
    form = await Form.read(request, "reply", at=f"-draft-{n}")

    async def act() -> None:
        body = UseDraftIn.model_validate(form.filled("reply"))
        await drafts.use_draft(context, caller, number, n, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{HERE}/drafts/{{n}}/discard")
async def discard(
    request: Request,
    number: TicketNumber,
    n: N,
    context: Context,
    caller: Annotated[Caller, staff("use_draft")],
) -> Response:
    """Put a draft aside."""
    form = await Form.read(request, at=f"-draft-{n}")

    async def act() -> None:
        await drafts.discard_draft(context, caller, number, n)

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
    ticket, _ = await visible_ticket(context, caller, number)
    form.typed = dict.fromkeys(_ALL, "") | form.typed
    return staff_page(
        request,
        "ticket/machines.html",
        caller,
        status,
        pack=context.packs.get(ticket.complaint.city),
        number=number,
        machines=await requests.acts_of(context, caller, number),
        form=form,
    )
