"""Events of sensors, cameras and buttons by CloudEvents 1.0 over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from api.rest.cloud_event_modes import BATCH, STRUCTURED, members_of, signed_part
from app.context import API, AppContext
from app.errors import Problem
from app.sensors.event_sources import (
    Signature,
    SourceProof,
    allowed_origin,
    check_signature,
    source_of,
)
from app.sensors.events import (
    MOST,
    BatchMember,
    EventOutcome,
    EventsOut,
    count_unreadable,
    take_events,
)
from store.sensors.sources import SourceRow

router = APIRouter(prefix=API, tags=["Events"])

PATH = "/events/{city}"
BELOW = f"{API}/events/"
"""The addresses to which batches are sent: their limit is larger."""

LARGEST = 8 * 1024 * 1024
"""The bytes of the largest batch: ten thousand events with long names, and a reserve."""

_LONGEST_ORIGIN = 255

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "20260302-0815",
    "source": "urn:example:water-gateway",
    "type": "cn.example.reading",
    "subject": "outfall-1",
    "time": "2026-03-02T08:15:00+08:00",
    "data": {"nh3n": 2.4},
}
_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 256},
        "source": {"type": "string", "minLength": 1, "maxLength": 512},
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string", "description": "The device, by its code."},
        "time": {"type": "string", "format": "date-time"},
        "data": {"description": "The value by the `field` of the device's kind."},
    },
    "examples": [EXAMPLE],
}
_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            STRUCTURED: {"schema": _EVENT_SCHEMA},
            BATCH: {"schema": {"type": "array", "items": _EVENT_SCHEMA, "maxItems": MOST}},
            "application/json": {
                "schema": {
                    "description": "`data` alone; the rest in `ce-*`.",
                    "examples": [{"nh3n": 2.4}],
                }
            },
        },
    }
}
_REFUSALS = (
    "malformed_json",
    "malformed_event",
    "unsupported_spec_version",
    "unauthenticated",
    "not_your_city",
    "not_your_source",
    "not_your_device",
    "not_in_this_city",
    "event_differs",
    "body_too_large",
    "too_many_events",
    "unsupported_event_format",
    "unsupported_event_data",
    "unknown_city",
    "event_without_device",
    "unknown_device",
    "reading_from_future",
    "value_missing",
    "bad_value",
    "place_missing",
    "wrong_event_kind",
    "too_many_attempts",
    "too_many_requests",
    "store_unavailable",
)


async def _proof(request: Request) -> SourceProof:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    shown = token.strip() if scheme.lower() == "bearer" else None
    return SourceProof(network_of(request), shown, request.headers.get("jiesu-source"))


async def _sender(
    request: Request, city: str, context: Context, proof: Annotated[SourceProof, Depends(_proof)]
) -> SourceRow:
    """Return who sends, before any of the body is read."""
    return await source_of(context, city, proof)


@router.post(
    PATH,
    operation_id="send_events",
    summary="Hand in events of devices, by CloudEvents 1.0",
    dependencies=[public("send_events")],
    status_code=202,
    response_model=EventsOut,
    responses=responses(*_REFUSALS),
    openapi_extra=_BODY,
)
async def send(
    request: Request,
    city: str,
    context: Context,
    proof: Annotated[SourceProof, Depends(_proof)],
    row: Annotated[SourceRow, Depends(_sender)],
) -> Response:
    """Take one event, structured or binary, or a batch of at most 10,000.

    The source shows its own token, or signs. What is accepted is on the disk, and judged soon. An
    event on its own that is refused has an error; in a batch each has an outcome, and the good ones
    are taken.
    """
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    headers = request.headers.raw
    signature = Signature(
        request.headers.get("webhook-id", ""),
        request.headers.get("webhook-timestamp", ""),
        request.headers.get("webhook-signature", ""),
        signed_part(headers, content_type, body),
    )
    await check_signature(context, row, proof, signature)
    members, batch = await _read(request, city, context, row, content_type, body)
    taken = await take_events(context, city, row.source, members)
    if not batch and taken.results[0].outcome is EventOutcome.REFUSED:
        only = taken.results[0]
        raise Problem(only.code or "malformed_event", only.detail or "")
    return json_of(taken, 202)


async def _read(
    request: Request,
    city: str,
    context: AppContext,
    row: SourceRow,
    content_type: str,
    body: bytes,
) -> tuple[list[BatchMember], bool]:
    """Return the events of a request; one that nobody can read is counted like an event."""
    try:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem("unsupported_event_format", "The body may not be compressed.")
        return members_of(request.headers.raw, content_type, body)
    except Problem:
        await count_unreadable(context, city, row.source)
        raise


@router.options(
    PATH,
    operation_id="ask_to_send_events",
    summary="Ask whether events may be sent from an origin",
    dependencies=[public("ask_to_send_events")],
    responses=responses(
        "invalid_request",
        "unauthenticated",
        "origin_not_allowed",
        "not_your_city",
        "unknown_city",
        "too_many_attempts",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def ask(
    city: str,
    context: Context,
    proof: Annotated[SourceProof, Depends(_proof)],
    origin: Annotated[
        str,
        Header(alias="WebHook-Request-Origin", min_length=1, max_length=_LONGEST_ORIGIN),
    ],
) -> Response:
    """Answer the handshake of CloudEvents' web hooks: the origin is allowed, and how often.

    The source that names this origin in the register may send; so may one that shows its token.
    """
    source = await allowed_origin(context, city, origin, proof)
    return Response(
        status_code=200,
        headers={
            "Allow": "OPTIONS, POST",
            "WebHook-Allowed-Origin": origin,
            "WebHook-Allowed-Rate": str(source.per_minute),
        },
    )
