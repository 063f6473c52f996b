"""Uploaded files for tests of the store: only their records, without content."""

import secrets
from datetime import datetime, timedelta

from domain.actors import Role
from domain.ticket.files import FileKind, Purpose
from store.db.engine import Store
from store.files import files
from store.files.files import Attaching, Claim, FileRow


async def an_uploaded_photo(
    store: Store, now: datetime, uploader: str = "walker", sha256: str | None = None
) -> Attaching:
    """Record a photo that was uploaded, and return the claim to attach it."""
    row = FileRow(
        id=f"f{secrets.token_hex(16)}",
        key=secrets.token_hex(8),
        kind=FileKind.PHOTO,
        media_type="image/jpeg",
        bytes=10,
        width=10,
        height=10,
        sha256=sha256 or secrets.token_hex(32),
        purpose=Purpose.EVIDENCE,
        uploaded_at=now,
        uploaded_by=Role.OFFICER,
        uploader=uploader,
        number=None,
        expires_at=now + timedelta(days=3),
    )
    await files.record(store, row)
    return Attaching([Claim(row.id, uploader)], {FileKind.PHOTO: 20}, now)
