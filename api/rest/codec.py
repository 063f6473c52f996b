"""The payload codec over HTTP, for the engine's web UI and departments' programs.

Temporal's remote codec protocol: payloads as JSON in, the same payloads encrypted or decrypted out.
Auditors and administrators decrypt any history, and each access is logged. An officer's token
decrypts the work orders to its own unit, and nothing else of the ticket.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload, Payloads

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from app.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.visibility import visible
from domain.ticket.assignment import WorkOrder
from runtime.codec import TicketCodec, Unreadable, ticket_sealed_with
from store.db.errors import BadKey
from store.tickets import view_log
from store.tickets.numbers import parse_number

router = APIRouter(prefix="/codec", tags=["Operation"])

ONCE = timedelta(minutes=10)
"""The web UI requests a history in many requests: within this time they count as one view."""

PURPOSE = "engine's own pages"
_ANSWERS = {
    200: {"description": "The payloads, in the same order.", "content": {"application/json": {}}},
    **responses(
        "malformed_json",
        "body_too_large",
        "unauthenticated",
        "forbidden",
        "ticket_not_found",
        "bad_number",
        "invalid_request",
        "unreadable",
        "erased",
        "store_unavailable",
    ),
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"payloads": {"type": "array", "items": {"type": "object"}}},
                    "examples": [{"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}}]}],
                },
            }
        },
    }
}


@router.post(
    "/decode",
    operation_id="decode_payloads",
    summary="Open sealed payloads",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def decode(
    request: Request, caller: Annotated[Caller, staff("decode_payloads")], context: Context
) -> Response:
    """Decrypt payloads; those not encrypted are returned as they are."""
    sealed = await _payloads(request)
    numbers = {number for payload in sealed if (number := ticket_sealed_with(payload))}
    if caller.unit is None:
        now = datetime.now(UTC)
        await view_log.note_histories(
            context.store, sorted(numbers), caller.actor, now, PURPOSE, ONCE
        )
    try:
        opened = await TicketCodec(context.keys).decode(sealed)
    except (Unreadable, BadKey) as error:
        raise Problem("unreadable") from error
    if caller.unit is not None:
        _only_own_orders(caller, opened)
    return _answer(context, request, opened)


@router.post(
    "/encode",
    operation_id="encode_payloads",
    summary="Seal payloads",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def encode(
    request: Request,
    caller: Annotated[Caller, staff("encode_payloads")],
    context: Context,
    jiesu_ticket: Annotated[str | None, Header(description="Whose key; default: none's.")] = None,
) -> Response:
    """Encrypt payloads; officers name a ticket on which their unit has a share."""
    number = parse_number(jiesu_ticket) if jiesu_ticket else None
    if caller.unit is not None and (
        number is None or await visible(context, caller, number) is None
    ):
        raise Problem("ticket_not_found")
    codec = TicketCodec(context.keys, number)
    return _answer(context, request, await codec.encode(await _payloads(request)))


@router.options("/decode", include_in_schema=False, dependencies=[public("codec_preflight")])
@router.options("/encode", include_in_schema=False, dependencies=[public("codec_preflight")])
async def preflight(request: Request, context: Context) -> Response:
    """Answer the CORS preflight request of the engine's web UI."""
    return Response(status_code=204, headers=_allowed(context, request))


def _only_own_orders(caller: Caller, opened: Iterable[Payload]) -> None:
    """Refuse an officer's program everything but orders to its unit."""
    for payload in opened:
        try:
            order = WorkOrder.model_validate_json(payload.data)
        except ValidationError as error:
            raise Problem("forbidden", "This is no order to your unit.") from error
        if order.unit != caller.unit:
            raise Problem("forbidden", "This is no order to your unit.")


async def _payloads(request: Request) -> list[Payload]:
    try:
        return list(Parse(await request.body(), Payloads()).payloads)
    except (ParseError, UnicodeDecodeError) as error:
        raise Problem("malformed_json") from error


def _answer(context: AppContext, request: Request, payloads: Iterable[Payload]) -> Response:
    text = MessageToJson(Payloads(payloads=payloads), indent=None)
    headers = {"Cache-Control": "no-store", **_allowed(context, request)}
    return Response(text, headers=headers, media_type="application/json")


def _allowed(context: AppContext, request: Request) -> dict[str, str]:
    """Return CORS headers that allow only the engine's web UI, at the origin in the settings."""
    origin = request.headers.get("origin")
    if not origin or origin != context.settings.ui_origin:
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Namespace",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "600",
    }
