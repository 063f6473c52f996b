"""Webhooks: the subscriptions of other systems, as `jiesu webhooks` manages them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.http.dependencies import Context
from api.http.parameters import WEBHOOK_MANAGER, WebhookId
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.webhooks import subscriptions
from app.webhooks.subscriptions import (
    IssuedWebhook,
    ReplayIn,
    TestedOut,
    WebhookIn,
    WebhookList,
    WebhookOut,
    WebhookWithLog,
)
from domain.webhooks.hooks import HookState

router = APIRouter(prefix=f"{API}/webhooks", tags=["Administration"])

_EXAMPLE: dict[str, Any] = {
    "name": "water bureau's own system",
    "url": "https://hooks.water.example/jiesu",
    "unit": "water",
    "city": "tongzhou",
    "kinds": ["assigned", "closed"],
}

_DOOR = ("unauthenticated", "forbidden", "scope_missing", "csrf_failed", "store_unavailable")
_ONE = (*_DOOR, "webhook_not_found", "invalid_request")
_BODY = ("malformed_json", "body_too_large", "invalid_request")
_CURSORS = ("bad_cursor", "cursor_too_old", "cursor_foreign")


@router.get(
    "",
    operation_id="list_webhooks",
    summary="Subscriptions, the oldest first, without their secrets",
    response_model=WebhookList,
    responses=responses(*_DOOR),
)
async def list_webhooks(caller: WEBHOOK_MANAGER, context: Context) -> Response:
    return json_of(WebhookList(items=await subscriptions.listed(context, caller)))


@router.post(
    "",
    operation_id="add_webhook",
    summary="Make a subscription; its secret is shown once",
    status_code=201,
    response_model=IssuedWebhook,
    responses=responses(
        *_DOOR,
        *_BODY,
        *_CURSORS,
        "address_refused",
        "unknown_event_kind",
        "unit_missing",
        "city_missing",
        "unknown_unit",
        "unknown_city",
        "not_your_city",
    ),
)
async def add_webhook(
    caller: WEBHOOK_MANAGER,
    body: Annotated[WebhookIn, Body(examples=[_EXAMPLE])],
    context: Context,
) -> Response:
    """Make a subscription. What happens from now on is sent, or from a cursor on."""
    return json_of(await subscriptions.add(context, caller, body), 201)


@router.get(
    "/{webhook}",
    operation_id="get_webhook",
    summary="A subscription, with its attempts of the last seven days",
    response_model=WebhookWithLog,
    responses=responses(*_ONE),
)
async def get_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    return json_of(await subscriptions.one(context, caller, webhook))


@router.post(
    "/{webhook}/rotate",
    operation_id="rotate_webhook",
    summary="Give it a new secret; the one before stays valid for a day",
    response_model=IssuedWebhook,
    responses=responses(*_ONE),
)
async def rotate_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    """Until the day is over, every message is signed with both secrets."""
    return json_of(await subscriptions.rotate(context, caller, webhook))


@router.post(
    "/{webhook}/pause",
    operation_id="pause_webhook",
    summary="Send nothing to it for now",
    response_model=WebhookOut,
    responses=responses(*_ONE),
)
async def pause_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    return json_of(await subscriptions.set_state(context, caller, webhook, HookState.PAUSED))


@router.post(
    "/{webhook}/resume",
    operation_id="resume_webhook",
    summary="Go on where it was paused or disabled",
    response_model=WebhookOut,
    responses=responses(*_ONE),
)
async def resume_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    return json_of(await subscriptions.set_state(context, caller, webhook, HookState.ACTIVE))


@router.post(
    "/{webhook}/replay",
    operation_id="replay_webhook",
    summary="Send everything after a cursor again, with the same ids",
    response_model=WebhookOut,
    responses=responses(*_ONE, *_BODY, *_CURSORS),
)
async def replay_webhook(
    webhook: WebhookId,
    caller: WEBHOOK_MANAGER,
    body: Annotated[ReplayIn, Body(examples=[{"after": ""}])],
    context: Context,
) -> Response:
    return json_of(await subscriptions.replay(context, caller, webhook, body))


@router.post(
    "/{webhook}/test",
    operation_id="test_webhook",
    summary="Send a test now, and see what it answers",
    response_model=TestedOut,
    responses=responses(*_ONE),
)
async def test_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    """The message is signed as all are, of type `jiesu.test`, and about no ticket."""
    return json_of(await subscriptions.test(context, caller, webhook))


@router.delete(
    "/{webhook}",
    operation_id="remove_webhook",
    summary="Delete a subscription with its log",
    status_code=204,
    responses=responses(*_ONE),
)
async def remove_webhook(webhook: WebhookId, caller: WEBHOOK_MANAGER, context: Context) -> Response:
    await subscriptions.remove(context, caller, webhook)
    return Response(status_code=204)
