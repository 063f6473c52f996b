"""Uploads: who may send how much."""

from datetime import UTC, datetime, timedelta

from app.context import AppContext
from app.errors import Problem
from media.receive import MB
from store.files import files
from store.identity import attempts

_HOUR = timedelta(hours=1)


async def check_flooding(context: AppContext, network: str) -> None:
    """Limit anonymous uploads: by number from one address, by bytes in total."""
    now, key = datetime.now(UTC), f"upload/from/{context.mark(network)}"
    if await attempts.too_many(context.store, key, now, context.settings.uploads_per_hour, _HOUR):
        raise Problem("too_many_uploads")
    if await files.waiting_bytes(context.store) > context.settings.unattached_mb * MB:
        raise Problem("uploads_busy")
    await attempts.count_wrong(context.store, key, now)
