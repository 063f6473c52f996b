"""A ticket's files: listing them, and serving them by signed links that expire soon.

Every file is served here, also from a bucket: the addresses of buckets stay private, a stolen link
expires by this API's clock, and our headers restrict what a browser may do with a file.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from api.http.access import TicketNumber, citizen_or_staff, public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_text
from app.access.caller import Caller
from app.context import API
from app.errors import Problem
from app.filing.file_views import BINARY, FileOut, file_out
from app.filing.files import LinkedFile, opened, visible_files
from domain.ticket.files import FileKind
from media.byte_ranges import parse_range
from store.files.objects import thumbnail_key

router = APIRouter(prefix=API, tags=["Files"])

_HARMLESS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=300",
}
_ENDINGS = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/webm": "weba",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
    "application/pdf": "pdf",
}
_FILES: TypeAdapter[list[FileOut]] = TypeAdapter(list[FileOut])


@router.get(
    "/tickets/{number}/files",
    operation_id="list_files",
    summary="The files of a ticket, with links to them",
    response_model=list[FileOut],
    responses=responses(
        "unauthenticated",
        "forbidden",
        "ticket_not_found",
        "bad_number",
        "invalid_request",
        "too_many_attempts",
        "store_unavailable",
    ),
)
async def list_files(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_files")],
    context: Context,
) -> Response:
    """List the files. Citizens see those of the complaint, and the evidence of the answer.

    Anybody who has a link can use it until it expires, so do not pass it on.
    """
    files = [file_out(context, row) for row in await visible_files(context, caller, number)]
    return json_text(_FILES.dump_json(files))


# --- serving ----------------------------------------------------------------------------------

_FileId = Annotated[str, Path(pattern="^f[0-9a-f]{32}$", description="The id of the file.")]
_Ends = Annotated[int, Query(ge=0, le=2**40, description="Until when, in seconds of the epoch.")]
_Signature = Annotated[str, Query(max_length=64)]
_Range = Annotated[str, Header(alias="Range", description="One range of bytes, for players.")]
_READING = responses(
    "invalid_request",
    "link_expired",
    "file_not_found",
    "bad_range",
    "file_store_unavailable",
    "store_unavailable",
)
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {name: {"schema": BINARY} for name in _ENDINGS}},
    206: {
        "description": "A part of it.",
        "content": {name: {"schema": BINARY} for name in _ENDINGS},
    },
}


@router.get(
    "/files/{file}",
    operation_id="get_file",
    summary="A file, by a link that was given out",
    response_class=StreamingResponse,
    dependencies=[public("get_file")],
    responses={**_CONTENT, **_READING},
)
async def get_file(
    file: _FileId, ends: _Ends, signature: _Signature, context: Context, span: _Range = ""
) -> Response:
    """Return the file for download, not for display: the browser is told to run nothing in it."""
    row = await opened(context, LinkedFile(file, "content", ends, signature))
    part = parse_range(span, row.bytes)
    start, end = part or (0, row.bytes)
    headers = _HARMLESS | {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{file}.{_ENDINGS[row.media_type]}"',
    }
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.bytes}"
    try:
        pieces = await context.uploads.objects.get(row.key, start, end)
    except KeyError:
        raise Problem("file_not_found") from None
    status = 200 if part is None else 206
    return StreamingResponse(pieces, status, headers, media_type=row.media_type)


@router.get(
    "/files/{file}/thumbnail",
    operation_id="get_thumbnail",
    summary="A photo, small, by a link that was given out",
    response_class=Response,
    dependencies=[public("get_thumbnail")],
    responses={
        200: {"description": "At most 320 pixels.", "content": {"image/jpeg": {"schema": BINARY}}},
        **responses(
            "invalid_request",
            "link_expired",
            "file_not_found",
            "file_store_unavailable",
            "store_unavailable",
        ),
    },
)
async def get_thumbnail(
    file: _FileId, ends: _Ends, signature: _Signature, context: Context
) -> Response:
    """Return the thumbnail, for display in a page."""
    row = await opened(context, LinkedFile(file, "thumbnail", ends, signature))
    if row.kind is not FileKind.PHOTO:
        raise Problem("file_not_found")
    try:
        pieces = await context.uploads.objects.get(thumbnail_key(row.key))
    except KeyError:
        raise Problem("file_not_found") from None
    return Response(b"".join([piece async for piece in pieces]), 200, _HARMLESS, "image/jpeg")
