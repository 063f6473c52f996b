"""Notifications on this device: asked for on the page of a ticket, and ended there."""

import json

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http import access
from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.errors import Problem
from app.messaging.push import PushIn, subscribe, unsubscribe
from domain.words import N_
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_TICKET = ("number", "code")
_DONE = N_("This device is notified from now on.")
_ENDED = N_("No device is notified of this request any more.")


@router.post("/push")
async def ask(request: Request, context: Context) -> Response:
    """Notify the browser that asks; without its subscription nothing happens."""
    form = await Form.read(request, *_TICKET, "subscription")
    status, done = 200, None
    try:
        number = parse_number(form.typed["number"])
        caller = await access.citizen_of(request, number, form.typed["code"], context)
        body = _read(form.typed["subscription"])
        await subscribe(context, caller, number, body, network_of(request))
        done = _DONE
    except REFUSALS as error:
        status = form.refuse(error)
    return page(request, "citizen/push_done.html", status, form=form, done=done)


@router.post("/push/end")
async def end(request: Request, context: Context) -> Response:
    """Notify no device of this ticket any more."""
    form = await Form.read(request, *_TICKET)
    status, done = 200, None
    try:
        number = parse_number(form.typed["number"])
        caller = await access.citizen_of(request, number, form.typed["code"], context)
        await unsubscribe(context, caller, number)
        done = _ENDED
    except REFUSALS as error:
        status = form.refuse(error)
    return page(request, "citizen/push_done.html", status, form=form, done=done)


def _read(text: str) -> PushIn:
    try:
        said = json.loads(text)
        return PushIn.model_validate({"endpoint": said["endpoint"], "keys": said["keys"]})
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError) as error:
        raise Problem("bad_subscription") from error
