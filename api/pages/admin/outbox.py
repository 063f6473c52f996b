"""The outbox: each message to a citizen as it would be sent, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.parameters import SEES
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.messaging.outbox import OutboxQuery, outbox, send_again, send_failed_again
from app.messaging.testing import TestIn, send_test
from domain.messaging.states import NoticeState, SendingOutcome
from domain.words import N_

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/outbox"

STATES = {
    "new": N_("To be decided"),
    "waiting": N_("Held back for now"),
    "sending": N_("On its way"),
    "told": N_("Sent out"),
    "unknown": N_("Perhaps arrived"),
    "failed": N_("Did not arrive"),
    "dropped": N_("Not sent"),
    "joined": N_("Sent with others"),
    "kept": N_("In the mailbox only"),
}
REASONS = {
    "quiet": N_("until the quiet hours end"),
    "budget": N_("enough was sent today; it comes with others on the next day"),
    "no_channel": N_("no way out of the house is set"),
    "no_contact": N_("no address that a message can go to was left"),
    "opted_out": N_("the citizen wants no messages"),
    "repeated": N_("the same was said about another ticket"),
    "expired": N_("the code was no longer valid"),
    "erased": N_("the ticket was erased"),
    "no_way_left": N_("no way was left to try"),
}
WAYS = {
    "email": N_("Mail message"),
    "sms": N_("Text message"),
    "chat": N_("Staff chat"),
}
PARTS = {
    "waiting": N_("waits"),
    "claimed": N_("is being sent"),
    "sending": N_("is being sent"),
    "accepted": N_("taken by the gateway, no receipt yet"),
    "delivered": N_("delivered"),
    "unknown": N_("not known whether it arrived"),
    "failed": N_("failed"),
    "dropped": N_("not sent"),
}
_TEST = ("template", "channel", "to")
_SAID = {
    "delivered": N_("The mail server has taken it."),
    "accepted": N_("The gateway has taken it."),
    "refused": N_("It was refused:"),
    "later": N_("It was not taken for now:"),
    "away": N_("It cannot be reached:"),
    "unknown": N_("It is not known whether it arrived:"),
}
_DONE = {
    "again": N_("It is sent anew within seconds."),
    "all": N_("What failed is sent anew within seconds."),
}
RETRIES = Annotated[Caller, staff("retry_waiting")]


@router.get(URL)
async def messages(request: Request, caller: SEES, context: Context) -> Response:
    """Show the messages of the city worked in, the newest first."""
    return await _page(request, caller, context, _blank())


@router.post(f"{URL}/test")
async def test(
    request: Request, caller: Annotated[Caller, staff("send_test_message")], context: Context
) -> Response:
    """Send a test; the answer says what the other side said."""
    form = await Form.read(request, *_TEST)
    pack, status, said = working_city(request, context, caller), 200, None
    try:
        values = form.filled(*_TEST)
        said = await send_test(context, caller, pack, TestIn.model_validate(values))
        form.typed["to"] = ""
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return await _page(request, caller, context, form, status, said)


@router.post(f"{URL}/failed")
async def all_again(request: Request, caller: RETRIES, context: Context) -> Response:
    city = working_city(request, context, caller).city.id
    form = _blank()
    try:
        await send_failed_again(context, caller, city)
    except REFUSALS as error:
        return await _page(request, caller, context, form, form.refuse(error))
    return RedirectResponse(f"{URL}?done=all", 303)


@router.post(f"{URL}/again")
async def again(request: Request, caller: RETRIES, context: Context) -> Response:
    form = await Form.read(request, "message", *_TEST)
    try:
        await send_again(context, caller, form.typed["message"])
    except REFUSALS as error:
        return await _page(request, caller, context, form, form.refuse(error))
    return RedirectResponse(f"{URL}?done=again", 303)


def _blank() -> Form:
    return Form.blank(*_TEST, template="accepted", channel="email")


async def _page(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    status: int = 200,
    said: SendingOutcome | None = None,
) -> Response:
    pack = working_city(request, context, caller)
    asked = {name: request.query_params.get(name) or None for name in ("state", "cursor")}
    try:
        query = OutboxQuery.model_validate(asked)
        shown = await outbox(context, caller, pack, query)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        query = OutboxQuery()
        shown = await outbox(context, caller, pack, query)
    state = query.state.value if query.state else ""
    following = f"{URL}?state={state}&" if state else f"{URL}?"
    return staff_page(
        request,
        "admin/outbox.html",
        caller,
        status,
        form=form,
        shown=shown,
        state=state,
        states=STATES,
        every_state=[one.value for one in NoticeState],
        reasons=REASONS,
        ways=WAYS,
        parts=PARTS,
        following=following,
        names=list(dict.fromkeys(name for texts in pack.messages.values() for name in texts)),
        said=said,
        answers=_SAID,
        first=query.cursor is None,
        done=_DONE.get(request.query_params.get("done", "")),
    )
