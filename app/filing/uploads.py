"""Uploads: who may send what, and how much."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from domain.actors import CITIZEN, Role
from domain.ticket.files import Purpose
from media.receive import MB, Piece
from media.upload_service import Taken
from store.files import files
from store.identity import attempts

_HOUR = timedelta(hours=1)

_OF_UNITS = frozenset({Purpose.BEFORE, Purpose.AFTER, Purpose.EVIDENCE})
_PURPOSES = {Role.CITIZEN: frozenset({Purpose.COMPLAINT}), Role.OFFICER: _OF_UNITS}
"""The purposes that these roles may upload for; other roles: all."""


async def upload(
    context: AppContext,
    caller: Caller | None,
    network: str,
    pieces: AsyncIterator[Piece],
    purpose: Purpose,
) -> Taken:
    """Receive, examine and store a file, which belongs to no ticket yet.

    `caller`: None for a citizen, whose uploads from one `network` are limited.

    Raises:
        Problem: forbidden, too_many_uploads, uploads_busy
        FileRefused, ObjectsUnavailable, StoreUnavailable: nothing is stored.
    """
    await permit(context, caller, "upload_file")
    uploader = caller.actor if caller is not None else CITIZEN
    allowed = _PURPOSES.get(uploader.role, frozenset(Purpose))
    if purpose not in allowed:
        purposes = " or ".join(f"'{one}'" for one in sorted(allowed))
        raise Problem("forbidden", f"Upload files of your role with the purpose {purposes}.")
    if caller is None:
        await _check_flooding(context, network)
    return await context.uploads.take(pieces, purpose, uploader)


async def _check_flooding(context: AppContext, network: str) -> None:
    """Limit anonymous uploads: by number from one address, by bytes in total."""
    now, key = datetime.now(UTC), f"upload/from/{context.mark(network)}"
    if await attempts.too_many(context.store, key, now, context.settings.uploads_per_hour, _HOUR):
        raise Problem("too_many_uploads")
    if await files.waiting_bytes(context.store) > context.settings.unattached_mb * MB:
        raise Problem("uploads_busy")
    await attempts.count_wrong(context.store, key, now)
