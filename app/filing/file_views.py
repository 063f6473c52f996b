"""The representation of a file in the API, and its signed links."""

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from app.context import API, AppContext
from domain.actors import Role
from domain.model import Instant, Recorded
from domain.ticket.complaint import Crs
from domain.ticket.files import FileKind, Purpose
from media.signed_links import Part
from store.files.files import FileRow

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}


class Suggestion(Recorded):
    """The place in the metadata of a photo or video. Not stored: for the reporter to use."""

    lat: float
    lon: float
    crs: Crs = Crs.WGS84


class FileOut(Recorded):
    """One file. The links expire soon; request new ones then."""

    id: str
    kind: FileKind
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    sha256: str = Field(description="Of what is kept: photos are written anew.")
    purpose: Purpose
    uploaded_at: Instant
    uploaded_by: Role
    url: str
    thumbnail_url: str | None = None


class Uploaded(FileOut):
    """A file as its uploader sees it."""

    reference: str = Field(
        description="Name it so in `files` or `evidence`. Shown only here: it proves whose it is."
    )
    expires_at: Instant = Field(description="Attach it before; later it is gone.")
    location: Suggestion | None = None


def file_out(context: AppContext, row: FileRow) -> FileOut:
    return FileOut(
        id=row.id,
        kind=row.kind,
        media_type=row.media_type,
        bytes=row.bytes,
        width=row.width,
        height=row.height,
        sha256=row.sha256,
        purpose=row.purpose,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        url=_link(context, row, "content"),
        thumbnail_url=_link(context, row, "thumbnail") if row.kind is FileKind.PHOTO else None,
    )


def _link(context: AppContext, row: FileRow, part: Part) -> str:
    ends, signature = context.uploads.signer.link(row.id, part, datetime.now(UTC))
    path = f"{API}/files/{row.id}" + ("/thumbnail" if part == "thumbnail" else "")
    return f"{path}?ends={ends}&signature={signature}"
