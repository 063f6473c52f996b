"""Exports of a city's tickets, streamed."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.http.access import caller_by_now, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from app.access.caller import Caller
from app.context import API
from app.exports import exporting
from app.exports.exporting import ExportQuery

router = APIRouter(prefix=API, tags=["Cities"])

_PROBLEMS = ("invalid_request", "unauthenticated", "forbidden", "scope_missing")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@router.get(
    "/cities/{city}/export",
    operation_id="export_tickets",
    summary="The tickets of a period as CSV, XLSX, Parquet or Open311 JSON",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file. A connection that ends before the last chunk has only a part "
            "of it.",
            "content": {"application/octet-stream": {}},
        },
        **responses(
            *_PROBLEMS,
            "not_your_city",
            "unknown_city",
            "pack_invalid",
            "store_unavailable",
            "export_no_room",
        ),
    },
)
async def export_tickets(
    request: Request,
    city: str,
    context: Context,
    caller: Annotated[Caller, staff("export_tickets")],
    query: Annotated[ExportQuery, Query()],
) -> Response:
    """Stream the tickets filed on these days, by the time of filing. With `personal` it needs the
    right to that and a `purpose`, and every ticket is entered in the log of views; with `reports`
    reports of wrongdoing are among them, without their people. Texts that a spreadsheet would
    compute begin with an apostrophe.
    """

    async def again() -> Caller:
        return await caller_by_now(request, context)

    export = await exporting.export(context, caller, city, query, again)
    stream = export.stream()
    first = await anext(stream)  # a store that is away is said before anything was sent
    headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{export.name}"'}
    return StreamingResponse(
        _with(first, stream), headers=headers, media_type=export.form.media_type
    )


async def _with(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


@router.get(
    "/exports/dictionary",
    operation_id="get_export_dictionary",
    summary="The data dictionary of exports, as CSV",
    response_class=Response,
    responses={
        200: {"description": "A row for each column.", "content": {"text/csv": {}}},
        **responses(*_PROBLEMS),
    },
)
async def get_export_dictionary(
    context: Context,
    caller: Annotated[Caller, staff("export_tickets")],
    personal: Annotated[bool, Query(description="With the columns of personal data.")] = False,
) -> Response:
    """Return name, type and meaning of each column, and whether it is personal."""
    content = await exporting.described(context, caller, personal)
    return Response(content, media_type="text/csv; charset=utf-8", headers=_HEADERS)
