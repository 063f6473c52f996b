"""The payload codec over HTTP, for the engine's web UI and departments' programs.

Temporal's remote codec protocol: payloads as JSON in, the same payloads encrypted or decrypted out.
Auditors and administrators decrypt any history, and each access is logged. An officer's token
decrypts the work orders to its own unit, and nothing else of the ticket.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from app.access.caller import Caller
from app.auditing.codec import decrypted, encrypted_for
from app.context import AppContext
from app.errors import Problem
from store.tickets.numbers import parse_number

router = APIRouter(prefix="/codec", tags=["Operation"])

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
        "unknown_file",
        "too_many_files",
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
    summary="Open encrypted payloads",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=_BODY,
)
async def decode(
    request: Request, caller: Annotated[Caller, staff("decode_payloads")], context: Context
) -> Response:
    """Decrypt payloads; those not encrypted are returned as they are."""
    plain = await decrypted(context, caller, await _payloads(request))
    return _answer(context, request, plain)


@router.post(
    "/encode",
    operation_id="encode_payloads",
    summary="Encrypt payloads",
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
    """Encrypt payloads; officers name a ticket on which their unit has a share.

    What an officer's program encrypts as its unit's result is judged as one that an officer hands
    in, and the uploaded files that it names are attached to the ticket.
    """
    number = parse_number(jiesu_ticket) if jiesu_ticket else None
    encrypted = await encrypted_for(context, caller, number, await _payloads(request))
    return _answer(context, request, encrypted)


@router.options("/decode", include_in_schema=False, dependencies=[public("codec_preflight")])
@router.options("/encode", include_in_schema=False, dependencies=[public("codec_preflight")])
async def preflight(request: Request, context: Context) -> Response:
    """Answer the CORS preflight request of the engine's web UI."""
    return Response(status_code=204, headers=_allowed(context, request))


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
