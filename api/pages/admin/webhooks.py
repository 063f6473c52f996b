"""Webhooks: the subscriptions of other systems, with what each was sent lately."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.dependencies import Context
from api.http.parameters import WEBHOOK_MANAGER, WebhookId
from api.pages.admin.people import choices, refuse
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.webhooks import subscriptions
from app.webhooks.subscriptions import IssuedWebhook, ReplayIn, WebhookIn
from domain.words import N_
from store.webhooks.subscriptions import HookState, Why

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/webhooks"
_NEW = ("name", "url", "unit", "city", "kinds", "begin")
_BEGINNINGS = {"now": "now", "kept": ""}
_DONE = {
    "paused": N_("Paused: nothing is sent to it."),
    "resumed": N_("It goes on where it stopped."),
    "replayed": N_("Everything since then is sent again."),
    "removed": N_("Removed, with its log."),
    "taken": N_("The test was taken."),
    "not-taken": N_("The test was not taken; the log says why."),
}
WHY = {
    Why.FAILING: N_("It failed for three days."),
    Why.GONE: N_("It answered that it is gone (410)."),
    Why.OWNER: N_("Whoever made it may not manage webhooks any more."),
    Why.TOO_OLD: N_("What it had to be sent next is not kept any more."),
}
"""The words for why the system has disabled one."""

STATES = {
    HookState.ACTIVE: N_("sent to"),
    HookState.PAUSED: N_("paused"),
    HookState.DISABLED: N_("disabled"),
}


@router.get(URL)
async def listing(request: Request, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    return await _list(request, caller, context, Form.blank(*_NEW, begin="now"))


@router.post(URL)
async def add(request: Request, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    """Make a subscription; only this response shows its secret."""
    form = await Form.read(request, *_NEW)
    values: dict[str, Any] = form.filled("name", "unit", "city")
    if "unit" in values:
        values.setdefault("city", working_city(request, context, caller).city.id)
    values |= {
        "url": form.typed["url"],
        "kinds": form.typed["kinds"].split(),
        "after": _BEGINNINGS.get(form.typed["begin"], "now"),
    }
    try:
        made = await subscriptions.add(context, caller, WebhookIn.model_validate(values), form.key)
    except (ValidationError, *REFUSALS) as error:
        status = refuse(form, error)
        field = {"address_refused": "url", "unknown_event_kind": "kinds"}.get(form.problem or "")
        if field is not None:
            form.fail(field, N_("Please check this."))
        return await _list(request, caller, context, form, status)
    return _issued(request, caller, form.typed["name"] or made.id, made)


@router.get(f"{URL}/{{webhook}}")
async def one(
    request: Request, webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context
) -> Response:
    """Show one with its attempts of the last seven days."""
    return await _one(request, caller, context, webhook, Form.blank("after"))


@router.post(f"{URL}/{{webhook}}/rotate")
async def rotate(
    request: Request, webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context
) -> Response:
    """Give a new secret, shown by this response only."""
    known = await subscriptions.one(context, caller, webhook)
    made = await subscriptions.rotate(context, caller, webhook)
    return _issued(request, caller, known.name or webhook, made)


@router.post(f"{URL}/{{webhook}}/pause")
async def pause(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    await subscriptions.set_state(context, caller, webhook, HookState.PAUSED)
    return _back(webhook, "paused")


@router.post(f"{URL}/{{webhook}}/resume")
async def resume(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    await subscriptions.set_state(context, caller, webhook, HookState.ACTIVE)
    return _back(webhook, "resumed")


@router.post(f"{URL}/{{webhook}}/test")
async def test(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    answer = await subscriptions.test(context, caller, webhook)
    return _back(webhook, "taken" if answer.taken else "not-taken")


@router.post(f"{URL}/{{webhook}}/replay")
async def replay(
    request: Request, webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context
) -> Response:
    form = await Form.read(request, "after")
    try:
        body = ReplayIn.model_validate({"after": form.typed["after"]})
        await subscriptions.replay(context, caller, webhook, body)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        form.fail("after", N_("Please check this."))
        return await _one(request, caller, context, webhook, form, status)
    return _back(webhook, "replayed")


@router.post(f"{URL}/{{webhook}}/remove")
async def remove(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    await subscriptions.remove(context, caller, webhook)
    return RedirectResponse(f"{URL}?done=removed", 303)


def _back(webhook: str, done: str) -> Response:
    return RedirectResponse(f"{URL}/{webhook}?done={done}", 303)


def _issued(request: Request, caller: Caller, name: str, made: IssuedWebhook) -> Response:
    return staff_page(
        request,
        "admin/webhooks_issued.html",
        caller,
        name=name,
        secret=made.secret,
        back=f"{URL}/{made.id}",
    )


async def _list(
    request: Request, caller: Caller, context: AppContext, form: Form, status: int = 200
) -> Response:
    return staff_page(
        request,
        "admin/webhooks.html",
        caller,
        status,
        form=form,
        webhooks=await subscriptions.listed(context, caller),
        states=STATES,
        done=_DONE.get(request.query_params.get("done", "")),
        **choices(request, caller, context, working_city(request, context, caller)),
    )


async def _one(
    request: Request,
    caller: Caller,
    context: AppContext,
    webhook: str,
    form: Form,
    status: int = 200,
) -> Response:
    return staff_page(
        request,
        "admin/webhooks_one.html",
        caller,
        status,
        form=form,
        webhook=await subscriptions.one(context, caller, webhook),
        states=STATES,
        why=WHY,
        done=_DONE.get(request.query_params.get("done", "")),
    )
