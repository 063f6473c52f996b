"""Offers of other cities, taken on or refused; for supervisors, matters that go to and fro."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.handover import handovers
from domain.handover.handover import RefuseIn
from domain.policy.permissions import RIGHTS

router = APIRouter(include_in_schema=False)

HERE = "/staff/handovers"
ONE = f"{HERE}/{{neighbour}}/{{handover}}"

Decides = Annotated[Caller, staff("decide_handover")]
NeighbourCode = Annotated[str, Path(max_length=32)]
HandoverNumber = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get(HERE)
async def show(request: Request, context: Context, caller: Decides) -> Response:
    """Show what nobody has decided, and what was taken on and waits for the confirmation."""
    return await _page(request, context, caller, Form.blank("reason"))


@router.post(f"{ONE}/accept")
async def accept(
    request: Request,
    neighbour: NeighbourCode,
    handover: HandoverNumber,
    context: Context,
    caller: Decides,
) -> Response:
    """Take it on."""
    form = await Form.read(request)

    async def act() -> None:
        await handovers.accept_handover(context, caller, neighbour, handover)

    return await _done(request, context, caller, form, act)


@router.post(f"{ONE}/refuse")
async def refuse(
    request: Request,
    neighbour: NeighbourCode,
    handover: HandoverNumber,
    context: Context,
    caller: Decides,
) -> Response:
    """Refuse it, with the reason."""
    form = await Form.read(request, "reason", at=f"-{handover}")

    async def act() -> None:
        body = RefuseIn.model_validate(form.filled("reason"))
        await handovers.refuse_handover(context, caller, neighbour, handover, body)

    return await _done(request, context, caller, form, act)


async def _done(
    request: Request, context: AppContext, caller: Caller, form: Form, act: Act
) -> Response:
    async def again(status: int) -> Response:
        return await _page(request, context, caller, form, status)

    return await acted(form, act, again, HERE)


async def _page(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    if pack.handover is None:
        raise Problem("not_in_this_city")
    form.typed = {"reason": ""} | form.typed
    oversees = caller.may(RIGHTS["list_passed_on"])
    city = pack.city.id
    return staff_page(
        request,
        "desk/handovers.html",
        caller,
        status,
        pack=pack,
        form=form,
        waiting=await handovers.incoming_handovers(context, caller, city),
        passed_on=await handovers.passed_on_often(context, caller, city) if oversees else [],
    )
