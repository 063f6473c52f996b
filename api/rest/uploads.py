"""Uploading by anybody, before there is a ticket; unattached files are soon deleted."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from api.http.access import optional_caller
from api.http.body_limit import length_of
from api.http.dependencies import Context
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API, AppContext
from app.errors import Problem
from app.filing.file_views import BINARY, Suggestion, Uploaded, file_out
from app.filing.uploads import upload
from domain.ticket.files import Purpose
from media.multipart_form import only_file
from media.receive import Piece
from media.upload_service import Taken

router = APIRouter(prefix=API, tags=["Files"])

PATH = f"{API}/files"

_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file as it is, or a form with one part named `file`.",
        "content": {
            "application/octet-stream": {"schema": BINARY},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": BINARY},
                    "additionalProperties": False,
                }
            },
        },
    }
}


@router.post(
    "/files",
    operation_id="upload_file",
    summary="Upload a photo, a short video, a voice or a PDF",
    status_code=201,
    response_model=Uploaded,
    openapi_extra=_BODY,
    responses=responses(
        "malformed_upload",
        "upload_interrupted",
        "unauthenticated",
        "forbidden",
        "upload_too_slow",
        "body_too_large",
        "file_too_large",
        "unsupported_file",
        "mislabelled_file",
        "broken_file",
        "empty_file",
        "active_content",
        "picture_too_large",
        "file_too_complex",
        "invalid_request",
        "too_many_uploads",
        "uploads_busy",
        "file_store_unavailable",
        "store_unavailable",
    ),
)
async def upload_file(
    request: Request,
    caller: Annotated[Caller | None, optional_caller("upload_file")],
    context: Context,
    purpose: Annotated[Purpose, Query(description="What it shows.")] = Purpose.COMPLAINT,
) -> Response:
    """Upload a file; then name its `reference` in a complaint, in added facts, or as evidence.

    Photos are encoded again: upright, without metadata, at most 4096 pixels long. The type is taken
    from the content; a `Content-Type` that says otherwise is refused. A file that nobody attaches
    is deleted after a day.
    """
    try:
        pieces, size = _pieces(request), length_of(request)
        taken = await upload(context, caller, network_of(request), pieces, purpose, size)
    except ClientDisconnect:
        raise Problem("upload_interrupted") from None
    uploaded = _uploaded(context, taken)
    return json_of(uploaded, 201, Location=uploaded.url)


def _pieces(request: Request) -> AsyncIterator[Piece]:
    declared = request.headers.get("content-type", "")
    if declared.lower().startswith("multipart/form-data"):
        return only_file(request.stream(), declared)
    return _raw(request, declared)


async def _raw(request: Request, declared: str) -> AsyncIterator[Piece]:
    async for chunk in request.stream():
        yield Piece(chunk, declared)


def _uploaded(context: AppContext, taken: Taken) -> Uploaded:
    row, where = taken.row, taken.location
    return Uploaded(
        **file_out(context, row).model_dump(),
        reference=f"{row.id}.{context.uploads.signer.proof(row.id)}",
        expires_at=row.expires_at or row.uploaded_at,
        location=Suggestion(lat=where[0], lon=where[1]) if where else None,
    )
