"""The messages that a citizen wants: chosen with the access code, or ended by a message's link."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http import access
from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.messaging.choices import (
    ChoiceIn,
    again_by_link,
    choice_of,
    choose,
    end_by_link,
    ending_of,
    send_code_for,
)
from domain.canonical import digits_plainly
from domain.words import N_
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

URL = "/message-choices"
_TICKET, _CHOSEN = ("number", "code"), ("sms", "email", "language", "proof")
_DONE = N_("Kept, for this request.")
_DONE_ALL = N_("Kept. It is so for all requests with your phone.")
_SENT = N_("A code was sent to the phone of this request, if it has one.")


@router.post(URL)
async def ask(request: Request, context: Context) -> Response:
    """Show what is chosen, to who has the receipt."""
    form = await Form.read(request, *_TICKET)
    try:
        number = parse_number(form.typed["number"])
        caller = await access.citizen_of(request, number, form.typed["code"], context)
        chosen = await choice_of(context, caller, number)
    except REFUSALS as error:
        status = form.refuse(error)
        return page(request, "citizen/follow.html", status, form=form, kept={}, action="/follow")
    form.typed |= {
        "sms": "yes" if chosen.sms else "",
        "email": "yes" if chosen.email else "",
        "language": chosen.language,
        "proof": "",
    }
    return page(request, "citizen/message_choices.html", form=form, done=None)


@router.post(f"{URL}/keep")
async def keep(request: Request, context: Context) -> Response:
    """Keep what is chosen."""
    form = await Form.read(request, *_TICKET, *_CHOSEN, "send")
    status, done = 200, None
    try:
        number = parse_number(form.typed["number"])
        caller = await access.citizen_of(request, number, form.typed["code"], context)
        choice = ChoiceIn.model_validate(
            {
                "sms": form.typed["sms"] == "yes",
                "email": form.typed["email"] == "yes",
                "language": form.typed["language"],
                "proof": digits_plainly(form.typed["proof"]),
            }
        )
        if form.typed["send"]:
            await send_code_for(context, caller, number, network_of(request))
            done = _SENT
        else:
            whole = await choose(context, caller, number, choice, network_of(request))
            done = _DONE_ALL if whole else _DONE
            form.typed["proof"] = ""  # it was good for once
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return page(request, "citizen/message_choices.html", status, form=form, done=done)


@router.get("/unsubscribe/{link}")
async def unsubscribe(link: str, request: Request, context: Context) -> Response:
    """Ask whether to end messages: who only looks at a link ends nothing."""
    channel = ending_of(context, link).channel
    return page(
        request, "citizen/message_choices_end.html", link=link, channel=channel.value, done=False
    )


@router.post("/unsubscribe/{link}")
async def end(link: str, request: Request, context: Context) -> Response:
    """End messages on a channel; mail programs send this by themselves (RFC 8058)."""
    channel = await end_by_link(context, link)
    return page(
        request, "citizen/message_choices_end.html", link=link, channel=channel.value, done=True
    )


@router.post("/unsubscribe/{link}/again")
async def again(link: str, request: Request, context: Context) -> Response:
    """Use the channel again: who has the link has proved the mailbox or phone."""
    channel = await again_by_link(context, link)
    return page(
        request, "citizen/message_choices_end.html", link=link, channel=channel.value, done=False
    )
