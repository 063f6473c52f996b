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

from app.caller import Caller
from app.context import AppContext
from app.permission import permit
from app.visibility import city_of
from domain.pack.pack import Pack
from store.db.errors import StoreError
from store.identity import sessions, tokens
from store.reporting.board import Board, board

logger = structlog.stdlib.get_logger("jiesu.api")
T = TypeVar("T")

TICK = 4.0
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


class _Hall:
    """The broadcast channel of one city."""

    def __init__(self, context: AppContext, city: str, tick: float) -> None:
        self.scene: BoardSnapshot | None = None
        self.viewers: set[_Viewer] = set()
        self._door, self._city, self._tick = context, city, tick
        self.producing = asyncio.create_task(self._produce(), name=f"board of {city}")
        self.producing.add_done_callback(self._ended)

    def enter(self, viewer: _Viewer) -> None:
        self.viewers.add(viewer)
        if self.scene is not None:
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
            await asyncio.sleep(max(0.0, self._tick - (monotonic() - began)))

    async def _look(self) -> None:
        context, now = self._door, self._door.now()
        self.scene = BoardSnapshot(await board(context.store, context.packs.get(self._city), now))
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
        self.tick = TICK
        self._halls: dict[str, _Hall] = {}
        self._closed = False

    @property
    def watched(self) -> dict[str, int]:
        """The number of viewers of each watched city."""
        return {city: len(hall.viewers) for city, hall in self._halls.items()}

    async def watch(
        self, context: AppContext, city: str, who: Caller, *, staying: bool = False
    ) -> AsyncGenerator[BoardSnapshot | End | None]:
        """Yield the snapshot at every poll, None while there is none, and last why it ended."""
        await permit(context, who, "get_board")
        city_of(who, city)
        if self._closed:
            yield End.CLOSING
            return
        hall = self._halls.get(city)
        if hall is None or hall.producing.done():
            hall = self._halls[city] = _Hall(context, city, self.tick)
        viewer = _Viewer(who, staying)
        hall.enter(viewer)
        try:
            while viewer.end is None:
                await viewer.changed.wait()
                viewer.changed.clear()
                if viewer.end is None:
                    yield hall.scene
            yield viewer.end
        finally:
            hall.viewers.discard(viewer)
            if not hall.viewers:
                self._leave(city, hall)

    async def now(self, context: AppContext, caller: Caller, pack: Pack) -> BoardSnapshot:
        """Return the current viewers' snapshot, or one read for this request.

        Raises:
            Problem: not_your_city
            StoreUnavailable
        """
        await permit(context, caller, "get_board")
        city_of(caller, pack.city.id)
        hall = self._halls.get(pack.city.id)
        now: datetime = context.now()
        recent = timedelta(seconds=2 * self.tick)
        if hall is not None and hall.scene is not None and now - hall.scene.board.at < recent:
            return hall.scene
        return BoardSnapshot(await board(context.store, pack, now))

    async def close(self) -> None:
        """End the stream of every viewer, and read no more. May be called twice."""
        self._closed = True
        halls = list(self._halls.values())
        for hall in halls:
            hall.producing.cancel()
        for hall in halls:
            await asyncio.wait([hall.producing])

    def _leave(self, city: str, hall: _Hall) -> None:
        hall.producing.cancel()
        if self._halls.get(city) is hall:
            del self._halls[city]
