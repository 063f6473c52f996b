"""The hand-overs of a ticket for staff: hand it over to another city, take the offer back."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.handover import handovers
from app.tickets.tickets import visible_ticket
from domain.handover.handover import HandoverSide, OfferIn, RefuseIn

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/handovers"
_OFFERING = ("neighbour", "reason", "contact")

Offers = Annotated[Caller, staff("offer_handover")]


@router.get(HERE)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_handovers")],
) -> Response:
    """Show the hand-overs, and the forms of what can be done."""
    return await _page(request, context, caller, number, Form.blank(*_OFFERING))


@router.post(HERE)
async def offer(
    request: Request, number: TicketNumber, context: Context, caller: Offers
) -> Response:
    """Hand the ticket over."""
    form = await Form.read(request, *_OFFERING)

    async def act() -> None:
        values: dict[str, object] = dict(form.filled("neighbour", "reason"))
        body = OfferIn.model_validate(values | {"contact": form.typed["contact"] == "yes"})
        await handovers.offer_handover(context, caller, number, body, form.key)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{HERE}/withdraw")
async def withdraw(
    request: Request, number: TicketNumber, context: Context, caller: Offers
) -> Response:
    """Take the offer back."""
    form = await Form.read(request, "reason", at="-withdraw")

    async def act() -> None:
        body = RefuseIn.model_validate(form.filled("reason"))
        await handovers.withdraw_handover(context, caller, number, body)

    return await _done(request, context, caller, number, form, act)


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
    found = await handovers.handovers_of(context, caller, number)
    ticket, _ = await visible_ticket(context, caller, number)
    pack = context.packs.get(ticket.complaint.city)
    if pack.handover is None and not found:
        raise Problem("not_in_this_city")
    form.typed = dict.fromkeys(_OFFERING, "") | form.typed
    offers = caller.may_with("offer_handover", ticket, pack)
    live = any(one.side is HandoverSide.OUT and one.ended_at is None for one in found)
    can = offers and not live and handovers.can_be_offered(ticket, pack.handover)
    return staff_page(
        request,
        "ticket/handovers.html",
        caller,
        status,
        pack=pack,
        number=number,
        form=form,
        handovers=found,
        offers=offers,
        can=can,
        until=context.now() + pack.handover.window.length if pack.handover else None,
        left=ticket.contact_left,
        cities=await handovers.may_go_to(context, caller, number) if can else [],
    )
