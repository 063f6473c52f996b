"""Uploads: who may send what, and how much."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from app.access.caller import Caller
from app.access.permission import permit
from app.access.turns import PATIENCE, waiting
from app.context import AppContext
from app.errors import Problem
from domain.actors import CITIZEN, Role
from domain.ticket.files import Purpose
from media.receive import MB, Piece
from media.upload_service import Taken, limit_of_body
from store.files import pool
from store.files.pool import Room, SpaceWanted
from store.identity import reservations
from store.identity.reservations import Window

_HOUR = timedelta(hours=1)
_EXAMINED = timedelta(minutes=5)
"""For what was received to be examined and stored."""

_OF_UNITS = frozenset({Purpose.BEFORE, Purpose.AFTER, Purpose.EVIDENCE})
_PURPOSES = {Role.CITIZEN: frozenset({Purpose.COMPLAINT}), Role.OFFICER: _OF_UNITS}
"""The purposes that these roles may upload for; other roles: all."""


async def upload(
    context: AppContext,
    caller: Caller | None,
    network: str,
    pieces: AsyncIterator[Piece],
    purpose: Purpose,
    size: int | None = None,
) -> Taken:
    """Receive, examine and store a file, which belongs to no ticket yet.

    `caller`: None for a citizen, whose uploads from one `network` are limited. `size`: of what will
    arrive, if it is known; else it counts as the largest that may.

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
    if caller is not None:
        return await context.uploads.take(pieces, purpose, uploader)
    here = context.mark(network)
    async with _room(context, here, size, counts=True):
        return await context.uploads.take(pieces, purpose, uploader, here)


@asynccontextmanager
async def receiving(context: AppContext, network: str, size: int | None) -> AsyncIterator[None]:
    """Keep space for a citizen's form with files, while it arrives.

    Raises:
        Problem: too_many_uploads, uploads_busy; nothing of it was read.
    """
    async with _room(context, context.mark(network), size, counts=False):
        yield


@asynccontextmanager
async def _room(
    context: AppContext, here: str, size: int | None, *, counts: bool
) -> AsyncIterator[None]:
    """Keep space in the pool for one arrival, and a turn of its network."""
    settings = context.settings
    largest = limit_of_body(settings)
    wanted = SpaceWanted(
        here,
        largest if size is None else min(size, largest),
        settings.unattached_mb * MB,
        timedelta(seconds=settings.upload_seconds + PATIENCE) + _EXAMINED,
        Window(f"upload/{here}", settings.uploads_per_hour, _HOUR),
        counts,
    )
    room = await pool.reserve(context.store, wanted, context.now())
    if room.id is None:
        raise _REFUSALS[room.lacks](room)
    try:
        async with context.upload_turns.of(here, "too_many_uploads"):
            yield
    finally:
        await reservations.give_back(context.store, room.id)


_REFUSALS: Mapping[str, Callable[[Room], Problem]] = {
    "often": lambda room: waiting("too_many_uploads", room.wait),
    "share": lambda _: Problem("too_many_uploads"),
    "pool": lambda _: Problem("uploads_busy"),
}
