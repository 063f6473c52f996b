"""Broadcast of boards: one read per city and poll interval, however many viewers.

A producer runs while a city has viewers, and no longer. A viewer is notified of a new snapshot, and
takes the latest one when it can: slow viewers miss some, and nobody waits for them. Each poll also
checks whether the viewers are still authorized.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import Any, TypeVar

import structlog

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from domain.pack.pack import Pack
from store.db.errors import StoreError
from store.identity import sessions, tokens
from store.reporting.board import Board, board

logger = structlog.stdlib.get_logger("jiesu.api")
T = TypeVar("T")

POLL_INTERVAL = 4.0
"""The poll interval, in seconds."""


class End(StrEnum):
    """The reasons why a broadcast ends."""

    SIGNED_OUT = "signed_out"
    CLOSING = "closing"


@dataclass
class BoardSnapshot:
    """A snapshot of a board, and what was rendered from it, once for all viewers."""

    board: Board
    _made: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` renders of this snapshot, from a cache for all viewers."""
        if what not in self._made:
            self._made[what] = make()
        made: T = self._made[what]
        return made


@dataclass(eq=False)
class _Viewer:
    """A viewer. `staying`: watching counts as using the session, as on a wall display."""

    who: Caller
    staying: bool
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    end: End | None = None

    def leave(self, why: End) -> None:
        self.end = self.end or why
        self.changed.set()


class _Channel:
    """The broadcast channel of one city."""

    def __init__(self, context: AppContext, city: str, interval: float) -> None:
        self.snapshot: BoardSnapshot | None = None
        self.viewers: set[_Viewer] = set()
        self._context, self._city, self._interval = context, city, interval
        self.producing = asyncio.create_task(self._produce(), name=f"board of {city}")
        self.producing.add_done_callback(self._ended)

    def enter(self, viewer: _Viewer) -> None:
        self.viewers.add(viewer)
        if self.snapshot is not None:
            viewer.changed.set()

    def _ended(self, producing: asyncio.Task[None]) -> None:
        """End all viewers when the producer has ended, whatever the cause."""
        error = None if producing.cancelled() else producing.exception()
        if error is not None:
            logger.error("a board broke", city=self._city, error=type(error).__name__)
        for viewer in self.viewers:
            viewer.leave(End.CLOSING)

    async def _produce(self) -> None:
        while True:
            began = monotonic()
            try:
                await self._look()
            except StoreError as error:
                logger.warning("no board", city=self._city, code=error.code)
            for viewer in self.viewers:
                viewer.changed.set()
            await asyncio.sleep(max(0.0, self._interval - (monotonic() - began)))

    async def _look(self) -> None:
        context, now = self._context, self._context.now()
        pack = context.packs.get(self._city)
        self.snapshot = BoardSnapshot(await board(context.store, pack, now))
        viewers = list(self.viewers)
        staying = _sessions(one for one in viewers if one.staying)
        go_on = await sessions.going_on(
            context.store, _sessions(viewers), now, context.idle, staying
        )
        programs = {one.who.id for one in viewers if one.who.session is None}
        valid = await tokens.valid(context.store, programs, now)
        for viewer in viewers:
            session = viewer.who.session
            if not (session.digest in go_on if session else viewer.who.id in valid):
                viewer.leave(End.SIGNED_OUT)


def _sessions(viewers: Iterable[_Viewer]) -> set[str]:
    return {one.who.session.digest for one in viewers if one.who.session is not None}


class BoardFeeds:
    """The boards of one process. `close` ends every stream, so that the process can end."""

    def __init__(self) -> None:
        self.poll_interval = POLL_INTERVAL
        self._channels: dict[str, _Channel] = {}
        self._closed = False

    @property
    def watched(self) -> dict[str, int]:
        """The number of viewers of each watched city."""
        return {city: len(channel.viewers) for city, channel in self._channels.items()}

    async def watch(
        self, context: AppContext, city: str, who: Caller, *, staying: bool = False
    ) -> AsyncGenerator[BoardSnapshot | End | None]:
        """Yield the snapshot at every poll, None while there is none, and last why it ended."""
        await permit(context, who, "get_board")
        city_of(who, city)
        if self._closed:
            yield End.CLOSING
            return
        channel = self._channels.get(city)
        if channel is None or channel.producing.done():
            channel = self._channels[city] = _Channel(context, city, self.poll_interval)
        viewer = _Viewer(who, staying)
        channel.enter(viewer)
        try:
            while viewer.end is None:
                await viewer.changed.wait()
                viewer.changed.clear()
                if viewer.end is None:
                    yield channel.snapshot
            yield viewer.end
        finally:
            channel.viewers.discard(viewer)
            if not channel.viewers:
                self._leave(city, channel)

    async def now(self, context: AppContext, caller: Caller, pack: Pack) -> BoardSnapshot:
        """Return the current viewers' snapshot, or one read for this request.

        Raises:
            Problem: not_your_city
            StoreUnavailable
        """
        await permit(context, caller, "get_board")
        city_of(caller, pack.city.id)
        channel = self._channels.get(pack.city.id)
        now: datetime = context.now()
        recent = timedelta(seconds=2 * self.poll_interval)
        snapshot = channel.snapshot if channel is not None else None
        if snapshot is not None and now - snapshot.board.at < recent:
            return snapshot
        return BoardSnapshot(await board(context.store, pack, now))

    async def close(self) -> None:
        """End the stream of every viewer, and read no more. May be called twice."""
        self._closed = True
        channels = list(self._channels.values())
        for channel in channels:
            channel.producing.cancel()
        for channel in channels:
            await asyncio.wait([channel.producing])

    def _leave(self, city: str, channel: _Channel) -> None:
        channel.producing.cancel()
        if self._channels.get(city) is channel:
            del self._channels[city]
